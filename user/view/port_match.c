/* SPDX-License-Identifier: BSD-2-Clause */
/* Which sockets answer to a port, an address or a name. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "view.h"

/* An IPv4 address in IPv6 clothes is an IPv4 address. */
static struct ep ep_plain(const struct ep *ep)
{
	static const u8 mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct ep out = *ep;

	if (ep->family == AF_INET6 && !memcmp(ep->ip, mapped, 12)) {
		memset(out.ip, 0, sizeof(out.ip));
		memcpy(out.ip, ep->ip + 12, 4);
		out.family = AF_INET;
	}
	return out;
}

static bool addr_matches(const struct ep *want, const struct sock *s)
{
	struct ep q = ep_plain(want), l = ep_plain(&s->local);

	if (sock_is_wild(&l) && l.family == AF_INET6 && q.family == AF_INET)
		return !(s->sflags & SF_V6ONLY);
	if (l.family != q.family)
		return false;
	return sock_is_wild(&l) || sock_is_wild(&q) ||
	       !memcmp(l.ip, q.ip, q.family == AF_INET ? 4 : 16);
}

static bool name_matches(const struct model *m, const struct unix_name *q, const struct sock *s)
{
	const struct unix_name *n = name_at(m, s->name);
	size_t len = q->s[0] ? strnlen(q->s, q->len) : q->len;

	if (!n || PROTO_FAMILY(s->proto) != AF_UNIX || n->len < len || memcmp(n->s, q->s, len))
		return false;
	return q->s[0] ? strnlen(n->s, n->len) == len : n->len == len;
}

bool query_matches(const struct model *m, const struct query *q, const struct sock *s)
{
	if (q->name.len)
		return name_matches(m, &q->name, s);
	if (s->local.port != q->addr.port || s->sflags & SF_OFFPORT ||
	    PROTO_FAMILY(s->proto) == AF_UNIX)
		return false;
	if (q->proto && strcmp(q->proto, name_proto(s->proto)))
		return false;
	return !q->has_addr || addr_matches(&q->addr, s);
}

static u8 sock_rank(const struct sock *s)
{
	const char *state = sock_state(s);

	if (state && !strcmp(state, "LISTEN"))
		return 0;
	if (sock_is_offer(s))
		return 1;
	return s->sflags & SF_TIMEWAIT || s->state == 6 ? 3 : 2;
}

static int match_cmp(const void *a, const void *b)
{
	const struct match *x = a, *y = b;
	const struct sock *s = x->sock, *t = y->sock;

	if (x->rank != y->rank)
		return x->rank - y->rank;
	if (s->proto != t->proto)
		return s->proto < t->proto ? -1 : 1;
	if (s->opened != t->opened)
		return s->opened < t->opened ? -1 : 1;
	if (s->inode != t->inode)
		return s->inode < t->inode ? -1 : 1;
	return (s->id > t->id) - (s->id < t->id);
}

u32 matches_of(const struct model *m, const struct query *q, struct match **out)
{
	bool named = q->name.len;
	u32 id = named ? sock_next(m, 0) : map_get(&m->by_port, q->addr.port), n = 0, cap = 0;

	*out = NULL;
	while (id) {
		const struct sock *s = sock_at(m, id);

		if (query_matches(m, q, s)) {
			if (n == cap)
				*out = xrealloc(*out, (cap = cap ? cap * 2 : 16) * sizeof(**out));
			(*out)[n++] = (struct match){.sock = s, .rank = sock_rank(s)};
		}
		id = named ? sock_next(m, id) : s->port_next;
	}
	if (n)
		qsort(*out, n, sizeof(**out), match_cmp);
	return n;
}
