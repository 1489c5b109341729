// SPDX-License-Identifier: BSD-2-Clause
/*
 * What bind() of an address would meet, as the kernel decides it.
 *
 * Two sockets of a protocol and a network namespace get into each other's way if their addresses
 * overlap (inet_rcv_saddr_equal) and neither SO_REUSEADDR nor SO_REUSEPORT lets them share
 * (inet_bind_conflict, udp_lib_lport_inuse); both count only where the old socket has them, too.
 * What is odd about addresses:
 *   - An IPv6 socket also has an IPv4 address: 0.0.0.0 on [::], its own where it is mapped, and
 *     otherwise one that nobody uses, which 0.0.0.0 still overlaps with.
 *   - bind() makes a socket V6ONLY that is given any other IPv6 address.  A connection accepted
 *     there from [::] is not, and so it keeps 0.0.0.0.
 */
#include <sys/socket.h>

#include "verdict_priv.h"

enum reach { ANY, MAPPED, OTHER }; /* of an IPv6 address; an IPv4 one is MAPPED */

struct place {
	enum reach kind;
	bool v4;   /* a socket of IPv4 */
	bool only; /* V6ONLY */
	u8 ip[16], ip4[4];
};

static bool zero(const u8 *p, size_t n)
{
	static const u8 none[16];

	return !memcmp(p, none, n);
}

static struct place place_of(const struct ep *ep)
{
	static const u8 mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct place p = {.v4 = ep->family == AF_INET};

	if (p.v4) {
		p.kind = MAPPED;
		memcpy(p.ip4, ep->ip, 4);
		return p;
	}
	memcpy(p.ip, ep->ip, 16);
	p.kind = zero(ep->ip, 16) ? ANY : !memcmp(ep->ip, mapped, 12) ? MAPPED : OTHER;
	if (p.kind == MAPPED)
		memcpy(p.ip4, ep->ip + 12, 4);
	return p;
}

static bool overlap4(const struct place *new, const struct place *old)
{
	if (old->only)
		return false;
	if (old->kind == OTHER)
		return new->v4 &&zero(new->ip4, 4);
	return zero(new->ip4, 4) || zero(old->ip4, 4) || !memcmp(new->ip4, old->ip4, 4);
}

static bool overlap(const struct place *new, const struct place *old)
{
	if (new->v4 || (new->kind == MAPPED && old->kind == MAPPED))
		return overlap4(new, old);
	if (new->kind == ANY)
		return true;
	if (old->kind == ANY)
		return !(old->only && new->kind == MAPPED);
	return !old->v4 && !memcmp(new->ip, old->ip, 16);
}

bool sock_keeps_port(const struct sock *s)
{
	return s->local.port && !(s->sflags & SF_OFFPORT) && PROTO_TYPE(s->proto) != SOCK_RAW;
}

bool bind_overlaps(const struct ep *asked, const struct sock *s)
{
	struct place new = place_of(asked), old = place_of(&s->local);

	old.only = s->sflags & SF_V6ONLY;
	return overlap(&new, &old);
}

u8 bind_passes(const struct sock *s)
{
	bool dgram = PROTO_TYPE(s->proto) == SOCK_DGRAM;
	bool addr = s->sflags & SF_REUSEADDR && (dgram || s->state != TCP_LISTEN);

	return (addr ? BIND_REUSEADDR : 0) | (s->sflags & SF_REUSEPORT ? BIND_REUSEPORT : 0);
}

bool bind_any_uid(const struct sock *s)
{
	return s->sflags & SF_TIMEWAIT;
}

static bool same_ports(u32 a, u32 b)
{
	const char *x = name_proto(a), *y = name_proto(b);

	x = strcmp(x, "mptcp") ? x : "tcp";
	return !strcmp(x, strcmp(y, "mptcp") ? y : "tcp");
}

bool bind_conflicts(const struct ev_bind *b, const struct sock *s)
{
	u8 passes = bind_passes(s);

	if (!sock_keeps_port(s) || s->local.port != b->local.port ||
	    !same_ports(s->proto, b->proto))
		return false;
	if ((s->netns && b->netns && s->netns != b->netns) || !bind_overlaps(&b->local, s))
		return false;
	if (b->sflags & SF_REUSEADDR && passes & BIND_REUSEADDR)
		return false;
	return !(b->sflags & SF_REUSEPORT && passes & BIND_REUSEPORT &&
		 (bind_any_uid(s) || s->uid == b->uid));
}

bool bind_options_known(const struct model *m)
{
	return !(m->caps & SRC_PROC);
}
