/* SPDX-License-Identifier: BSD-2-Clause */
/* Which sockets answer to a port, an address or a name. */
#include <stdlib.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "answer.h"

static bool name_matches(const struct model *m, const struct unix_name *q, const struct sock *s)
{
	const struct unix_name *n = name_at(m, s->name);
	size_t len = q->s[0] ? strnlen(q->s, q->len) : q->len;

	if (!n || n->len < len || memcmp(n->s, q->s, len))
		return false;
	return q->s[0] ? strnlen(n->s, n->len) == len : n->len == len;
}

/*
 * Does the path lead there?  By the file, as the kernel finds it.  Some file systems (overlayfs,
 * btrfs) tell stat() another device than they have: then the name decides with the inode.
 */
static bool file_matches(const struct model *m, const struct query *q, const struct sock *s)
{
	const struct name *f = sock_file(m, s);

	return q->file.socket && f->file == q->file.ino &&
	       (f->file_dev == q->file.dev || name_matches(m, &q->name, s));
}

/* A relative path is another one for everybody: where it leads somewhere, that file alone counts. */
static bool unix_matches(const struct model *m, const struct query *q, const struct sock *s)
{
	bool relative = q->file.there && q->name.s[0] != '/';

	return PROTO_FAMILY(s->proto) == AF_UNIX &&
	       (file_matches(m, q, s) || (!relative && name_matches(m, &q->name, s)));
}

/* MPTCP sockets have ports of TCP. */
static bool proto_matches(const char *proto, const struct sock *s)
{
	const char *name = name_proto(s->proto);

	return !strcmp(proto, name) || (!strcmp(proto, "tcp") && !strcmp(name, "mptcp"));
}

bool query_matches(const struct model *m, const struct query *q, const struct sock *s)
{
	if (q->name.len)
		return unix_matches(m, q, s);
	if (s->local.port != q->addr.port || PROTO_FAMILY(s->proto) == AF_UNIX)
		return false;
	if (q->proto && !proto_matches(q->proto, s))
		return false;
	return !q->has_addr || bind_overlaps(&q->addr, s) ||
	       (q->has_other && bind_overlaps(&q->other, s));
}

static u8 sock_rank(const struct sock *s)
{
	if (sock_standing(s) == SOCK_IS_LISTENING)
		return 0;
	if (sock_is_offer(s))
		return 1;
	return s->sflags & SF_TIMEWAIT || s->state == TCP_TIME_WAIT ? 3 : 2;
}

static int match_cmp(const void *a, const void *b)
{
	const struct match *x = a, *y = b;
	const struct sock *s = x->sock, *t = y->sock;

	if (x->elsewhere != y->elsewhere)
		return x->elsewhere - y->elsewhere;
	if (x->unreached != y->unreached)
		return x->unreached < y->unreached ? -1 : 1;
	if (x->elsewhere && s->netns != t->netns)
		return s->netns < t->netns ? -1 : 1;
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

static bool match_of(const struct model *m, const struct query *q, const struct sock *s,
		     struct match *out)
{
	if (!query_matches(m, q, s) || (!q->name.len && !sock_keeps_port(s)))
		return false;
	*out = (struct match){
		.sock = s, .elsewhere = sock_is_elsewhere(m, s), .rank = sock_rank(s)};
	if (q->name.len &&
	    (q->file.looked && sock_file(m, s)->file ? !file_matches(m, q, s)
						     : sock_file(m, s)->file_names == FILE_REMOVED))
		out->unreached = file_unreached(m, q, s);
	return true;
}

/*
 * A stream that is connected is reached by nobody under its name.  One that was accepted only has
 * the name of its listener, and its end gives no name back; of a path the file remains whoever had
 * it.  As long as something offers that name they are its connections.
 */
static bool only_connected(const struct query *q, const struct match *x)
{
	const struct sock *s = x->sock;

	return x->rank == 2 && PROTO_TYPE(s->proto) != SOCK_DGRAM && s->state == TCP_ESTABLISHED &&
	       (q->name.s[0] || s->listener);
}

static u32 connections_part(const struct query *q, struct match *list, u32 n, u32 here)
{
	for (u32 i = 0; i < n; i++)
		if (!list[i].elsewhere && !list[i].unreached && list[i].rank < 2)
			return here;
	for (u32 i = 0; i < n; i++)
		if (!list[i].elsewhere && !list[i].unreached && only_connected(q, &list[i])) {
			list[i].unreached = UNREACHED_CONNECTION;
			here--;
		}
	return here;
}

u32 matches_of(const struct model *m, const struct query *q, struct match **out, u32 *here)
{
	bool named = q->name.len;
	u32 id = named ? sock_next(m, 0) : map_get(&m->by_port, q->addr.port), n = 0, cap = 0;

	*out = NULL;
	*here = 0;
	while (id) {
		const struct sock *s = sock_at(m, id);
		struct match one;

		if (match_of(m, q, s, &one)) {
			if (n == cap)
				*out = xrealloc(*out, (cap = cap ? cap * 2 : 16) * sizeof(**out));
			(*out)[n++] = one;
			*here += !one.elsewhere && !one.unreached;
		}
		id = named ? sock_next(m, id) : s->port_next;
	}
	if (named)
		*here = connections_part(q, *out, n, *here);
	if (n)
		qsort(*out, n, sizeof(**out), match_cmp);
	return n;
}

static bool is_kind(const struct sock *s, bool dgram)
{
	const char *name = name_proto(s->proto);

	return dgram ? !strcmp(name, "udp") : !strcmp(name, "tcp") || !strcmp(name, "mptcp");
}

/* Nobody is two users: of one each they are. */
static bool one_uid(const struct match *list, u32 here, bool dgram, u8 passes, u32 *uid)
{
	bool any = false;

	for (u32 i = 0; i < here; i++) {
		const struct sock *s = list[i].sock;

		if (!is_kind(s, dgram) || !(bind_passes(s) & BIND_REUSEPORT) ||
		    (bind_passes(s) & ~passes) || bind_any_uid(s))
			continue;
		if (any && *uid != s->uid)
			return false;
		any = true;
		*uid = s->uid;
	}
	if (!any)
		*uid = BIND_ANY_UID;
	return true;
}

struct bind_way bind_way(const struct match *list, u32 here, bool dgram)
{
	struct bind_way w = {.works = BIND_PLAIN | BIND_REUSEADDR | BIND_REUSEPORT | BIND_BOTH};
	u32 uid;

	for (u32 i = 0; i < here; i++)
		if (is_kind(list[i].sock, dgram)) {
			u8 passes = bind_passes(list[i].sock);

			w.works &= (u8)(passes | (passes ? BIND_BOTH : 0));
		}
	if (!one_uid(list, here, dgram, BIND_REUSEADDR | BIND_REUSEPORT, &w.uid))
		w.works &= (u8)~BIND_REUSEPORT;
	if (!one_uid(list, here, dgram, BIND_REUSEPORT, &uid))
		w.works &= (u8)~BIND_BOTH;
	return w;
}
