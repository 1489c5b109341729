// SPDX-License-Identifier: BSD-2-Clause
/*
 * The thread that speaks to clients: new connections, deadlines, room.
 *
 * libmicrohttpd's own timeout is for silence; a client that sends a byte a second never meets it.
 * So each connection has a deadline for what it does now, whatever it sends, and is shut down when
 * that is over.  When all slots are taken, the connection that has not moved for longest gives
 * its own to a new one: who holds connections cannot keep others out.
 *
 * We wait by select(): under epoll libmicrohttpd 0.9.75 does not sleep while a handshake of TLS is
 * incomplete, and a silent client costs a whole core.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

#include "web_priv.h"

#define ACCEPT_MAX 16  /* new ones from a socket before others get their turn */
#define REST_MS	   100 /* when there are no descriptors left */

static u64 clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000 + (u64)t.tv_nsec / NS_PER_MS;
}

/* ---- one connection ---------------------------------------------------------------------- */

void conn_state(struct conn *c, enum conn_state state, u32 ms)
{
	c->state = state;
	c->since_ms = c->web->now_ms;
	c->until_ms = c->since_ms + ms;
}

void conn_closing(struct conn *c)
{
	shutdown(c->fd, SHUT_RDWR);
	c->closing = true;
}

static void conn_begin(struct web *w, struct MHD_Connection *mhd, void **socket_context)
{
	struct conn *c = w->conn;
	const union MHD_ConnectionInfo *info;

	while (c < w->conn + CONN_MAX && c->mhd)
		c++;
	assert(c < w->conn + CONN_MAX);
	info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
	*c = (struct conn){.web = w, .mhd = mhd, .fd = info->connect_fd};
	conn_state(c, CONN_REQUEST, REQUEST_MS);
	w->nconns++;
	*socket_context = c;
	if (w->config.tls_on) {
		info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);
		web_tls_begin(&w->config.tls, info->tls_session);
	}
}

void conn_notify(void *web, struct MHD_Connection *mhd, void **socket_context,
		 enum MHD_ConnectionNotificationCode what)
{
	struct web *w = web;
	struct conn *c = *socket_context;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		conn_begin(w, mhd, socket_context);
	} else if (c) {
		c->mhd = NULL;
		w->nconns--;
		*socket_context = NULL;
	}
}

/* For how long it stays what it is, even when room is wanted; UINT64_MAX: it is being worked for.
 */
static u64 conn_grace_ms(const struct conn *c)
{
	switch (c->state) {
	case CONN_IDLE:
		return 0;
	case CONN_REQUEST:
		return REQUEST_MIN_MS;
	case CONN_ANSWER:
		return ANSWER_MIN_MS;
	default:
		return UINT64_MAX;
	}
}

/* The connection that is the least loss; NULL: none may be closed. */
static struct conn *conn_spare(struct web *w)
{
	struct conn *best = NULL;

	for (u32 i = 0; i < CONN_MAX; i++) {
		struct conn *c = &w->conn[i];

		if (c->mhd && !c->closing && w->now_ms - c->since_ms >= conn_grace_ms(c) &&
		    (!best || c->since_ms < best->since_ms))
			best = c;
	}
	return best;
}

/* ---- new ones ---------------------------------------------------------------------------- */

static void listener_accept(struct web *w, int listener)
{
	for (u32 i = 0; i < ACCEPT_MAX && w->nconns < CONN_MAX; i++) {
		struct sockaddr_storage from = {};
		socklen_t n = sizeof(from);
		int fd = accept4(listener, (struct sockaddr *)&from, &n,
				 SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			MHD_add_connection(w->daemon, fd, (struct sockaddr *)&from, n);
		} else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
			   errno == ENOMEM) {
			w->rest_until_ms = w->now_ms + REST_MS;
			return;
		} else if (errno == EAGAIN) {
			return;
		} /* else that one is gone already */
	}
}

static bool room_coming(const struct web *w)
{
	for (u32 i = 0; i < CONN_MAX; i++)
		if (w->conn[i].mhd && w->conn[i].closing)
			return true;
	return false;
}

static void listeners_turn(struct web *w, const fd_set *ready)
{
	for (u32 i = 0; i < w->nlisten; i++) {
		if (!FD_ISSET(w->listen[i], ready))
			continue;
		if (w->nconns < CONN_MAX) {
			listener_accept(w, w->listen[i]);
		} else if (!room_coming(w)) {
			struct conn *spare = conn_spare(w);

			if (spare)
				conn_closing(spare);
		}
	}
}

/* ---- time
 * ------------------------------------------------------------------------------------------ */

static void deadline_over(struct conn *c)
{
	if (c->state == CONN_ASKING) {
		password_late(c);
		return;
	}
	if (c->state != CONN_WAITING) {
		conn_closing(c);
		return;
	}
	conn_state(c, CONN_LATE, ANSWER_MS);
	MHD_resume_connection(c->mhd);
}

