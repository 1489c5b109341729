/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the HTTP side share.
 *
 *   web.c          the calls of the main thread, and what both threads touch, under one lock
 *   web_loop.c     the thread: new connections, deadlines, room
 *   web_request.c  one request: is it allowed, what is it about, what is the answer
 *   web_page.c     requests that wait for a page, and pages that have come
 *   web_accept.c   the headers by which a client chooses
 *   web_check.c    what no request has; web_host.c whom it may name
 *   web_auth.c     passwords, by turns; web_bcrypt.c computes them
 *   web_listen.c   addresses and sockets
 *   web_config.c   --web.config.file; web_yaml.c reads YAML, web_tls.c makes TLS of
 * it
 *
 * libmicrohttpd runs without a thread or a listening socket of its own: all it does happens within
 * our one thread, so that a connection can be closed from outside of it without any race.
 */
#ifndef PROBATE_WEB_PRIV_H
#define PROBATE_WEB_PRIV_H

#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <pthread.h>
#include <sys/socket.h>

#include "web.h"

/* ---- configuration ----------------------------------------------------------------------- */

#define WEB_TEXT_MAX  (1u << 20) /* bytes of a configuration, a key, a list of certificates */
#define WEB_USERS_MAX 256
#define WEB_NAMES_MAX 256
#define BCRYPT_LEN    60
#define BCRYPT_COST   15 /* at most: about two seconds a password */

/* Text of a PEM, from a file or from the configuration itself. */
struct web_pem {
	char *text; /* NULL: not given */
	char *file; /* NULL: the configuration itself */
	u32 line;   /* of the configuration */
};

enum client_auth {
	CLIENT_NONE,
	CLIENT_REQUEST,
	CLIENT_REQUIRE,
	CLIENT_VERIFY_GIVEN,
	CLIENT_VERIFY,
};

enum tls_version { TLS_1_0, TLS_1_1, TLS_1_2, TLS_1_3, TLS_VERSIONS };

struct web_tls {
	struct web_pem cert, key, ca;
	enum client_auth client;
	u32 client_line;
	char *sans[WEB_NAMES_MAX];
	u32 nsans, sans_line;
	enum tls_version min, max;
	u32 version_line;
	char priorities[128]; /* for GnuTLS: the versions */
};

struct web_user {
	char *name;
	char hash[BCRYPT_LEN + 1];
};

enum web_header { HEADER_HSTS, HEADER_NOSNIFF, HEADER_FRAME, HEADER_XSS, HEADER_CSP, WEB_HEADERS };

struct web_config {
	const char *path;
	bool tls_on;
	struct web_tls tls;
	char *header[WEB_HEADERS]; /* NULL: ours */
	struct web_user *users;
	u32 nusers;
};

extern const char *const web_header_names[WEB_HEADERS];

