// SPDX-License-Identifier: BSD-2-Clause
/*
 * The HTTP side as the main thread sees it: open, start, pages asked for and given, close.
 *
 * What both threads touch is small and under one lock, which nobody holds for longer than it takes
 * to move a pointer: the main thread never waits for a client.
 */
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <unistd.h>

#include "web_priv.h"

#define PATH_LEN_MAX 256

/* ---- open -------------------------------------------------------------------------------- */

static int path_check(const char *path, struct buf *err)
{
	bool good = *path == '/' && strlen(path) <= PATH_LEN_MAX;

	for (const char *s = path; *s; s++)
		good &= isgraph((unsigned char)*s) && !strchr("?#%\"<>\\", *s);
	if (good && strncmp(path, "/-/", 3))
		return 0;
	buf_printf(
		err,
		"'%s' cannot be the path of the metrics: it begins with / (but not with /-/), as "
		"in " WEB_PATH_DEFAULT,
		path);
	return -EINVAL;
}

/* libmicrohttpd says why it does not start; what clients do wrong is counted, not logged. */
static void daemon_says(void *err, const char *fmt, va_list ap)
{
	struct buf *b = *(struct buf **)err;
	char text[256];

	if (!b)
		return;
	vsnprintf(text, sizeof(text), fmt, ap);
	text[strcspn(text, "\n")] = 0;
	buf_printf(b, "%s%s", b->len ? "; " : "", text);
}

static int daemon_open(struct web *w, struct buf *err)
{
	struct web_tls *t = &w->config.tls;
	struct buf why = {};
	const struct MHD_OptionItem tls[] = {
		{MHD_OPTION_HTTPS_MEM_CERT, 0, t->cert.text},
		{MHD_OPTION_HTTPS_MEM_KEY, 0, t->key.text},
		{MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)t->priorities},
		{t->ca.text ? MHD_OPTION_HTTPS_MEM_TRUST : MHD_OPTION_END, 0, t->ca.text},
		{MHD_OPTION_END, 0, NULL}};
	const struct MHD_OptionItem none = {MHD_OPTION_END, 0, NULL};

	w->says = &why;
	w->daemon = MHD_start_daemon(
		MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
			(w->config.tls_on ? MHD_USE_TLS : 0),
		0, NULL, NULL, request_handle, w, MHD_OPTION_EXTERNAL_LOGGER, daemon_says, &w->says,
		MHD_OPTION_NOTIFY_CONNECTION, conn_notify, w, MHD_OPTION_URI_LOG_CALLBACK,
		request_begin, w, MHD_OPTION_NOTIFY_COMPLETED, request_end, w,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned int)CONN_MAX,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONN_MEMORY,
		MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_ARRAY, w->config.tls_on ? tls : &none, MHD_OPTION_END);
	w->says = NULL;
	web_tls_forget(t);
	if (!w->daemon)
		buf_printf(err, "cannot start the HTTP server: %s",
			   why.len ? why.s : "no reason given");
	buf_free(&why);
	return w->daemon ? 0 : -EIO;
}

/* All that select() will be asked about; a connection that does not fit is closed. */
static bool fds_fit(const struct web *w)
{
	bool fit = w->wake_fd < FD_SETSIZE;

	for (u32 i = 0; i < w->nlisten; i++)
		fit &= w->listen[i] < FD_SETSIZE;
	return fit;
}

static int parts_open(struct web *w, const struct web_opts *o, struct buf *err)
{
	int e = path_check(w->path, err);

	if (!e && o->config)
		e = web_config_read(&w->config, o->config, err);
	if (!e)
		e = listen_open(w, o, err);
	if (e)
		return e;
	w->asked_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	e = w->asked_fd < 0 || w->wake_fd < 0 ? errno : fds_fit(w) ? 0 : EMFILE;
	if (e) {
		buf_printf(err, "cannot start the HTTP server: %s", strerror(e));
		return -e;
	}
	w->auth = auth_new(&w->config, w->wake_fd);
	names_learn(&w->names, o);
	fixed_make(w);
	return daemon_open(w, err);
}

