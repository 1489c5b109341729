/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs of our programs that the kernel skipped (bpf_prog_info.recursion_misses, 5.12).
 *
 * A program that is busy on a CPU is not run a second time there: by an interrupt, or from 7.x on
 * by another task.  Those that interrupts may meet have a second copy (bpf/guard.bpf.h) that counts
 * what it made good.  What it did not is lost: exactly so many events where every run tells one and
 * nothing is filtered; else at most so many.
 *
 * A copy makes good within the same event, but the two counts cannot be read at one moment.  So
 * what was missed at the last look is held against what is made good now: nothing that is still on
 * its way is told as lost, and what is lost is told one look later.
 */
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "live_priv.h"
#include "live.skel.h"

#define LOOK_NS (100 * NS_PER_MS)

/* How often each attached program was skipped.  The descriptors stay when rights are given up. */
static void misses_read(const struct live *l, u64 out[LIVE_PROGS_MAX])
{
	for (u32 i = 0; i < live_nprogs; i++) {
		struct bpf_prog_info info = {};
		u32 len = sizeof(info);
		struct bpf_program *prog;

		out[i] = 0;
		if (!l->link[i])
			continue;
		prog = bpf_object__find_program_by_name(l->skel->obj, live_progs[i].name);
		if (!bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len))
			out[i] = info.recursion_misses;
	}
}

static u64 made_good(const struct live *l, u32 guard)
{
	return guard ? __atomic_load_n(&l->skel->bss->made_good[guard], __ATOMIC_RELAXED) : 0;
}

/* A second copy that is skipped is no loss: the first one ran, or counts it. */
static void misses_judge(struct live *l)
{
	for (u32 i = 0; i < live_nprogs; i++) {
		const struct live_prog *p = &live_progs[i];
		u64 good = made_good(l, p->guard);
		u64 lost = l->miss.seen[i] > good ? l->miss.seen[i] - good : 0;

		if (p->second || lost <= l->miss.told[i])
			continue;
		l->miss.lost[p->misses] += lost - l->miss.told[i];
		l->miss.all += lost - l->miss.told[i];
		l->miss.told[i] = lost;
	}
}

void live_miss_look(struct live *l, u64 now, bool last)
{
	if (now < l->miss.due && !last)
		return;
	l->miss.due = now + LOOK_NS;
	if (last)
		misses_read(l, l->miss.seen);
	misses_judge(l);
	misses_read(l, l->miss.seen);
}

u64 live_misses(const struct live *l, u64 *good)
{
	u64 n = 0;

	*good = 0;
	for (u32 i = 0; i < live_nprogs; i++) {
		if (live_progs[i].second)
			continue;
		n += l->miss.seen[i];
		*good += made_good(l, live_progs[i].guard);
	}
	return n;
}
