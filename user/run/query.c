/* SPDX-License-Identifier: BSD-2-Clause */
/* What people ask for in words: a port, a set of events; and what a mistyped word meant. */
#include <limits.h>
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include "options.h"

/* ---- the nearest name ----------------------------------------------------------------------- */

#define WORD_MAX 24

/* Edits from one word to the other, a swap of neighbours counting as one. */
static u32 distance(const char *a, const char *b)
{
	u32 rows[3][WORD_MAX + 1] = {}, na = strlen(a), nb = strlen(b);

	if (na > WORD_MAX || nb > WORD_MAX)
		return WORD_MAX;
	for (u32 j = 0; j <= nb; j++)
		rows[0][j] = j;
	for (u32 i = 1; i <= na; i++) {
		u32 *row = rows[i % 3], *up = rows[(i + 2) % 3], *upup = rows[(i + 1) % 3];

		row[0] = i;
		for (u32 j = 1; j <= nb; j++) {
			u32 best = up[j - 1] + (a[i - 1] != b[j - 1]);

			if (up[j] + 1 < best)
				best = up[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    upup[j - 2] + 1 < best)
				best = upup[j - 2] + 1;
			row[j] = best;
		}
	}
	return rows[na % 3][nb];
}

const char *nearest_name(const char *word, const char *const *names, size_t n)
{
	const char *best = NULL;
	u32 least = strlen(word) > 4 ? 3 : 2; /* one more than is allowed */

	for (size_t i = 0; i < n; i++) {
		u32 d = distance(word, names[i]);

		if (d >= least && strlen(word) > 1 && !strncmp(word, names[i], strlen(word)))
			d = least - 1;
		if (d < least) {
			least = d;
			best = names[i];
		}
	}
	return best;
}

/* ---- kinds ---------------------------------------------------------------------------------- */

static void unknown_event(const char *word, size_t n, struct buf *why)
{
	const char *names[EV_KIND_MAX], *near;
	char cut[WORD_MAX + 1] = {};
	size_t count = 0;

	for (unsigned int i = 1; i < EV_KIND_MAX; i++) {
		const struct kind *k = event_kind(i);

		if (k && k->public)
			names[count++] = k->public;
	}
	memcpy(cut, word, n < WORD_MAX ? n : WORD_MAX);
	near = n ? nearest_name(cut, names, count) : NULL;
	buf_puts(why, "there is no event \"");
	buf_add(why, word, n);
	if (near)
		buf_printf(why, "\"; did you mean %s?", near);
	else
		buf_puts(why, "\"; \"probate trace --list\" shows them all");
}

bool kinds_parse(const char *list, u64 *kinds, struct buf *why)
{
	size_t n;

	for (const char *s = list;; s += n + 1) {
		u64 bits;

		n = strcspn(s, ",");
		bits = event_kinds_by_name(s, n);
		if (!bits) {
			unknown_event(s, n, why);
			return false;
		}
		*kinds |= bits;
		if (!s[n])
			return true;
	}
}

#define B(ID) (1ull << EV_KIND_##ID)
/* To know who is who at all. */
#define NEED_NAMES (B(FORK) | B(EXEC) | B(EXIT) | B(RENAME) | B(FREE))
#define NEED_TASKS (NEED_NAMES | B(WAIT) | B(SIGNAL) | B(SUBREAPER) | B(SESSION) | B(HEADLESS))
#define NEED_FDS                                                                                   \
	(B(THREAD) | B(THREAD_EXIT) | B(HEADLESS) | B(INSTALL) | B(CLOSE) | B(CLOSE_RANGE) |       \
	 B(CLOEXEC) | B(PASS) | B(FDTAB) | B(SOCKET) | B(ACCEPT))
#define NEED_SOCKS                                                                                 \
	(NEED_FDS | B(BIND) | B(UNIX_BIND) | B(LISTEN) | B(CONNECT) | B(STATE) | B(DESTROY) |      \
	 B(USE))
#define NEED_ALWAYS                                                                                \
	(B(CLOCK) | B(TICK) | B(LOST) | B(CGROUP) | B(SCAN_BEGIN) | B(SCAN_END) | B(SCAN_TASK) |   \
	 B(SCAN_FD) | B(SCAN_SOCK) | B(SCAN_NAME) | B(SCAN_QUEUE) | B(SCAN_ARGS) | B(SCAN_MISS) |  \
	 1)

/* What a kind needs beyond itself and the names. */
static const struct {
	u16 kind;
	u64 raw;
} needs[] = {
	{EV_KIND_EXIT, B(SIGNAL)},
	{EV_KIND_STATE, B(SOCKET) | B(ACCEPT)}, /* whose it is */
	{EV_KIND_BIND, NEED_SOCKS},		/* names who holds the address already */
	{EV_KIND_ZOMBIE, NEED_TASKS},
	{EV_KIND_REAP, NEED_TASKS},
	{EV_KIND_REPARENT, NEED_TASKS},
	{EV_KIND_TRANSFER, NEED_NAMES | NEED_SOCKS},
	{EV_KIND_LEAK, NEED_NAMES | NEED_SOCKS},
	{EV_KIND_GONE, NEED_NAMES | NEED_SOCKS},
};

u64 kinds_needed(u64 kinds)
{
	u64 raw = kinds | NEED_NAMES | NEED_ALWAYS;

	if (!kinds)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(needs); i++)
		if (kinds & event_bit(needs[i].kind))
			raw |= needs[i].raw;
	return raw & ~KINDS_TOLD; /* without the bits of what the model tells */
}