int web_open(struct web **out, const struct web_opts *o, struct buf *err)
{
	struct web *w = xcalloc(1, sizeof(*w));
	int e;

	w->path = xstrdup(o->path ? o->path : WEB_PATH_DEFAULT);
	w->asked_fd = w->wake_fd = -1;
	snprintf(w->reason, sizeof(w->reason), "starting\n");
	pthread_mutex_init(&w->lock, NULL);
	e = parts_open(w, o, err);
	if (e) {
		web_close(w);
		w = NULL;
	}
	*out = w;
	return e;
}

int web_start(struct web *w, struct buf *err)
{
	sigset_t all, before;
	int e;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	e = w->config.nusers ? -auth_start(w->auth) : 0;
	if (!e)
		e = pthread_create(&w->thread, NULL, web_loop, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	w->started = !e;
	if (e)
		buf_printf(err, "cannot start the thread of HTTP: %s", strerror(e));
	return -e;
}

/* ---- pages
 * ----------------------------------------------------------------------------------------- */

int web_fd(const struct web *w)
{
	return w->asked_fd;
}

static void wake(struct web *w)
{
	const u64 one = 1;

	if (write(w->wake_fd, &one, sizeof(one)) < 0)
		assert(!"an eventfd has room");
}

bool web_asked(struct web *w, enum web_page *page)
{
	bool found = false;
	u64 drained;

	pthread_mutex_lock(&w->lock);
	for (u32 i = 0; i < WEB_PAGES && !found; i++) {
		u32 at = (w->next + i) % WEB_PAGES;

		if (!w->box[at].asked)
			continue;
		w->box[at].asked = false;
		w->box[at].turn++;
		w->next = at + 1;
		*page = at;
		found = true;
	}
	if (!found && read(w->asked_fd, &drained, sizeof(drained)) < 0)
		assert(errno == EAGAIN);
	pthread_mutex_unlock(&w->lock);
	return found;
}

void web_answer(struct web *w, enum web_page page, struct buf *body)
{
	struct page_box *b = &w->box[page];
	struct buf old;

	pthread_mutex_lock(&w->lock);
	old = b->body; /* not fetched yet: the new one does for those who wait for it, too */
	b->body = *body;
	b->body_turn = b->turn;
	b->full = true;
	wake(w);
	pthread_mutex_unlock(&w->lock);
	*body = (struct buf){};
	buf_free(&old);
}

void web_ready(struct web *w, bool ready, const char *reason)
{
	pthread_mutex_lock(&w->lock);
	w->ready = ready;
	snprintf(w->reason, sizeof(w->reason), "%s\n", reason ? reason : "");
	pthread_mutex_unlock(&w->lock);
}

void web_requests(const struct web *w, u64 out[6])
{
	for (u32 i = 0; i < 6; i++)
		out[i] = __atomic_load_n(&w->requests[i], __ATOMIC_RELAXED);
}

const char *web_url(const struct web *w)
{
	return w->url;
}

/* ---- the end
 * --------------------------------------------------------------------------------------- */

static void thread_end(struct web *w)
{
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	wake(w);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
}

void web_close(struct web *w)
{
	if (w->started)
		thread_end(w);
	if (w->daemon)
		MHD_stop_daemon(w->daemon);
	for (u32 i = 0; i < FIXED_ANSWERS; i++)
		if (w->fixed[i])
			MHD_destroy_response(w->fixed[i]);
	for (u32 i = 0; i < WEB_PAGES; i++)
		buf_free(&w->box[i].body);
	for (u32 i = 0; i < w->nlisten; i++)
		close(w->listen[i]);
	if (w->asked_fd >= 0)
		close(w->asked_fd);
	if (w->wake_fd >= 0)
		close(w->wake_fd);
	auth_free(w->auth);
	names_free(&w->names);
	web_config_free(&w->config);
	pthread_mutex_destroy(&w->lock);
	free(w->path);
	free(w->url);
	free(w);
}
