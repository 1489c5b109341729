// SPDX-License-Identifier: BSD-2-Clause
/* Families about sockets and TCP. */
#include <ctype.h>

#include "metrics_priv.h"

static const char *const protos[PROTOS] = {
#define P(ID, name) [PROTO_##ID] = name,
	PROTO_TABLE(P)
#undef P
};

/* States that such a socket can be in: told though there is none. */
static const u32 usual[PROTOS] = {
	[PROTO_TCP] = 1 << OFFER_LISTEN | 1 << OFFER_BOUND,
	[PROTO_UDP] = 1 << OFFER_UNCONN,
	[PROTO_UNIX] =
		1 << OFFER_LISTEN | 1 << OFFER_BOUND | 1 << OFFER_UNCONN | 1 << OFFER_ESTABLISHED,
};

static void tell_sockets(struct collect *x)
{
	static const char *const states[OFFER_STATES] = {
		[OFFER_LISTEN] = "listen",	   [OFFER_BOUND] = "bound",
		[OFFER_UNCONN] = "unconn",	   [OFFER_ESTABLISHED] = "established",
		[OFFER_UNKNOWN] = METRICS_UNKNOWN,
	};

	family_begin(&x->w, METRIC_SOCKETS);
	for (u32 p = 0; p < PROTOS; p++)
		for (u32 s = 0; s < OFFER_STATES; s++)
			for (u32 v = 0; v < VERDICTS; v++) {
				u64 n = x->census.socks[p][s][v];

				if (n || usual[p] >> s & 1)
					sample_u64(&x->w,
						   LABELS(protos[p], states[s], name_verdict(v)),
						   n);
			}
}

static bool proto_told(const struct collect *x, u32 proto)
{
	return proto < PROTOS_USUAL || x->census.holders[proto];
}

static void tell_leaked(struct collect *x)
{
	const struct census *n = &x->census;

	family_begin(&x->w, METRIC_HOLDERS);
	for (u32 i = 0; i < PROTOS; i++)
		if (proto_told(x, i))
			sample_u64(&x->w, LABELS(protos[i]), n->holders[i]);
	family_begin(&x->w, METRIC_LEAKED);
	for (u32 i = 0; i < PROTOS; i++)
		if (proto_told(x, i))
			sample_u64(&x->w, LABELS(protos[i]), n->leaked[i].count);
	family_begin(&x->w, METRIC_LEAKED_AGE);
	for (u32 i = 0; i < PROTOS; i++)
		if (proto_told(x, i))
			sample_ns(&x->w, LABELS(protos[i]), age_of(&n->leaked[i], x->in->now));
	family_begin(&x->w, METRIC_SUSPECTS);
	for (u32 i = 0; i < PROTOS; i++)
		if (proto_told(x, i))
			sample_u64(&x->w, LABELS(protos[i]), n->suspects[i]);
}

/* A descriptor of one's own making is no way of coming to another's socket. */
static void tell_transfers(struct collect *x)
{
	static const u8 told[] = {VIA_FORK,	VIA_SCM_RIGHTS, VIA_PIDFD_GETFD,
				  VIA_IO_URING, VIA_SCAN,	VIA_NONE};
	u64 left = 0;

	for (u32 i = 0; i < VIA_MAX; i++)
		left += x->c->transfers[i];
	family_begin(&x->w, METRIC_TRANSFERS);
	for (u32 i = 0; i < ARRAY_SIZE(told); i++) {
		u64 n = told[i] == VIA_NONE ? left : x->c->transfers[told[i]];

		sample_u64(&x->w, LABELS(name_via(told[i])), n);
		left -= n;
	}
}

void collect_socket(struct collect *x)
{
	static const char *const places[HIDDEN_PLACES] = {
		[HIDDEN_IN_FLIGHT] = "in_flight",
		[HIDDEN_CALL] = "call",
		[HIDDEN_IO_URING] = "io_uring",
		[HIDDEN_UNKNOWN] = METRICS_UNKNOWN,
	};

	tell_sockets(x);
	tell_leaked(x);
	family_u64(&x->w, METRIC_LEAKS, x->c->leaks);
	tell_transfers(x);
	family_begin(&x->w, METRIC_HIDDEN);
	for (u32 i = 0; i < HIDDEN_PLACES; i++)
		sample_u64(&x->w, LABELS(places[i]), x->census.hidden[i]);
}

/* ---- TCP ------------------------------------------------------------------------------------- */

/* In lower case, as other exporters have them. */
static void tell_states(struct collect *x, enum metric id, const u64 *counts)
{
	char name[LABEL_ROOM];

	family_begin(&x->w, id);
	for (u32 i = 0; i < TCP_STATES; i++) {
		const char *s = i ? name_tcp_state(i) : METRICS_UNKNOWN;
		u32 n = 0;

		for (; s[n]; n++)
			name[n] = (char)tolower((unsigned char)s[n]);
		name[n] = 0;
		sample_u64(&x->w, LABELS(name), counts[i]);
	}
}

void collect_tcp(struct collect *x)
{
	const u64 *counts = x->in->source->counts;

	tell_states(x, METRIC_TCP_CHANGES, counts + COUNT_TCP);
	family_begin(&x->w, METRIC_TCP_CONNECTIONS);
	sample_u64(&x->w, LABELS("out"), counts[COUNT_TCP_OUT]);
	sample_u64(&x->w, LABELS("in"), counts[COUNT_TCP_IN]);
	tell_states(x, METRIC_TCP_SOCKETS, x->in->source->tcp_sockets);
	family_u64(&x->w, METRIC_STUCK, x->census.stuck.count);
	family_ns(&x->w, METRIC_STUCK_AGE, age_of(&x->census.stuck, x->in->now));
}
_Static_assert(COUNT_TCP + TCP_STATES <= COUNT_MAX && TCP_STATES <= 16, "all states are counted");
