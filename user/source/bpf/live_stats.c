/* SPDX-License-Identifier: BSD-2-Clause */
/* What the BPF source counts: in the kernel, in the ring, of its scans. */
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "live_priv.h"
#include "live.skel.h"

static void counts_sum(const struct live *l, u64 out[COUNT_MAX])
{
	for (u32 cpu = 0; cpu < ARRAY_SIZE(l->skel->bss->counts); cpu++)
		for (u32 i = 0; i < COUNT_MAX; i++)
			out[i] += __atomic_load_n(&l->skel->bss->counts[cpu][i], __ATOMIC_RELAXED);
}

static void lost_sum(const struct live *l, u64 out[EV_KIND_MAX])
{
	for (u32 row = 0; row < ARRAY_SIZE(l->skel->bss->ring_lost_kinds); row++)
		for (u32 i = 0; i < EV_KIND_MAX; i++)
			out[i] += __atomic_load_n(&l->skel->bss->ring_lost_kinds[row][i],
						  __ATOMIC_RELAXED);
	for (u32 i = 0; i < EV_KIND_MAX; i++)
		out[i] += l->miss.lost[i];
}

/* A number out of a file of one line; 0: not readable. */
static u64 number_read(const char *path, const char *format)
{
	unsigned long long n = 0;
	FILE *f = fopen(path, "re");

	if (f && fscanf(f, format, &n) != 1)
		n = 0;
	if (f)
		fclose(f);
	return n;
}

static void pids_read(struct source_stats *out)
{
	u64 threads = number_read("/proc/sys/kernel/threads-max", "%llu");

	out->pids_limit = number_read("/proc/sys/kernel/pid_max", "%llu");
	if (threads && threads < out->pids_limit)
		out->pids_limit = threads;
	/* "0.20 0.18 0.12 1/80 11206": of all tasks, 1 runs */
	out->pids_used = number_read("/proc/loadavg", "%*f %*f %*f %*u/%llu");
}

/* Programs that are jumped to run as a part of the one that jumps. */
static void programs_read(const struct live *l, struct source_stats *out)
{
	for (u32 i = 0; i < live_nprogs && out->programs < ARRAY_SIZE(out->program); i++) {
		struct program_stats *to = &out->program[out->programs];
		struct bpf_prog_info info = {};
		u32 len = sizeof(info);
		struct bpf_program *prog;

		if (!l->link[i])
			continue;
		prog = bpf_object__find_program_by_name(l->skel->obj, live_progs[i].name);
		if (bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len) || !info.run_cnt)
			continue;
		snprintf(to->name, sizeof(to->name), "%s", live_progs[i].name);
		to->runs = info.run_cnt;
		to->run_ns = info.run_time_ns;
		out->programs++;
	}
}

void live_stats(struct source *s, struct source_stats *out)
{
	const struct live *l = (const struct live *)s;

	*out = (struct source_stats){
		.ring_bytes = l->ring.bytes,
		.ring_waiting = ring_waiting(&l->ring),
		.ring_peak = l->ring_peak,
		.delay = l->delay,
		.scans = l->scans,
		.scan_ns = l->scan_ns,
	};
	scan_tcp_states(l->scan, out->tcp_sockets);
	counts_sum(l, out->counts);
	lost_sum(l, out->lost);
	out->skipped = live_misses(l, &out->made_good);
	out->skipped_lost = l->miss.all;
	pids_read(out);
	programs_read(l, out);
}
