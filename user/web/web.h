/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The HTTP side of the exporter: sockets, TLS, passwords, requests.  Nothing here knows the model.
 *
 * A thread of its own speaks to clients.  Pages are made by the thread that has the model: a
 * request for one waits (its connection is suspended) until web_answer() gives it, and all that
 * wait for the same page get the same one.  So a flood costs pages no more often than web_asked()
 * is looked at, and nobody ever locks the model.
 *
 *   main thread                        thread of HTTP
 *   web_fd() readable        <------   a request for a page waits
 *   web_asked() -> page
 *   web_answer(page, body)   ------>   all who wait for it are answered
 */
#ifndef PROBATE_WEB_H
#define PROBATE_WEB_H

#include "util.h"

#define WEB_LISTEN_MAX	   16
#define WEB_ALLOW_MAX	   64
#define WEB_LISTEN_DEFAULT "127.0.0.1:9977"
#define WEB_PATH_DEFAULT   "/metrics"

struct web_opts {
	const char *listen[WEB_LISTEN_MAX]; /* "127.0.0.1:9977", "[::1]:9977", ":9977" (any),
					       "localhost:9977" */
	u32 nlisten;			    /* 0: WEB_LISTEN_DEFAULT */
	const char *path;		    /* of the metrics; NULL: WEB_PATH_DEFAULT */
	const char *config;		    /* --web.config.file; NULL: plain HTTP, no password */
	const char *allow[WEB_ALLOW_MAX];   /* further host names, "*" is any */
	u32 nallow;
	bool systemd; /* sockets from systemd (LISTEN_FDS) instead */
};

enum web_page { PAGE_TEXT, PAGE_OPENMETRICS, PAGE_LANDING, WEB_PAGES };

struct web;
/*
 * Bind every address and read the configuration, which needs rights that are given up afterwards;
 * starts no thread.  0, or -errno (-EINVAL: the options or the configuration make no sense) with
 * one sentence in err.
 */
int web_open(struct web **out, const struct web_opts *o, struct buf *err);
/* Begin to answer.  0 or -errno with a sentence. */
int web_start(struct web *w, struct buf *err);
/* Readable when a page is asked for. */
int web_fd(const struct web *w);
/* Which page is waited for?  false: none (any more). */
bool web_asked(struct web *w, enum web_page *page);
/* Give it to all who wait for it.  Takes the bytes of body and leaves it empty. */
void web_answer(struct web *w, enum web_page page, struct buf *body);
/* What /-/ready says: 200 when ready, else 503 with the reason.  /-/healthy is 200 once started.
 * Both are 503 while the loop's own signs of life (life.h) say that it stands, /-/ready also while
 * it lags. */
void web_ready(struct web *w, bool ready, const char *reason);
/*
 * Requests answered with 1xx ... 5xx, [0] not used; without those of which not even the first line
 * could be read.
 */
void web_requests(const struct web *w, u64 out[6]);
/* "http://127.0.0.1:9977/metrics": the first address, for people and tests (port 0 is resolved). */
const char *web_url(const struct web *w);
void web_close(struct web *w);

#endif
