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
#include <time.h>
#include <unistd.h>

#include "history.h"
#include "rec.h"
#include "trust.h"
#include "verdict.h"

/*
 * A one-shot waits so long for history, in all: for an answer, which who is stopped or hangs does not
 * give, and while it reads what it was told of, which may be long and grow meanwhile.  Then the
 * answer is one without.
 */
#define PATIENCE_NS (2 * NS_PER_S)

struct history {
	int listener, asked;	/* asked -1: nobody waits */
	char dir[PATH_MAX + 1]; /* of the recorder: what it answers */
	struct sockaddr_un addr;
};

static const char *run_dir(void)
{
	const char *dir = getenv("PROBATE_RUN");

	return dir && *dir ? dir : HISTORY_DIR;
}

void history_place(struct buf *out)
{
	const char *dir = getenv("RUNTIME_DIRECTORY");

	if (!dir || !*dir)
		dir = run_dir();
	buf_add(out, dir, strcspn(dir, ":")); /* systemd may give several */
}

static bool address_make(struct sockaddr_un *a, const char *dir, const char *name)
{
	int n;

	*a = (struct sockaddr_un){.sun_family = AF_UNIX};
	n = snprintf(a->sun_path, sizeof(a->sun_path), "%s/%s", dir, name);
	return n > 0 && (size_t)n < sizeof(a->sun_path);
}

/* A connection to who answers there; -ENOENT: nobody, -ETIMEDOUT: it takes no more. */
static int ask(const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), error;

	if (fd >= 0 && connect(fd, (const struct sockaddr *)addr, sizeof(*addr))) {
		error = errno;
		close(fd);
		return error == EAGAIN ? -ETIMEDOUT : -ENOENT;
	}
	return fd;
}

/* ---- the recorder's side ------------------------------------------------------------- */

static bool listen_there(struct history *h, struct buf *why)
{
	char *slash = strrchr(h->addr.sun_path, '/');
	struct trust t = trust_base();
	int there;
	mode_t old;
	bool ok;

	*slash = 0;
	ok = (!mkdir(h->addr.sun_path, 0755) || errno == EEXIST) &&
	     trust_run_dir(&t, h->addr.sun_path, why);
	*slash = '/';
	if (!ok)
		return false;
	there = ask(&h->addr);
	if (there >= 0)
		close(there);
	if (there >= 0 || there == -ETIMEDOUT) {
		buf_puts(why, "another one answers them");
		return false;
	}
	unlink(h->addr.sun_path); /* of one that was killed; else bind says why not */
	old = umask(0177);
	ok = !bind(h->listener, (struct sockaddr *)&h->addr, sizeof(h->addr)) &&
	     !listen(h->listener, 8);
	umask(old);
	return ok;
}

static struct history *serve_at(const char *dir, const char *name)
{
	struct history *h = xcalloc(1, sizeof(*h));
	bool fits = address_make(&h->addr, dir, name);
	struct buf why = {};

	h->asked = -1;
	h->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	errno = fits ? errno : ENAMETOOLONG;
	if (h->listener >= 0 && fits && listen_there(h, &why))
		return h;
	warn("one-shot commands will not know what is known here: %s",
	     why.len ? why.s : strerror(errno));
	buf_free(&why);
	if (h->listener >= 0)
		close(h->listener);
	free(h);
	return NULL;
}

struct history *history_serve(int dir)
{
	struct history *h;
	char link[64];
	ssize_t n;

	if (dir < 0)
		return NULL;
	h = serve_at(run_dir(), HISTORY_SOCKET);
	if (!h)
		return NULL;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", dir);
	n = readlink(link, h->dir, sizeof(h->dir) - 1);
	h->dir[n > 0 ? n : 0] = 0;
	return h;
}

struct history *history_serve_files(void)
{
	struct history *h;
	struct buf place = {};

