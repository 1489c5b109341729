// SPDX-License-Identifier: BSD-2-Clause
/*
 * One request: is it allowed, what is it about, what is the answer.
 *
 * libmicrohttpd calls request_handle() when the headers are there, once more when the request is
 * complete, and again when a request that waited for a page goes on.  An answer given at the first
 * call closes the connection: so are bodies refused without being read.
 */
#include <stdlib.h>

#include "life.h"
#include "web_priv.h"

#define LAG_NS	 (2 * NS_PER_S) /* so far behind, what is told is not what is */
#define STILL_NS (5 * NS_PER_S) /* an idle loop looks once a second */

static const struct {
	u32 status;
	const char *text;
	const char *header, *value; /* of its own */
} fixed[FIXED_ANSWERS] = {
	[FIXED_HEALTHY] = {200, "healthy\n", NULL, NULL},
	[FIXED_READY] = {200, "ready\n", NULL, NULL},
	[FIXED_NOT_FOUND] = {404, "There is no such page.\n", NULL, NULL},
	[FIXED_METHOD] = {405, "Only GET and HEAD are understood.\n", "Allow", "GET, HEAD"},
	[FIXED_WRONG] = {400, "This is no request as HTTP has them.\n", NULL, NULL},
	[FIXED_HOST] = {421,
			"The host name of this request is none of this exporter's: a page of "
			"others may have sent it.\nAsk it by its address or by the name of its "
			"machine, or start it with --web.allow-host=NAME.\n",
			NULL, NULL},
	[FIXED_BODY] = {413, "A request here has no body.\n", NULL, NULL},
	[FIXED_PASSWORD] = {401, "Unauthorized\n", "WWW-Authenticate",
			    "Basic realm=\"probate\", charset=\"UTF-8\""},
	[FIXED_BUSY] = {429, "Too many passwords are being tried: ask again.\n", "Retry-After",
			"2"},
	[FIXED_LATE] = {503, "The page did not get ready in time.\n", "Retry-After", "5"},
};

/* ---- answers ----------------------------------------------------------------------------- */

void headers_add(const struct web *w, struct MHD_Response *r, bool html)
{
	const char *ours[WEB_HEADERS] = {
		[HEADER_NOSNIFF] = "nosniff",
		[HEADER_FRAME] = "deny",
		/* styles within the page and nothing else; no script above all */
		[HEADER_CSP] = html ? "default-src 'none'; style-src 'unsafe-inline'; base-uri "
				      "'none'; form-action 'none'; frame-ancestors 'none'"
				    : NULL,
	};

	for (u32 i = 0; i < WEB_HEADERS; i++) {
		const char *value = w->config.header[i] ? w->config.header[i] : ours[i];

		if (value && *value)
			MHD_add_response_header(r, web_header_names[i], value);
	}
}

static struct MHD_Response *text_make(const struct web *w, const char *text)
{
	struct MHD_Response *r =
		MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_MUST_COPY);

	if (!r)
		die(EXIT_CANNOT, "out of memory");
	MHD_add_response_header(r, "Content-Type", "text/plain; charset=utf-8");
	headers_add(w, r, false);
	return r;
}

void fixed_make(struct web *w)
{
	for (u32 i = 0; i < FIXED_ANSWERS; i++) {
		w->fixed[i] = text_make(w, fixed[i].text);
		if (fixed[i].header)
			MHD_add_response_header(w->fixed[i], fixed[i].header, fixed[i].value);
	}
}

static void status_count(struct conn *c, u32 status)
{
	u32 class = status / 100;

	if (c->counted || class < 1 || class > 5)
		return;
	c->counted = true;
	__atomic_fetch_add(&c->web->requests[class], 1, __ATOMIC_RELAXED);
}

static enum MHD_Result answer(struct conn *c, u32 status, struct MHD_Response *r)
{
	status_count(c, status);
	conn_state(c, CONN_ANSWER, ANSWER_MS);
	return MHD_queue_response(c->mhd, status, r);
}

static enum MHD_Result answer_fixed(struct conn *c, enum fixed_answer which)
{
	return answer(c, fixed[which].status, c->web->fixed[which]);
}

/* Does the thread that applies events go on, and keep up?  What speaks against it. */
static bool loop_fails(bool ready, struct buf *why)
{
	const u64 still = life_still_ns(), lag = life_lag_ns();

	if (still > (ready ? LAG_NS : STILL_NS))
		buf_printf(why, "events have not been looked at for %.1f s\n",
			   (double)still / NS_PER_S);
	else if (ready && lag > LAG_NS)
		buf_printf(why, "what is told here is %.1f s behind what happens\n",
			   (double)lag / NS_PER_S);
	return why->len;
}

static enum MHD_Result answer_health(struct conn *c, bool ready)
{
	struct web *w = c->web;
	struct buf why = {};
	struct MHD_Response *r;
	enum MHD_Result done;

	if (!loop_fails(ready, &why) && ready) {
		pthread_mutex_lock(&w->lock);
		if (!w->ready)
			buf_puts(&why, w->reason);
		pthread_mutex_unlock(&w->lock);
	}
	if (!why.len)
		return answer_fixed(c, ready ? FIXED_READY : FIXED_HEALTHY);
	r = text_make(w, why.s);
	done = answer(c, 503, r);
	MHD_destroy_response(r);
	buf_free(&why);
	return done;
}

/* ---- the request
 * --------------------------------------------------------------------------------- */

static const char *header_of(const struct conn *c, const char *name)
{
	return MHD_lookup_connection_value(c->mhd, MHD_HEADER_KIND, name);
}