/* 0 or -EINVAL with a sentence. */
int web_config_read(struct web_config *c, const char *path, struct buf *err);
void web_config_free(struct web_config *c);
/* "FILE:LINE: " and the sentence; -EINVAL. */
int config_wrong(const char *path, u32 line, struct buf *err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Does all of it fit together?  Fills in the priorities.  0 or -EINVAL with a sentence. */
int web_tls_check(struct web_config *c, struct buf *err);
/* A connection begins: ask for the certificate as configured, and verify it. */
void web_tls_begin(const struct web_tls *t, gnutls_session_t session);
/* The keys are with libmicrohttpd: nothing of them stays with us. */
void web_tls_forget(struct web_tls *t);

/* ---- passwords --------------------------------------------------------------------------- */

#define SAID_MAX       1024 /* bytes of a name and a password */
#define AUTH_WAITS_MAX 32   /* half of all connections: the others are for who is known */

struct auth;
enum auth_answer { AUTH_RIGHT, AUTH_WRONG, AUTH_WAIT, AUTH_BUSY };
struct auth *auth_new(const struct web_config *c, int wake_fd);
/* A thread computes from now on.  0 or -errno. */
int auth_start(struct auth *a);
/*
 * The connection of a slot asks.  header: of "Authorization", or NULL; from: NULL is of no network.
 * AUTH_WAIT: auth_turn() will tell; *gone: whose place it took, else UINT32_MAX.  Busy: too many
 * wait, ask again.
 */
enum auth_answer auth_ask(struct auth *a, u32 slot, const char *header, const struct sockaddr *from,
			  u64 now_ns, u32 *gone);
/* Who asked waits no more; what was asked is computed all the same. */
void auth_leave(struct auth *a, u32 slot);
/* Let the next have its turn.  True: one is done; slot: UINT32_MAX where nobody waits any more. */
bool auth_turn(struct auth *a, u64 now_ns, u32 *slot, enum auth_answer *answer);
/* When there is a turn to begin; UINT64_MAX: wake_fd tells. */
u64 auth_next_ns(const struct auth *a);
void auth_free(struct auth *a);

/* Readable is wake_fd when one is done. */
struct bcrypt;
struct bcrypt *bcrypt_new(int wake_fd);
int bcrypt_start(struct bcrypt *b);
void bcrypt_begin(struct bcrypt *b, const char *password, const char *hash);
/* Done since it was begun: is it right, what did it cost? */
bool bcrypt_done(struct bcrypt *b, bool *right, u64 *cost_ns);
void bcrypt_free(struct bcrypt *b);

/* ---- sockets and addresses --------------------------------------------------------------- */

#define HOST_MAX 256
/* "host:port", "[v6]:port", ":port".  false: it is none of these. */
bool address_split(const char *s, char host[HOST_MAX], u16 *port);
/* Fills w->listen and w->url.  0 or -errno with a sentence. */
int listen_open(struct web *w, const struct web_opts *o, struct buf *err);

/* ---- what a request must be (web_check.c), and for whom (web_host.c) --------------------- */

/* The names by which the exporter may be asked, beside addresses and names without a dot. */
struct web_names {
	char *v[WEB_NAMES_MAX];
	u32 n;
	bool any;
};
void names_learn(struct web_names *n, const struct web_opts *o);
bool names_have(const struct web_names *n, const char *host);
void names_free(struct web_names *n);

struct conn;
/* A byte in what has come and was not read yet that no request has. */
bool bytes_foul(int fd);
/* The target as it was sent: no control bytes, encoded ones neither. */
bool target_foul(const char *uri);
bool request_foul(struct conn *c, const char *version);
bool request_foreign(struct conn *c);

/* ---- what a client chooses --------------------------------------------------------------- */

/* Does "Accept" say that OpenMetrics is to be preferred?  NULL: no such header. */
bool accept_openmetrics(const char *accept);
/* May the answer be packed by gzip? */
bool accept_gzip(const char *accept_encoding);

/* ---- connections and the thread ---------------------------------------------------------- */

#define CONN_MAX       64
#define CONN_MEMORY    16384u /* bytes for a request's headers and what we answer to it */
#define REQUEST_MS     10000  /* to deliver a whole request, the handshake of TLS included */
#define IDLE_MS	       75000  /* until the next one: a scrape a minute keeps its connection */
#define PAGE_MS	       10000  /* for the main thread to make the page */
#define ANSWER_MS      30000  /* to take the whole answer */
#define REQUEST_MIN_MS 250    /* that much even when room is wanted */
#define ANSWER_MIN_MS  2000

enum conn_state {
	CONN_REQUEST, /* the request is on its way */
	CONN_ASKING,  /* whether the password is right; suspended */
	CONN_TOLD,    /* that is known */
	CONN_WAITING, /* for a page; suspended */
	CONN_RESUMED, /* the page is there */
	CONN_LATE,    /* the page did not come in time */
	CONN_ANSWER,  /* the answer is on its way */
	CONN_IDLE,    /* there may be another request */
};

struct conn {
	struct web *web;
	struct MHD_Connection *mhd; /* NULL: the slot is free */
	int fd;
	enum conn_state state;
	size_t uri_len; /* of the target as it was sent */
	const char *uri;
	bool begun;   /* the headers of this request were looked at */
	bool counted; /* the answer to this request is among the answered */
	bool closing; /* shut down: libmicrohttpd is about to see it */
	bool gzip;
	bool foul; /* bytes that no request has were seen */
	enum auth_answer told;
	enum web_page page;
	u64 turn; /* waits for a page that was begun at this turn or later */
	u64 since_ms, until_ms;
};

/* What both threads know of a page. */
struct page_box {
	bool asked; /* by the thread of HTTP, not yet heard */
	bool full;  /* body waits to be fetched by the thread of HTTP */
	u64 turn;   /* how often the main thread began to make it */
	u64 body_turn;
	struct buf body;
};

enum fixed_answer {
	FIXED_HEALTHY,
	FIXED_READY,
	FIXED_NOT_FOUND,
	FIXED_METHOD,
	FIXED_WRONG,
	FIXED_HOST,
	FIXED_BODY,
	FIXED_PASSWORD,
	FIXED_BUSY,
	FIXED_LATE,
	FIXED_ANSWERS,
};

struct web {
	char *path, *url;
	int listen[WEB_LISTEN_MAX];
	u32 nlisten;
	struct web_config config;
	struct web_names names;
	struct MHD_Daemon *daemon;
	struct buf *says; /* where libmicrohttpd's complaints go; NULL: nowhere */
	struct MHD_Response *fixed[FIXED_ANSWERS];
	u64 requests[6]; /* atomic */

	pthread_t thread;
	bool started;
	int asked_fd;	      /* readable for the main thread: a page is asked for */
	int wake_fd;	      /* readable for the thread of HTTP: a page has come, or the end */
	pthread_mutex_t lock; /* of the rest of this paragraph */
	bool stop, ready;
	char reason[200];
	struct page_box box[WEB_PAGES];
	u32 next; /* the page that is looked at first: each gets its turn */

	/* the thread of HTTP alone */
	struct auth *auth;
	struct conn conn[CONN_MAX];
	u32 nconns;
	bool ending;				 /* nobody may wait any more */
	u64 now_ms, rest_until_ms;		 /* no new connection before: out of descriptors */
	struct MHD_Response *page[WEB_PAGES][2]; /* plain, gzip: for who is being answered now */
	struct {
		const char *s;
		size_t len;
	} text[WEB_PAGES]; /* borrowed from the plain one */
};

void *web_loop(void *web);
void conn_closing(struct conn *c);
void conn_state(struct conn *c, enum conn_state state, u32 ms);
/* Callbacks of libmicrohttpd. */
void conn_notify(void *web, struct MHD_Connection *mhd, void **socket_context,
		 enum MHD_ConnectionNotificationCode what);
void *request_begin(void *web, const char *uri, struct MHD_Connection *mhd);
enum MHD_Result request_handle(void *web, struct MHD_Connection *mhd, const char *url,
			       const char *method, const char *version, const char *upload,
			       size_t *upload_bytes, void **context);
/* Passwords that were computed, and those for whom it takes too long. */
void passwords_turn(struct web *w);
void password_late(struct conn *c);
void request_end(void *web, struct MHD_Connection *mhd, void **context,
		 enum MHD_RequestTerminationCode why);

/* Answers that are always the same. */
void fixed_make(struct web *w);
/* Ours, or what the configuration says instead. */
void headers_add(const struct web *w, struct MHD_Response *r, bool html);

/* The request waits for a page that is begun after now. */
void page_ask(struct conn *c);
/* Pages that have come go to who waits for them. */
void pages_take(struct web *w);
/* The page for a resumed request; NULL: it is no longer there. */
struct MHD_Response *page_response(struct conn *c);
/* Everybody who was resumed has the page now. */
void pages_drop(struct web *w);

#endif
