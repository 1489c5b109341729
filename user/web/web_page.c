// SPDX-License-Identifier: BSD-2-Clause
/*
 * Requests that wait for a page, and pages that have come.
 *
 * A page is made by the main thread.  Who waits for it gets one that was begun after the question
 * was there, so that nobody reads of a time before it; all who wait share the bytes.
 */
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include "web_priv.h"

static const char *const types[WEB_PAGES] = {
	[PAGE_TEXT] = "text/plain; version=0.0.4; charset=utf-8",
	[PAGE_OPENMETRICS] = "application/openmetrics-text; version=1.0.0; charset=utf-8",
	[PAGE_LANDING] = "text/html; charset=utf-8",
};

void page_ask(struct conn *c)
{
	struct web *w = c->web;
	struct page_box *b = &w->box[c->page];
	const u64 one = 1;

	pthread_mutex_lock(&w->lock);
	c->turn = b->turn + 1;
	b->asked = true;
	if (write(w->asked_fd, &one, sizeof(one)) < 0)
		assert(!"an eventfd has room");
	pthread_mutex_unlock(&w->lock);
	conn_state(c, CONN_WAITING, PAGE_MS);
	MHD_suspend_connection(c->mhd);
}

/* Takes bytes of malloc(). */
static struct MHD_Response *response_make(const struct web *w, enum web_page page, char *bytes,
					  size_t n, bool gzip)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(n, bytes, MHD_RESPMEM_MUST_FREE);

	if (!r)
		die(EXIT_CANNOT, "out of memory");
	MHD_add_response_header(r, "Content-Type", types[page]);
	MHD_add_response_header(
		r, "Vary", page == PAGE_LANDING ? "Accept-Encoding" : "Accept, Accept-Encoding");
	if (gzip)
		MHD_add_response_header(r, "Content-Encoding", "gzip");
	headers_add(w, r, page == PAGE_LANDING);
	return r;
}

/* The text packed; fast, as it is done for each scrape. */
static struct MHD_Response *gzip_make(const struct web *w, enum web_page page)
{
	const size_t len = w->text[page].len;
	z_stream z = {.next_in = (Bytef *)w->text[page].s, .avail_in = (uInt)len};
	uLong max;
	Bytef *out;
	int e = deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, 15 + 16 /* gzip */, 8,
			     Z_DEFAULT_STRATEGY);

	if (e != Z_OK)
		die(EXIT_CANNOT, "out of memory");
	max = deflateBound(&z, len);
	out = xmalloc(max);
	z.next_out = out;
	z.avail_out = (uInt)max;
	e = deflate(&z, Z_FINISH);
	assert(e == Z_STREAM_END);
	deflateEnd(&z);
	return response_make(w, page, xrealloc(out, z.total_out), z.total_out, true);
}

struct MHD_Response *page_response(struct conn *c)
{
	struct web *w = c->web;

	if (c->gzip && w->page[c->page][0] && !w->page[c->page][1])
		w->page[c->page][1] = gzip_make(w, c->page);
	return w->page[c->page][c->gzip];
}

static void page_take(struct web *w, enum web_page page, struct buf *body, u64 turn)
{
	if (!body->s)
		buf_puts(body, "");
	w->text[page].s = body->s;
	w->text[page].len = body->len;
	w->page[page][0] = response_make(w, page, body->s, body->len, false);
	for (u32 i = 0; i < CONN_MAX; i++) {
		struct conn *c = &w->conn[i];

		if (c->mhd && c->state == CONN_WAITING && c->page == page && c->turn <= turn) {
			conn_state(c, CONN_RESUMED, PAGE_MS);
			MHD_resume_connection(c->mhd);
		}
	}
}

void pages_take(struct web *w)
{
	struct buf body[WEB_PAGES] = {};
	u64 turn[WEB_PAGES] = {};
	bool full[WEB_PAGES] = {};

	pthread_mutex_lock(&w->lock);
	for (u32 i = 0; i < WEB_PAGES; i++) {
		struct page_box *b = &w->box[i];

		full[i] = b->full;
		body[i] = b->body;
		turn[i] = b->body_turn;
		b->full = false;
		b->body = (struct buf){};
	}
	pthread_mutex_unlock(&w->lock);
	for (u32 i = 0; i < WEB_PAGES; i++)
		if (full[i])
			page_take(w, i, &body[i], turn[i]);
}

void pages_drop(struct web *w)
{
	for (u32 i = 0; i < WEB_PAGES; i++)
		for (u32 gzip = 0; gzip < 2; gzip++)
			if (w->page[i][gzip]) {
				MHD_destroy_response(w->page[i][gzip]);
				w->page[i][gzip] = NULL;
			}
}