static bool has_body(const struct conn *c)
{
	const char *length = header_of(c, "Content-Length");

	return (length && length[strspn(length, "0 ")]) || header_of(c, "Transfer-Encoding");
}

static enum MHD_Result page_wait(struct conn *c, enum web_page page)
{
	if (c->web->ending)
		return answer_fixed(c, FIXED_LATE);
	c->page = page;
	c->gzip = accept_gzip(header_of(c, "Accept-Encoding"));
	page_ask(c);
	return MHD_YES;
}

static enum MHD_Result route(struct conn *c, const char *url)
{
	const struct web *w = c->web;

	if (!strcmp(url, w->path))
		return page_wait(c, accept_openmetrics(header_of(c, "Accept")) ? PAGE_OPENMETRICS
									       : PAGE_TEXT);
	if (!strcmp(url, "/"))
		return page_wait(c, PAGE_LANDING);
	if (!strcmp(url, "/-/healthy"))
		return answer_health(c, false);
	if (!strcmp(url, "/-/ready"))
		return answer_health(c, true);
	return answer_fixed(c, FIXED_NOT_FOUND);
}

/* ---- passwords --------------------------------------------------------------------------- */

static enum MHD_Result password_told(struct conn *c, const char *url)
{
	if (c->told == AUTH_RIGHT)
		return route(c, url);
	return answer_fixed(c, c->told == AUTH_BUSY ? FIXED_BUSY : FIXED_PASSWORD);
}

/* A suspended connection goes on with what is told. */
static void password_tell(struct conn *c, enum auth_answer told)
{
	c->told = told;
	conn_state(c, CONN_TOLD, ANSWER_MS);
	MHD_resume_connection(c->mhd);
}

static enum MHD_Result password_ask(struct conn *c, const char *url)
{
	struct web *w = c->web;
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c->mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	u32 gone;

	c->told = w->ending
			  ? AUTH_BUSY
			  : auth_ask(w->auth, (u32)(c - w->conn), header_of(c, "Authorization"),
				     info ? info->client_addr : NULL, w->now_ms * NS_PER_MS, &gone);
	if (c->told != AUTH_WAIT)
		return password_told(c, url);
	if (gone < CONN_MAX)
		password_tell(&w->conn[gone], AUTH_BUSY);
	conn_state(c, CONN_ASKING, PAGE_MS);
	MHD_suspend_connection(c->mhd);
	return MHD_YES;
}

void password_late(struct conn *c)
{
	auth_leave(c->web->auth, (u32)(c - c->web->conn));
	password_tell(c, AUTH_BUSY);
}

void passwords_turn(struct web *w)
{
	enum auth_answer answer;
	u32 slot;

	while (auth_turn(w->auth, w->now_ms * NS_PER_MS, &slot, &answer))
		if (slot < CONN_MAX)
			password_tell(&w->conn[slot], answer);
}

/* ---- from its headers to its answer ------------------------------------------------------ */

static enum MHD_Result request_complete(struct conn *c, const char *url)
{
	return c->web->config.nusers ? password_ask(c, url) : route(c, url);
}

static enum MHD_Result request_resumed(struct conn *c)
{
	struct MHD_Response *r = page_response(c);

	if (r)
		return answer(c, 200, r);
	page_ask(c);
	return MHD_YES;
}

enum MHD_Result request_handle(void *web, struct MHD_Connection *mhd, const char *url,
			       const char *method, const char *version, const char *upload,
			       size_t *upload_bytes, void **context)
{
	struct conn *c = *context;

	(void)web;
	(void)upload;
	if (!c || c->mhd != mhd || c->closing || *upload_bytes)
		return MHD_NO;
	if (c->state == CONN_RESUMED)
		return request_resumed(c);
	if (c->state == CONN_TOLD)
		return password_told(c, url);
	if (c->state == CONN_LATE)
		return answer_fixed(c, FIXED_LATE);
	if (c->begun)
		return request_complete(c, url);
	c->begun = true;
	if (request_foul(c, version))
		return answer_fixed(c, FIXED_WRONG);
	if (request_foreign(c))
		return answer_fixed(c, FIXED_HOST);
	if (strcmp(method, "GET") && strcmp(method, "HEAD"))
		return answer_fixed(c, FIXED_METHOD);
	if (has_body(c))
		return answer_fixed(c, FIXED_BODY);
	return MHD_YES;
}

/* ---- its begin and its end
 * ------------------------------------------------------------------------ */

static struct conn *conn_of(struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

/* The first line was read.  What is returned is `context` later on. */
void *request_begin(void *web, const char *uri, struct MHD_Connection *mhd)
{
	struct conn *c = conn_of(mhd);

	(void)web;
	if (!c)
		return NULL;
	c->begun = c->counted = false;
	c->uri = uri;
	c->uri_len = strlen(uri);
	c->foul |= target_foul(uri);
	if (c->state != CONN_REQUEST)
		conn_state(c, CONN_REQUEST, REQUEST_MS);
	return c;
}

void request_end(void *web, struct MHD_Connection *mhd, void **context,
		 enum MHD_RequestTerminationCode why)
{
	struct conn *c = conn_of(mhd);
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_HTTP_STATUS);

	(void)web;
	(void)context;
	(void)why;
	if (!c)
		return;
	/* what libmicrohttpd answered by itself */
	status_count(c, info ? info->http_status : 0);
	c->begun = false;
	conn_state(c, CONN_IDLE, IDLE_MS);
}
