// SPDX-License-Identifier: BSD-2-Clause
/*
 * An answer: the model is walked once, then each collector tells its families.
 *
 * The time of a walk is shared equally among the collectors that it was made for: what each would
 * take alone is more.
 */
#include <time.h>

#include "metrics_priv.h"

#define BIT(ID)	 (1u << COLLECTOR_##ID)
#define OF_PROCS (BIT(PROCESS) | BIT(ZOMBIE) | BIT(PROGRAM) | BIT(UNIT))
#define OF_SOCKS (BIT(SOCKET) | BIT(TCP) | BIT(PROGRAM) | BIT(UNIT))

u64 collect_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * NS_PER_S + (u64)t.tv_nsec;
}

static void walk(struct collect *x, u32 made_for, void (*fn)(struct census *n))
{
	u32 wanted = x->in->collectors & made_for;
	u64 begun = collect_clock(), share;

	if (!wanted)
		return;
	fn(&x->census);
	share = (collect_clock() - begun) / (u32)__builtin_popcount(wanted);
	for (u32 i = 0; i < COLLECTORS; i++)
		x->took[i] += wanted >> i & 1 ? share : 0;
}

static void run(struct collect *x, enum collector i)
{
	static void (*const collectors[COLLECTORS])(struct collect * x) = {
		[COLLECTOR_PROCESS] = collect_process, [COLLECTOR_PIDS] = collect_pids,
		[COLLECTOR_ZOMBIE] = collect_zombie,   [COLLECTOR_SOCKET] = collect_socket,
		[COLLECTOR_TCP] = collect_tcp,	       [COLLECTOR_PROGRAM] = collect_program,
		[COLLECTOR_UNIT] = collect_unit,       [COLLECTOR_SELF] = collect_self,
		[COLLECTOR_BPF] = collect_bpf,
	};

	if (!(x->in->collectors >> i & 1))
		return;
	x->begun = collect_clock();
	collectors[i](x);
	x->took[i] += collect_clock() - x->begun;
}

void metrics_render(struct metrics *c, const struct metrics_input *in, struct buf *out)
{
	struct collect x = {
		.in = in,
		.c = c,
		.census = {.in = in, .c = c, .proto_seen = ~0u},
		.w = {.out = out, .format = in->format},
	};

	walk(&x, OF_PROCS, census_procs);
	walk(&x, OF_SOCKS, census_socks);
	for (u32 i = 0; i < COLLECTORS; i++)
		if (i != COLLECTOR_SELF)
			run(&x, i);
	run(&x, COLLECTOR_SELF); /* which tells how long the others took */
	exposition_end(&x.w);
	census_free(&x.census);
}
