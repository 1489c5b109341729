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

	const u32 blind = scan_blind(l->scan);
	const bool enters = scan_enters(l->scan);
	int err;

	if (!l->skel && !l->announced)
		scan_announce(l->scan, want, sink, ctx);
	live_begin(l, sink, ctx);
	err = live_scan_run(l, want);
	live_cgroup_search(l);
	if (scan_blind(l->scan) == blind && scan_enters(l->scan) == enters)
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

static int live_keepers(struct source *s, const struct unheld *asked, u32 n, sink_fn sink,
			void *ctx)
{
	struct live *l = (struct live *)s;

	live_begin(l, sink, ctx);
	return scan_keepers(l->scan, asked, n, live_pass, l);
}

static int tree_put(struct live *l, u32 tgid)
{
	u8 one = 1;

	if (bpf_map__update_elem(l->skel->maps.tree, &tgid, sizeof(tgid), &one, sizeof(one), 0))
		return -errno;
	return 0;
}

/* Every process as parent and child, for a walk down from one of them. */
struct family {
	u32 asked, pidns; /* a pid as /proc here shows it, and whose /proc that is */
	u32 found;	  /* its number in the initial namespace; 0: none */
	struct buf pairs; /* u32 parent, child */
};

static void family_meet(void *ctx, const struct ev *e, size_t bytes)
{
	const struct ev_scan_task *t = (const struct ev_scan_task *)e;
	struct family *f = ctx;
	u32 pair[2], nr = 0;

	(void)bytes;
	if (e->kind != EV_KIND_SCAN_TASK)
		return;
	for (u32 i = 0; i < NS_LEVELS && t->nspid.nr[i]; i++)
		nr = t->nspid.nr[i];
	if (t->pidns == f->pidns && nr == f->asked)
		f->found = e->tgid;
	pair[0] = t->parent;
	pair[1] = e->tgid;
	buf_add(&f->pairs, pair, sizeof(pair));
}

/*
 * The living descendants; one born meanwhile is added by the fork hook.  Passes over the pairs
 * until one adds nobody: parents mostly come before their children, so two or three do.
 */
static int family_put(struct live *l, const struct family *f, u32 root)
{
	const u32 *pair = (const void *)f->pairs.s;
	struct map in = {0};
	bool more = true;
	int err = tree_put(l, root);

	map_put(&in, root, 1);
	while (more && !err) {
		more = false;
		for (size_t i = 0; i < f->pairs.len / sizeof(u32) && !err; i += 2) {
			if (!map_get(&in, pair[i]) || map_get(&in, pair[i + 1]))
				continue;
			map_put(&in, pair[i + 1], 1);
			err = tree_put(l, pair[i + 1]);
			more = true;
		}
	}
	map_free(&in);
	return err;
}

/* In a pid namespace the pid is one of that; what is told has the numbers of the initial one. */
static int live_follow(struct source *s, u32 tgid)
{
	const struct want tasks = {.scope = SCOPE_TASKS};
	struct live *l = (struct live *)s;
	struct family f = {.asked = tgid, .pidns = scan_pidns(l->scan)};
	int err;

	if (!l->skel)
		return -EOPNOTSUPP;
	err = scan_run(l->scan, &tasks, family_meet, &f);
	if (f.found)
		tgid = f.found;
	if (!err)
		err = family_put(l, &f, tgid);
	buf_free(&f.pairs);
	l->skel->bss->tree_on = 1;
	return err ? err : (int)tgid;
}

u32 live_tgid(struct source *s, u32 pid)
{
	const struct want tasks = {.scope = SCOPE_TASKS};
	struct live *l = (struct live *)s;
	struct family f = {.asked = pid, .pidns = scan_pidns(l->scan)};

	if (f.pidns)
		scan_run(l->scan, &tasks, family_meet, &f);
	buf_free(&f.pairs);
	return f.found ? f.found : pid;
}

static void live_close(struct source *s)
{
	struct live *l = (struct live *)s;

	live_poll_close(l);
	if (l->runs_fd >= 0)
		close(l->runs_fd);
	live_unload(l);
	if (l->scan)
		scan_close(l->scan);
	map_free(&l->cgroups);
	map_free(&l->makers);
	free(l);
}

static const struct source_ops scan_ops = {
	.name = "bpf",
	.scan = live_scan,
	.describe = live_describe,
	.keepers = live_keepers,
	.close = live_close,
};
static const struct source_ops live_ops = {
	.name = "bpf",
	.scan = live_scan,
	.describe = live_describe,
	.keepers = live_keepers,
	.poll = live_poll,
	.follow = live_follow,
	.stats = live_stats,
	.watch = live_watch,
	.refresh = live_refresh,
	.close = live_close,
};

static int live_open_events(struct live *l, const struct source_opts *o, struct buf *err)
{
	int e;

	l->full = o->fd == FD_FULL || (o->fd == FD_AUTO && o->high_rate);
	l->kinds = o->filter.kinds ? o->filter.kinds : ~0ull;
	l->pid = o->filter.wide ? 0 : o->filter.pid;
	l->rescan_scope = o->rescan;
	l->patient = o->patient;
	l->counting = o->counting;
	if (o->count_runs)
		l->runs_fd = live_count_runs();
	e = live_load(l, o, err);
	if (e)
		return e;
	e = live_poll_open(l);
	if (e) {
		live_why(err, e, "the ring buffer", NULL);
		return e;
	}
	snprintf(l->base.tier, sizeof(l->base.tier), "base tier, fd=%s", l->full ? "full" : "lean");
	return 0;
}

int source_open_bpf(struct source **out, const struct source_opts *o, struct buf *err)
{
	struct live *l = xcalloc(1, sizeof(*l));
	int e = 0;

	l->epoll = l->runs_fd = -1;
	l->base.ops = o->events ? &live_ops : &scan_ops;
	snprintf(l->base.tier, sizeof(l->base.tier), "base tier, scan");
	if (o->events)
		e = live_open_events(l, o, err);
	if (!e)
		e = scan_open_for(&l->scan, o->first, err);
	if (!e && o->events && o->filter.tree) {
		int n = live_follow(&l->base, o->filter.tree);

		e = n < 0 ? n : 0;
	}
	if (!e && o->events)
		scan_between(l->scan, live_relieve, l);
	if (!e && o->makers)
		scan_makers(l->scan);
	if (!e && o->patient)
		scan_keep_ready(l->scan);
	if (!e && o->counting)
		scan_tally(l->scan, o->spare);
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

		*h = (struct hook){.what = p->what,
				   .tier = p->cgroup ? "upper" : "base",
				   .error = l->error[i]};
		snprintf(h->name, sizeof(h->name), "%s", p->hook);
		h->wanted = live_wants(l, p);
		prog = bpf_object__find_program_by_name(l->skel->obj, p->name);
		if (prog && h->wanted && !h->error)
			h->runs = prog_runs(l, p, prog);
	}
	return n + scan_hooks(l->scan, out + n, max - n);
}

bool live_may_probe(const struct source *s)
{
	const struct live *l = (const struct live *)s;

	return (s->ops != &live_ops && s->ops != &scan_ops) || scan_may_probe(l->scan);
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