/* ---- a port --------------------------------------------------------------------------------- */

static bool unix_query(const char *s, struct query *q, struct buf *why)
{
	size_t n = strlen(s);

	if (!n || (n == 1 && *s == '@')) {
		buf_puts(why, "unix: needs a name: unix:/path or unix:@name");
		return false;
	}
	if (n > UNIX_LEN) {
		buf_printf(why, "the name of a UNIX socket has at most %d bytes", UNIX_LEN);
		return false;
	}
	q->proto = "unix";
	q->name.len = n;
	memcpy(q->name.s, s, n);
	if (*s == '@')
		q->name.s[0] = 0;
	return true;
}

static bool port_query(const char *s, struct query *q, struct buf *why)
{
	u64 port;

	if (!*s)
		buf_puts(why, "the port is missing: write it as 8080, tcp/8080 or 127.0.0.1:8080");
	else if (strspn(s, "0123456789") != strlen(s))
		buf_printf(why, "\"%s\" is not a port: write a number from 1 to 65535", s);
	else if (!parse_u64(s, 65535, &port) || !port)
		buf_printf(why, "there is no port %s: ports go from 1 to 65535", s);
	else
		q->addr.port = port;
	return q->addr.port;
}

/* An IP address, with or without brackets and with or without a zone (%eth0), which is passed over. */
static bool ip_parse(const char *s, size_t n, struct ep *ep)
{
	char text[80];
	size_t zone;

	if (n && *s == '[') {
		s++;
		n -= 2;
	}
	if (n >= sizeof(text))
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)n, s);
	zone = strcspn(text, "%");
	ep->family = strchr(text, ':') ? AF_INET6 : AF_INET;
	if (ep->family == AF_INET6)
		text[zone] = 0;
	return inet_pton(ep->family, text, ep->ip) == 1;
}

/*
 * ADDR:PORT with the colon at s + n.  An IPv6 address goes without brackets, too, as Node, netstat
 * and many logs write it (":::80", "::1:80"): the port is behind the last colon.
 */
static bool addr_query(const char *s, size_t n, struct query *q, struct buf *why)
{
	static const struct ep v4 = {.ip = {127, 0, 0, 1}, .family = AF_INET};
	static const struct ep v6 = {.ip = {[15] = 1}, .family = AF_INET6};

	if (n == 0 || (n == 1 && *s == '*'))
		return port_query(s + n + 1, q, why);
	if (*s == '[' && s[n - 1] != ']') {
		buf_printf(why, "the bracket of \"%s\" is not closed: write [ADDR]:PORT", s);
		return false;
	}
	q->has_addr = true;
	if (n == 9 && !strncasecmp(s, "localhost", n)) {
		q->has_other = true;
		q->addr = v4;
		q->other = v6;
	} else if (!ip_parse(s, n, &q->addr)) {
		if (ip_parse(s, strlen(s), &q->addr)) {
			buf_printf(why, "the port is missing: write [%s]:PORT", s);
			return false;
		}
		buf_printf(why, "\"%.*s\" is not an IP address", (int)n, s);
		return false;
	}
	return port_query(s + n + 1, q, why);
}

bool query_parse(const char *s, struct query *q, struct buf *why)
{
	static const char *const protos[] = {"tcp", "udp", "sctp", "mptcp", "udplite"};
	const char *slash = strchr(s, '/'), *colon;
	size_t n = slash ? (size_t)(slash - s) : 0;

	memset(q, 0, sizeof(*q));
	if (!strncmp(s, "unix:", 5) || !strncmp(s, "unix/", 5))
		return unix_query(s + 5, q, why);
	if (*s == '/' || *s == '@' || !strncmp(s, "./", 2) || !strncmp(s, "../", 3))
		return unix_query(s, q, why);
	for (size_t i = 0; slash && i < ARRAY_SIZE(protos); i++)
		if (strlen(protos[i]) == n && !strncasecmp(s, protos[i], n))
			q->proto = protos[i];
	if (slash && !q->proto) {
		buf_printf(why, "\"%.*s\" is no protocol with ports: use tcp or udp", (int)n, s);
		return false;
	}
	if (slash)
		s = slash + 1;
	if (*s == '[' && strchr(s, ']') && !strrchr(s, ']')[1]) {
		buf_printf(why, "the port is missing: write %s:PORT", s);
		return false;
	}
	colon = strrchr(s, ':');
	return colon ? addr_query(s, colon - s, q, why) : port_query(s, q, why);
}

/* ---- as operands ---- */

u32 pid_value(const char *what, const char *value)
{
	u64 pid;

	bool ok = parse_u64(value, INT_MAX, &pid) && pid;

	if (!ok && !what)
		die(EXIT_USAGE, "\"%s\" is not the number of a process", value);
	if (!ok)
		die(EXIT_USAGE, "%s takes the number of a process, not \"%s\"", what, value);
	return pid;
}

/* ---- the table ------------------------------------------------------------------------------- */

void operand_query(struct opts *o, const char *word)
{
	struct buf why = {};

	if (!query_parse(word, &o->query, &why))
		die(EXIT_USAGE, "%s", why.s);
	buf_free(&why);
}

void operand_pid(struct opts *o, const char *word)
{
	o->pid = pid_value(NULL, word);
}