	history_place(&place);
	h = serve_at(place.s, HISTORY_SERVE);
	buf_free(&place);
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

void history_answer(struct history *h, const char *path, const char *trouble)
{
	struct buf line = {};

	for (const char *s = trouble; s && *s; s++)
		buf_printf(&line, "%c", *s == '\n' ? ' ' : *s);
	buf_printf(&line, "%s%s\n", line.len ? "\n" : "", path ? path : h->dir);
	send(h->asked, line.s, line.len, MSG_NOSIGNAL); /* who asked may have left */
	buf_free(&line);
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

static u64 clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (u64)t.tv_sec * NS_PER_S + (u64)t.tv_nsec;
}

static bool readable_by(int fd, u64 until)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	u64 now;
	int n;

	do {
		now = clock_ns(CLOCK_MONOTONIC);
		n = poll(&p, 1, until > now ? (int)((until - now + NS_PER_MS - 1) / NS_PER_MS) : 0);
	} while (n < 0 && errno == EINTR && now < until);
	return n == 1 && now < until;
}

/* What was asked, who answered, and what. */
struct reply {
	struct trust trust;
	struct buf why;		       /* not to be believed, or what is wrong with it */
	char text[2 * PATH_MAX + 512]; /* a line of trouble, if any, and the path */
	const char *path;
};

/* A first line that is no path is what is wrong with the recording; the rest is one line, a path. */
static bool answer_split(struct reply *a, size_t n)
{
	char *end;

	if (n < 2 || a->text[n - 1] != '\n' || memchr(a->text, 0, n))
		return false;
	a->text[n - 1] = 0;
	end = *a->text == '/' ? NULL : strchr(a->text, '\n');
	a->path = end ? end + 1 : a->text;
	if (end)
		buf_add_safe(&a->why, a->text, (size_t)(end - a->text), 0);
	return *a->path == '/' && !strchr(a->path, '\n') && strlen(a->path) <= PATH_MAX;
}

static bool answer_whole(const char *text, size_t n)
{
	return n && text[n - 1] == '\n' && (*text == '/' || memchr(text, '\n', n - 1));
}

/* 0, -ENOENT: it ended meanwhile, -ETIMEDOUT: not in time, -EPROTO: nonsense. */
static int answer_read(int fd, u64 until, struct reply *a)
{
	ssize_t got = 1;
	size_t n = 0;

	while (got > 0 && n < sizeof(a->text) && !answer_whole(a->text, n)) {
		if (!readable_by(fd, until))
			return -ETIMEDOUT;
		got = read(fd, a->text + n, sizeof(a->text) - n);
		n += got > 0 ? (size_t)got : 0;
	}
	if (!n)
		return -ENOENT;
	return answer_split(a, n) ? 0 : -EPROTO;
}

/*
 * What is answered in that directory: 0, -ENOENT: nobody does, -EPERM: whoever could is not to be
 * believed, and a->why says it; or as above.
 */
static int answer_get(const char *dir, const char *name, u64 until, struct reply *a)
{
	struct sockaddr_un addr;
	int fd, err;

	a->trust = trust_base();
	if (!address_make(&addr, dir, name) || access(addr.sun_path, F_OK))
		return -ENOENT;
	if (!trust_run_dir(&a->trust, dir, &a->why))
		return -EPERM;
	fd = ask(&addr);
	if (fd < 0)
		return fd;
	err = trust_peer(&a->trust, fd, &a->why) ? answer_read(fd, until, a) : -EPERM;
	close(fd);
	return err;
}

/* What was found is said, and whether it is of use: the same as before, or -EPERM. */
static int answer_judge(struct reply *a, int err)
{
	if (!err && a->why.len) {
		warn("the one who records says: %s", a->why.s);
		buf_reset(&a->why);
	}
	if (!err && !trust_recording(&a->trust, a->path, &a->why))
		err = -EPERM;
	if (err == -EPERM)
		warn("%s: its history is not believed, and there is none in this answer", a->why.s);
	if (err == -ETIMEDOUT)
		warn("the one who watches does not answer: there is no history in this answer");
	if (err == -EPROTO)
		warn("the one who watches answers nonsense: there is no history in this answer");
	return err;
}

