/* facts.c: what is true about the scene, printed as one JSON line.
 *
 * Every line has "scene", "step" (0, 1, ...), "director", "pids" (all processes so far), then what
 * the scene adds; "sockets", "gone" and "zombies" are lists of the same shape in every scene.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actor.h"

struct list {
	char *text;
	size_t size;
	FILE *out;
	int n;
};

static struct list other, socks, gone, zombies;
static pid_t pids[1024];
static int npids, step;

/* The place for the next entry of a list. */
static FILE *list_next(struct list *l)
{
	if (!l->out)
		l->out = open_memstream(&l->text, &l->size);
	if (!l->out)
		die("memory");
	if (l->n++)
		fputc(',', l->out);
	return l->out;
}

static void list_print(struct list *l, const char *key)
{
	if (l->out)
		fclose(l->out);
	printf(",\"%s\":[%s]", key, l->text ? l->text : "");
	free(l->text);
	memset(l, 0, sizeof(*l));
}

static void ints_print(FILE *out, const int *values, int n)
{
	fputc('[', out);
	for (int i = 0; i < n; i++)
		fprintf(out, "%s%d", i ? "," : "", values[i]);
	fputc(']', out);
}

static int fds_count(const int *fds)
{
	int n = 0;

	while (n < MAX_FDS && fds[n])
		n++;
	return n;
}

void pid_note(pid_t pid)
{
	for (int i = 0; i < npids; i++)
		if (pids[i] == pid)
			return;
	if (npids < LEN(pids))
		pids[npids++] = pid;
}

void facts_begin(const char *scene)
{
	printf("{\"scene\":\"%s\",\"step\":%d,\"director\":%d", scene, step++, getpid());
}

void fact_int(const char *key, long value)
{
	fprintf(list_next(&other), "\"%s\":%ld", key, value);
}

void fact_str(const char *key, const char *value)
{
	fprintf(list_next(&other), "\"%s\":\"%s\"", key, value);
}

void fact_ints(const char *key, const int *values, int n)
{
	FILE *out = list_next(&other);

	fprintf(out, "\"%s\":", key);
	ints_print(out, values, n);
}

static void sock_print(FILE *out, const struct sock *s)
{
	fprintf(out, "{\"proto\":\"%s\",\"family\":\"%s\",\"local\":\"%s\",\"port\":%d", s->proto,
		s->family, s->local, s->port);
	if (s->remote[0])
		fprintf(out, ",\"remote\":\"%s\"", s->remote);
	else
		fprintf(out, ",\"remote\":null");
	fprintf(out, ",\"state\":\"%s\",\"inode\":%lu,\"netns\":%lu", s->state, s->inode, s->netns);
	if (s->creator)
		fprintf(out, ",\"creator\":{\"pid\":%d,\"dead\":%s}", s->creator,
			s->creator_dead ? "true" : "false");
	else
		fprintf(out, ",\"creator\":null");
}

static void hold_print(FILE *out, const struct hold *h)
{
	fprintf(out, "{\"pid\":%d", h->pid);
	if (h->tid)
		fprintf(out, ",\"tid\":%d", h->tid);
	else
		fprintf(out, ",\"tid\":null");
	fprintf(out, ",\"fds\":");
	ints_print(out, h->fds, fds_count(h->fds));
	fprintf(out, ",\"cloexec\":");
	ints_print(out, h->cloexec, fds_count(h->cloexec));
	fputc('}', out);
	pid_note(h->pid);
}

/* A socket that exists, and everybody who has it open. */
void fact_sock(const struct sock *s, const struct hold *holds, int n)
{
	FILE *out = list_next(&socks);

	sock_print(out, s);
	fprintf(out, ",\"holders\":[");
	for (int i = 0; i < n; i++) {
		fputs(i ? "," : "", out);
		hold_print(out, &holds[i]);
	}
	fprintf(out, "]}");
}

/* A socket that existed and does not any more. */
void fact_gone(const struct sock *s)
{
	FILE *out = list_next(&gone);

	sock_print(out, s);
	fputc('}', out);
}

void fact_zombie(pid_t pid, pid_t parent)
{
	fprintf(list_next(&zombies), "{\"pid\":%d,\"ppid\":%d}", pid, parent);
	pid_note(pid);
}

void facts_end(void)
{
	if (other.out)
		fclose(other.out);
	printf("%s%s", other.n ? "," : "", other.text ? other.text : "");
	free(other.text);
	memset(&other, 0, sizeof(other));
	list_print(&socks, "sockets");
	list_print(&gone, "gone");
	list_print(&zombies, "zombies");
	printf(",\"pids\":");
	ints_print(stdout, pids, npids);
	printf("}\n");
	fflush(stdout);
}