static void deadlines_turn(struct web *w)
{
	for (u32 i = 0; i < CONN_MAX; i++)
		if (w->conn[i].mhd && !w->conn[i].closing && w->conn[i].until_ms <= w->now_ms)
			deadline_over(&w->conn[i]);
}

/* Milliseconds that nothing needs to be done for, if nothing comes; -1: for ever. */
static int quiet_ms(struct web *w)
{
	u64 until = UINT64_MAX;
	MHD_UNSIGNED_LONG_LONG ms;

	if (MHD_get_timeout(w->daemon, &ms) == MHD_YES && !ms)
		return 0;
	for (u32 i = 0; i < CONN_MAX; i++)
		if (w->conn[i].mhd && !w->conn[i].closing && w->conn[i].until_ms < until)
			until = w->conn[i].until_ms;
	if (w->config.nusers && auth_next_ns(w->auth) < until * NS_PER_MS)
		until = auth_next_ns(w->auth) / NS_PER_MS + 1;
	if (w->rest_until_ms > w->now_ms && w->rest_until_ms < until)
		until = w->rest_until_ms;
	if (w->nconns == CONN_MAX && w->now_ms + REQUEST_MIN_MS < until)
		until = w->now_ms + REQUEST_MIN_MS; /* one may have to go by then */
	if (until == UINT64_MAX)
		return -1;
	return until > w->now_ms ? (int)(until - w->now_ms) : 0;
}

/* ---- the thread
 * -------------------------------------------------------------------------------------- */

static bool stop_wanted(struct web *w)
{
	bool stop;

	pthread_mutex_lock(&w->lock);
	stop = w->stop;
	pthread_mutex_unlock(&w->lock);
	return stop;
}

/* Who waits is told, as the daemon must not be stopped with anybody suspended. */
static void loop_end(struct web *w)
{
	w->ending = true;
	for (u32 i = 0; i < CONN_MAX; i++)
		if (w->conn[i].mhd &&
		    (w->conn[i].state == CONN_WAITING || w->conn[i].state == CONN_ASKING))
			deadline_over(&w->conn[i]);
	MHD_run(w->daemon);
}

/* What is waited for: by libmicrohttpd, and by ourselves. */
struct waited {
	fd_set read, write, except;
	int max;
	bool listeners;
};

static void wait_add(struct waited *s, int fd)
{
	FD_SET(fd, &s->read);
	if (fd > s->max)
		s->max = fd;
}

/* Sockets that listen are left alone while there is neither room nor anybody to make it. */
static void wait_fill(struct web *w, struct waited *s)
{
	bool full = w->nconns == CONN_MAX && (room_coming(w) || !conn_spare(w));

	FD_ZERO(&s->read);
	FD_ZERO(&s->write);
	FD_ZERO(&s->except);
	s->max = -1;
	MHD_get_fdset(w->daemon, &s->read, &s->write, &s->except, &s->max);
	wait_add(s, w->wake_fd);
	s->listeners = !full && w->rest_until_ms <= w->now_ms;
	for (u32 i = 0; i < w->nlisten && s->listeners; i++)
		wait_add(s, w->listen[i]);
}

/* false: nothing happened but time. */
static bool wait_turn(struct web *w, struct waited *s)
{
	int ms, n;

	wait_fill(w, s);
	ms = quiet_ms(w);
	n = select(s->max + 1, &s->read, &s->write, &s->except,
		   ms < 0 ? NULL
			  : &(struct timeval){.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000});
	if (n < 0 && errno != EINTR)
		die(EXIT_CANNOT, "cannot wait for clients: %s", strerror(errno));
	w->now_ms = clock_ms();
	return n > 0;
}

/*
 * libmicrohttpd takes a NUL for the end of what it is in: it is seen before it is read.  All that
 * MHD_run() may read are looked at, new ones too: CONN_MAX at most.
 */
static void bytes_look(struct web *w)
{
	for (u32 i = 0; i < CONN_MAX; i++) {
		struct conn *c = &w->conn[i];

		if (c->mhd && !c->closing && (c->state == CONN_REQUEST || c->state == CONN_IDLE))
			c->foul |= bytes_foul(c->fd);
	}
}

static void loop_turn(struct web *w)
{
	struct waited s;
	u64 drained;

	if (wait_turn(w, &s)) {
		if (FD_ISSET(w->wake_fd, &s.read) &&
		    read(w->wake_fd, &drained, sizeof(drained)) > 0)
			pages_take(w);
		if (s.listeners)
			listeners_turn(w, &s.read);
	}
	if (w->config.nusers)
		passwords_turn(w);
	deadlines_turn(w);
	if (!w->config.tls_on)
		bytes_look(w);
	MHD_run(w->daemon);
	pages_drop(w);
}

void *web_loop(void *web)
{
	struct web *w = web;

	prctl(PR_SET_NAME, "probate-http");
	w->now_ms = clock_ms();
	while (!stop_wanted(w))
		loop_turn(w);
	loop_end(w);
	return NULL;
}