/* Where the history is that the recorder keeps; past false: else what an exporter knows now. */
static int locate(char dir[PATH_MAX + 1], bool past, u64 until)
{
	struct reply a = {};
	int err = answer_get(run_dir(), HISTORY_SOCKET, until, &a);

	if (err == -ENOENT && !past)
		err = answer_get(run_dir(), HISTORY_SERVE, until, &a);
	/* as a service it has a directory of its own */
	if (err == -ENOENT && !past && !getenv("PROBATE_RUN"))
		err = answer_get(HISTORY_SERVE_DIR, HISTORY_SERVE, until, &a);
	err = answer_judge(&a, err);
	if (!err)
		snprintf(dir, PATH_MAX + 1, "%s", a.path);
	buf_free(&a.why);
	return err;
}

const char *history_find(void)
{
	static char dir[PATH_MAX + 1];

	return locate(dir, true, clock_ns(CLOCK_MONOTONIC) + PATIENCE_NS) ? NULL : dir;
}

static void into_model(void *ctx, const struct ev *e, size_t bytes)
{
	const struct kind *k = event_check(e, bytes) ? NULL : event_kind(e->kind);

	if (k && k->class == CLASS_RAW)
		model_apply(ctx, e);
}

/* Time to read a history. */
struct patience {
	u64 until; /* 0: as long as it takes */
	bool over;
};

static bool patience_ends(struct patience *p)
{
	p->over = p->until && clock_ns(CLOCK_MONOTONIC) > p->until;
	return p->over;
}

/* The model at the end of that recording, if it is of this boot. */
static bool load(const char *dir, struct model *m, struct patience *p)
{
	struct source *s;
	struct buf err = {};
	bool ok = false;
	struct stat st;
	int n;

	if (stat(dir, &st) || !(S_ISDIR(st.st_mode) || S_ISREG(st.st_mode)))
		return false; /* nothing that one could wait on for ever */
	if (source_open_recording(&s, dir, &err)) {
		buf_free(&err);
		return false;
	}
	if (!s->ops->seek(s, UINT64_MAX) && recording_is_of_this_boot(s)) {
		while ((n = s->ops->poll(s, 0, into_model, m)) >= 0 || n == -EBADMSG)
			if (patience_ends(p))
				break;
		ok = m->events > 0 && !p->over;
	}
	s->ops->close(s);
	return ok;
}

bool history_recall(struct model **m, bool quiet)
{
	char dir[PATH_MAX + 1], since[40];
	struct buf safe = {};
	struct patience p = {.until = clock_ns(CLOCK_MONOTONIC) + PATIENCE_NS};
	int err = locate(dir, false, p.until);
	bool loaded = !err && load(dir, *m, &p);

	if (p.over)
		warn("the history here is too long to be read now: there is none in this answer");
	if (!err)
		buf_add_safe(&safe, dir, strlen(dir), 0);
	if (!loaded) {
		if (!err && !p.over)
			warn("the history in %s cannot be read: there is none in this answer",
			     safe.s);
		buf_free(&safe);
		model_free(*m); /* half a history is none */
		*m = model_new(&verdict_judge);
		return false;
	}
	time_rfc3339(since, model_wall(*m, (*m)->watching_since));
	if (!quiet)
		warn("with the history in %s, since %.19sZ", safe.s, since);
	buf_free(&safe);
	return true;
}

void history_resume(const char *dir, struct model *m)
{
	struct stat st;

	if (strcmp(dir, "-") && !lstat(dir, &st) && S_ISDIR(st.st_mode) &&
	    load(dir, m, &(struct patience){}))
		model_interrupt(m, false);
}
