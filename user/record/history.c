// SPDX-License-Identifier: BSD-2-Clause
/*
 * The history that a running recorder keeps.
 *
 * A one-shot command knows what is, a recorder what was.  The recorder answers on a socket when its
 * files hold all that happened so far; the command reads the end of them into its model and scans
 * on top, as after a loss: what is no more is swept, what is new is found.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "history.h"
#include "rec.h"

#define ANSWER_MS 3000 /* a recorder that does not answer by then is stopped, or hangs */

struct history {
	int listener, asked; /* asked -1: nobody waits */
	char dir[PATH_MAX + 1];
	struct sockaddr_un addr;
};

static bool run_dir(char out[sizeof(((struct sockaddr_un *)0)->sun_path)])
{
	const char *dir = getenv("PROBATE_RUN");
	int n = snprintf(out, sizeof(((struct sockaddr_un *)0)->sun_path), "%s/" HISTORY_SOCKET,
			 dir && *dir ? dir : HISTORY_DIR);

	return n > 0 && (size_t)n < sizeof(((struct sockaddr_un *)0)->sun_path);
}

/* A connection to the recorder; -ENOENT: none runs, -ETIMEDOUT: it takes no more. */
static int ask(void)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd, error;

	if (!run_dir(addr.sun_path))
		return -ENOENT;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		error = errno;
		close(fd);
		return error == EAGAIN ? -ETIMEDOUT : -ENOENT;
	}
	return fd;
}

/* ---- the recorder's side ------------------------------------------------------------- */

static bool listen_there(struct history *h)
{
	char *slash = strrchr(h->addr.sun_path, '/');
	int there = ask();
	mode_t old;
	bool ok;

	if (there >= 0)
		close(there);
	errno = 0;
	if (there >= 0 || there == -ETIMEDOUT)
		return false; /* another recorder answers */
	*slash = 0;
	mkdir(h->addr.sun_path, 0755);
	*slash = '/';
	unlink(h->addr.sun_path); /* of one that was killed */
	old = umask(0177);
	ok = !bind(h->listener, (struct sockaddr *)&h->addr, sizeof(h->addr)) &&
	     !listen(h->listener, 8);
	umask(old);
	return ok;
}

struct history *history_serve(int dir)
{
	struct history *h;
	char link[64];
	ssize_t n;

	if (dir < 0)
		return NULL;
	h = xcalloc(1, sizeof(*h));
	h->asked = -1;
	h->addr.sun_family = AF_UNIX;
	h->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", dir);
	n = readlink(link, h->dir, sizeof(h->dir) - 2);
	if (h->listener < 0 || n <= 0 || !run_dir(h->addr.sun_path) || !listen_there(h)) {
		warn("one-shot commands will not find this recording by themselves: %s",
		     errno ? strerror(errno) : "another recorder answers them");
		if (h->listener >= 0)
			close(h->listener);
		free(h);
		return NULL;
	}
	h->dir[n] = '\n';
	return h;
}

int history_fd(const struct history *h)
{
	return h->listener;
}

bool history_asked(struct history *h)
{
	h->asked = accept4(h->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	return h->asked >= 0;
}

void history_answer(struct history *h)
{
	send(h->asked, h->dir, strlen(h->dir), MSG_NOSIGNAL);
	close(h->asked);
	h->asked = -1;
}

void history_close(struct history *h)
{
	if (!h)
		return;
	unlink(h->addr.sun_path);
	close(h->listener);
	free(h);
}

/* ---- the other side ------------------------------------------------------------------ */

/* Ask the recorder; 0 and its directory, -ENOENT: none runs, -ETIMEDOUT. */
static int locate(char dir[PATH_MAX + 1])
{
	struct pollfd p = {.fd = ask(), .events = POLLIN};
	size_t n = 0;
	ssize_t got = 1;
	int err = 0;

	if (p.fd < 0)
		return p.fd;
	while (!err && got > 0 && n < PATH_MAX && !(n && dir[n - 1] == '\n')) {
		if (poll(&p, 1, ANSWER_MS) != 1)
			err = -ETIMEDOUT;
		else
			got = read(p.fd, dir + n, PATH_MAX - n);
		if (!err && got > 0)
			n += (size_t)got;
	}
	close(p.fd);
	if (err)
		return err;
	if (!n || dir[n - 1] != '\n')
		return -ENOENT;
	dir[n - 1] = 0;
	return 0;
}

const char *history_find(void)
{
	static char dir[PATH_MAX + 1];

	return locate(dir) ? NULL : dir;
}

static void into_model(void *ctx, const struct ev *e, size_t bytes)
{
	const struct kind *k = event_check(e, bytes) ? NULL : event_kind(e->kind);

	if (k && k->class == CLASS_RAW)
		model_apply(ctx, e);
}

/* The model at the end of that recording, if it is of this boot. */
static bool load(const char *dir, struct model *m, bool seen)
{
	struct source *s;
	struct buf err = {};
	bool ok = false;
	int n;

	if (source_open_recording(&s, dir, &err)) {
		buf_free(&err);
		return false;
	}
	if (!s->ops->seek(s, UINT64_MAX) && recording_is_of_this_boot(s)) {
		while ((n = s->ops->poll(s, 0, into_model, m)) >= 0 || n == -EBADMSG)
			;
		ok = m->events > 0;
	}
	s->ops->close(s);
	if (ok)
		model_interrupt(m, seen);
	return ok;
}

bool history_recall(struct model *m, bool quiet)
{
	char dir[PATH_MAX + 1], since[40];
	struct buf safe = {};
	int err = locate(dir);

	if (err == -ETIMEDOUT)
		warn("the recorder does not answer: there is no history in this answer");
	if (err || !load(dir, m, true))
		return false;
	time_rfc3339(since, model_wall(m, m->watching_since));
	buf_add_safe(&safe, dir, strlen(dir), 0);
	if (!quiet)
		warn("with the history in %s, since %.19sZ", safe.s, since);
	buf_free(&safe);
	return true;
}

void history_resume(const char *dir, struct model *m)
{
	struct stat st;

	if (strcmp(dir, "-") && !lstat(dir, &st) && S_ISDIR(st.st_mode))
		load(dir, m, false);
}
