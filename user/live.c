/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The BPF source: live events out of the ring (live_load.c, live_poll.c), scans by iterators
 * (scan.c), and what only /proc knows (procfs.c).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "live_priv.h"
#include "procfs.h"
#include "live.skel.h"

static int live_scan(struct source *s, const struct want *want, sink_fn sink, void *ctx)
{
	struct live *l = (struct live *)s;

	u32 blind = scan_blind(l->scan);
	int err;

	if (!l->skel && !l->announced)
		scan_announce(l->scan, want, sink, ctx);
	live_begin(l, sink, ctx);
	err = scan_run(l->scan, want, live_pass, l);
	if (scan_blind(l->scan) == blind)
		return err;
	if (l->skel)
		live_tell_source(l);
	else
		scan_announce(l->scan, want, sink, ctx);
	return err;
}

static int live_describe(struct source *s, const u32 *tgids, u32 n, sink_fn sink, void *ctx)
{
	(void)s;
	procfs_describe(tgids, n, sink, ctx);
	return 0;
}

static int tree_put(struct live *l, u32 tgid)
{
	u8 one = 1;

	if (bpf_map__update_elem(l->skel->maps.tree, &tgid, sizeof(tgid), &one, sizeof(one), 0))
		return -errno;
	return 0;
}

/* The living descendants of a process; one born meanwhile is added by the fork hook. */
static void tree_put_children(struct live *l, u32 tgid, int depth)
{
	char path[64];
	u32 child;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%u/task/%u/children", tgid, tgid);
	f = depth < 256 ? fopen(path, "re") : NULL;
	if (!f)
		return;
	while (fscanf(f, "%u", &child) == 1) {
		if (!tree_put(l, child))
			tree_put_children(l, child, depth + 1);
	}
	fclose(f);
}

static int live_follow(struct source *s, u32 tgid)
{
	struct live *l = (struct live *)s;
	int err;

	if (!l->skel)
		return -EOPNOTSUPP;
	err = tree_put(l, tgid);
	if (err)
		return err;
	tree_put_children(l, tgid, 0);
	l->skel->bss->tree_on = 1;
	return 0;
}

static void live_close(struct source *s)
{
	struct live *l = (struct live *)s;

	live_poll_close(l);
	live_unload(l);
	if (l->scan)
		scan_close(l->scan);
	map_free(&l->cgroups);
	free(l);
}

static const struct source_ops scan_ops = {
	.name = "bpf",
	.scan = live_scan,
	.describe = live_describe,
	.close = live_close,
};
static const struct source_ops live_ops = {
	.name = "bpf",
	.scan = live_scan,
	.describe = live_describe,
	.poll = live_poll,
	.follow = live_follow,
	.close = live_close,
};

static int live_open_events(struct live *l, const struct source_opts *o, struct buf *err)
{
	int e;

	l->full = o->fd == FD_FULL || (o->fd == FD_AUTO && o->high_rate);
	l->kinds = o->filter.kinds ? o->filter.kinds : ~0ull;
	l->pid = o->filter.pid;
	e = live_load(l, o, err);
	if (e)
		return e;
	e = live_poll_open(l);
	if (e) {
		live_why(err, e, "the ring buffer", NULL);
		return e;
	}
	if (o->filter.tree)
		e = live_follow(&l->base, o->filter.tree);
	snprintf(l->base.tier, sizeof(l->base.tier), "base tier, fd=%s", l->full ? "full" : "lean");
	return e;
}

int source_open_bpf(struct source **out, const struct source_opts *o, struct buf *err)
{
	struct live *l = xcalloc(1, sizeof(*l));
	int e = 0;

	l->epoll = -1;
	l->base.ops = o->events ? &live_ops : &scan_ops;
	snprintf(l->base.tier, sizeof(l->base.tier), "base tier, scan");
	if (o->events)
		e = live_open_events(l, o, err);
	if (!e)
		e = scan_open_for(&l->scan, o->first, err);
	if (!e && o->events)
		scan_between(l->scan, live_relieve, l);
	if (e) {
		live_close(&l->base);
		return e;
	}
	*out = &l->base;
	return 0;
}

static u64 prog_runs(const struct live *l, const struct live_prog *p,
		     const struct bpf_program *prog)
{
	struct bpf_prog_info info = {};
	u32 len = sizeof(info);

	if (p->action)
		return live_fired(l, p->name);
	if (bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len))
		return 0;
	return info.run_cnt;
}

u32 live_hooks(struct source *s, struct hook *out, u32 max)
{
	struct live *l = (struct live *)s;
	u32 n = 0;

	if (s->ops != &live_ops && s->ops != &scan_ops)
		return 0;
	for (u32 i = 0; l->skel && i < live_nprogs && n < max; i++) {
		const struct live_prog *p = &live_progs[i];
		struct bpf_program *prog;
		struct hook *h = &out[n++];

		*h = (struct hook){.what = p->what, .tier = "base", .error = l->error[i]};
		snprintf(h->name, sizeof(h->name), "%s", p->hook);
		h->wanted = l->full || !p->full;
		prog = bpf_object__find_program_by_name(l->skel->obj, p->name);
		if (prog && h->wanted && !h->error)
			h->runs = prog_runs(l, p, prog);
	}
	return n + scan_hooks(l->scan, out + n, max - n);
}

int live_count_runs(void)
{
	int fd = bpf_enable_stats(BPF_STATS_RUN_TIME);

	return fd < 0 ? -errno : fd;
}

/* Loading the smallest program asks for the same rights as loading ours. */
int live_probe(struct buf *why)
{
	const struct bpf_insn insns[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	int fd, err = live_btf();

	if (err) {
		live_why(why, err, NULL, NULL);
		return err;
	}
	fd = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "probe", "GPL", insns, ARRAY_SIZE(insns),
			   NULL);
	if (fd < 0) {
		err = -errno;
		live_why(why, err, NULL, NULL);
		return err;
	}
	close(fd);
	return 0;
}
