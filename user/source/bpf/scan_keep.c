/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What keeps sockets that no descriptor shows (scan_keep.bpf.c finds it; here it is put together).
 *
 * An object of its own, loaded when it is first asked for: most machines have no such socket.  Who
 * gives up the right to load anything has it loaded before (scan_keep_ready).  A
 * look costs a walk of the sockets of each network namespace that is asked about, one of all
 * threads, and, where those do not tell, one of all descriptors for rings.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/btf.h>

#include "scan_priv.h"
#include "scan_keep.h"
#include "smallbtf.h"
#include "scan_keep.skel.h"

_Static_assert(KEEP_ASKED == KEEPERS_ASKED, "as many as one may ask about");

/* Newer architectures do without. */
#ifndef SYS_accept
#define SYS_accept -1
#endif
#ifndef SYS_poll
#define SYS_poll -1
#endif
#ifndef SYS_select
#define SYS_select -1
#endif

static u32 call_of(u32 nr)
{
	static const struct {
		s32 nr;
		u32 call;
	} calls[] = {
#define C(n, name) {SYS_##name, n},
		CALL_TABLE(C)
#undef C
	};

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (calls[i].nr >= 0 && (u32)calls[i].nr == nr)
			return calls[i].call;
	return 0;
}

/* ---- the kernel side --------------------------------------------------------------------- */

/* As for the other iterators: a small copy of the kernel's types makes loading fast. */
static int object_load(struct scan_keep_bpf **out)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts);
	struct scan_keep_bpf *o = scan_keep_bpf__open();
	int fd = o ? smallbtf_make(bpf_object__btf(o->obj), NULL, 0, NULL) : -1, err;
	char path[64];

	scan_keep_bpf__destroy(o);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fd >= 0)
		opts.btf_custom_path = path;
	o = scan_keep_bpf__open_opts(&opts);
	err = o ? scan_keep_bpf__load(o) : -errno;
	if (fd >= 0)
		close(fd);
	if (err)
		scan_keep_bpf__destroy(o);
	else
		*out = o;
	return err;
}

static int keep_need(struct scan *s)
{
	libbpf_print_fn_t print;

	if (s->keep || s->keep_error)
		return s->keep_error;
	if (s->refused_probe)
		return s->keep_error = -EPERM;
	print = libbpf_set_print(NULL); /* what keeps it is not known then, no more */
	s->keep_error = object_load(&s->keep);
	libbpf_set_print(print);
	return s->keep_error;
}

void scan_keep_ready(struct scan *s)
{
	keep_need(s);
}

void keep_close(struct scan *s)
{
	scan_keep_bpf__destroy(s->keep);
}

/* It writes nothing: one read is the whole walk, but for EAGAIN. */
static int walk(const struct scan *s, const struct bpf_program *prog)
{
	struct bpf_link *link = bpf_program__attach_iter(prog, NULL);
	int fd = link ? bpf_iter_create(bpf_link__fd(link)) : -1, err = fd < 0 ? -errno : 0;
	char byte;

	while (!err && read(fd, &byte, 1) < 0)
		err = errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (fd >= 0)
		close(fd);
	bpf_link__destroy(link);
	if (s->between)
		s->between(s->between_ctx);
	return err;
}

/* ---- what was found ---------------------------------------------------------------------- */

/* All entries, which are at most `max`; gone from the map then.  `keys` may be NULL. */
static u32 map_drain(const struct bpf_map *map, void *keys, void *values)
{
	u32 n = bpf_map__max_entries(map), next;
	void *spare = keys ? NULL : xmalloc(n * sizeof(u64));

	bpf_map_lookup_and_delete_batch(bpf_map__fd(map), NULL, &next, keys ? keys : spare, values,
					&n, NULL);
	free(spare);
	return n;
}

static void map_clear(const struct bpf_map *map)
{
	void *values = xmalloc((size_t)bpf_map__max_entries(map) * bpf_map__value_size(map));

	map_drain(map, NULL, values);
	free(values);
}

static void maps_begin(const struct scan_keep_bpf *o, const struct unheld *asked, u32 n)
{
	const struct bpf_map *all[] = {o->maps.asked, o->maps.files,	o->maps.waiters,
				       o->maps.marks, o->maps.sleepers, o->maps.rings,
				       o->maps.fixed};
	const u32 one = 1;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		map_clear(all[i]);
	for (u32 i = 0; i < n; i++)
		bpf_map_update_elem(bpf_map__fd(o->maps.asked), &asked[i].inode, &one, BPF_ANY);
}

/* The answer to each that was asked about, by its place there. */
struct looked {
	const struct unheld *asked;
	struct ev_scan_keeper *told;
	u32 n;
	struct map at; /* inode -> place + 1 */
	struct sleeper *sleepers;
	struct map by_task; /* task, or page of its stack -> place in sleepers + 1 */
};

static struct ev_scan_keeper *told_of(struct looked *k, u64 inode)
{
	u32 at = map_get(&k->at, inode);

	return at ? &k->told[at - 1] : NULL;
}

/* Of several the thread with the lowest number is named: the same one each time. */
static void keeper_add(struct looked *k, u64 inode, const struct ev_scan_keeper *found)
{
	struct ev_scan_keeper *e = told_of(k, inode);
	u32 count;

	if (!e)
		return;
	count = e->count + found->count;
	if (!e->how || found->how < e->how || (found->how == e->how && found->h.tid < e->h.tid)) {
		e->h.tgid = found->h.tgid;
		e->h.tid = found->h.tid;
		e->how = found->how;
		e->call = found->call;
	}
	e->count = count;
}

static bool on_stack(const struct sleeper *s, u64 at)
{
	return s && at >= s->stack && at < s->top;
}

static const struct sleeper *sleeper_at(const struct looked *k, u64 key)
{
	u32 at = key ? map_get(&k->by_task, key) : 0;

	return at ? &k->sleepers[at - 1] : NULL;
}

/* NULL: it is no thread's. */
static const struct sleeper *sleeper_of(const struct looked *k, const struct waiter *w)
{
	const u64 places[] = {w->entry, w->private};
	const struct sleeper *s = sleeper_at(k, w->private);

	if (s)
		return s->task == w->private ? s : NULL;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		s = sleeper_at(k, places[i] / KEEP_PAGE);
		if (on_stack(s, places[i]))
			return s;
	}
	return NULL;
}

static void waiter_add(struct looked *k, const struct waiter *w)
{
	struct ev_scan_keeper found = {.how = KEEPER_REQUEST, .count = 1};
	const struct sleeper *s = w->tgid ? NULL : sleeper_of(k, w);

	if (s && !s->worker) {
		found.how = KEEPER_CALL;
		found.call = call_of(s->nr);
		found.h.tid = s->tid;
	}
	found.h.tgid = s ? s->tgid : w->tgid;
	if (found.h.tgid)
		keeper_add(k, w->inode, &found);
}

static void sleepers_take(struct looked *k, const struct scan_keep_bpf *o)
{
	u32 n;

	k->sleepers = xcalloc(KEEP_FOUND, sizeof(*k->sleepers));
	n = map_drain(o->maps.sleepers, NULL, k->sleepers);
	for (u32 i = 0; i < n; i++) {
		const struct sleeper *s = &k->sleepers[i];

		map_put(&k->by_task, s->task, i + 1);
		for (u64 page = s->stack / KEEP_PAGE; page <= s->top / KEEP_PAGE; page++)
			map_put(&k->by_task, page, i + 1);
	}
}

/* A thread that polls one socket twice stands on its queue twice, and is one. */
static int by_waiter(const void *va, const void *vb)
{
	const struct waiter *a = va, *b = vb;

	if (a->inode != b->inode)
		return a->inode < b->inode ? -1 : 1;
	return (a->private > b->private) - (a->private < b->private);
}

static void waiters_take(struct looked *k, const struct scan_keep_bpf *o)
{
	struct waiter *w = xcalloc(KEEP_FOUND, sizeof(*w));
	u32 n = map_drain(o->maps.waiters, NULL, w);

	qsort(w, n, sizeof(*w), by_waiter);
	for (u32 i = 0; i < n; i++)
		if (!i || by_waiter(&w[i - 1], &w[i]))
			waiter_add(k, &w[i]);
	free(w);
}

static void fixed_take(struct looked *k, const struct scan_keep_bpf *o)
{
	struct fixed found[KEEP_ASKED];
	u64 inodes[KEEP_ASKED];
	u32 n = map_drain(o->maps.fixed, inodes, found);

	for (u32 i = 0; i < n; i++) {
		const struct ev_scan_keeper e = {
			.h.tgid = found[i].tgid, .how = KEEPER_FIXED, .count = found[i].count};

		keeper_add(k, inodes[i], &e);
	}
}

static bool all_found(const struct looked *k)
{
	for (u32 i = 0; i < k->n; i++)
		if (!k->told[i].how)
			return false;
	return true;
}

/* ---- a look ------------------------------------------------------------------------------ */

static int keep_here(struct pass *p)
{
	const struct scan_keep_bpf *o = p->s->keep;
	int err;

	if (!map_get(&p->held, p->here))
		return 0;
	err = walk(p->s, o->progs.keep_tcp);
	err = err ? err : walk(p->s, o->progs.keep_udp);
	return err ? err : walk(p->s, o->progs.keep_unix);
}

static void nobody(void *ctx, const struct ev *e, size_t bytes)
{
	(void)ctx, (void)e, (void)bytes;
}

/* What may not be entered is known from the scans. */
static int spaces_look(struct scan *s, const struct unheld *asked, u32 n)
{
	static const struct want tasks = {.scope = SCOPE_TASKS};
	struct pass *p = xcalloc(1, sizeof(*p));
	bool kept_out = s->kept_out;
	int err;

	p->s = s;
	p->want = &tasks;
	p->sink = nobody;
	for (u32 i = 0; i < n; i++) {
		map_put(&p->held, asked[i].netns, 1);
		netns_add(p, asked[i].netns, 0);
	}
	err = in_each_netns(p, keep_here);
	s->kept_out = kept_out;
	netns_free(p);
	map_free(&p->held);
	free(p);
	return err;
}

static int kernel_look(struct scan *s, struct looked *k)
{
	const struct scan_keep_bpf *o = s->keep;
	int err;

	maps_begin(o, k->asked, k->n);
	err = spaces_look(s, k->asked, k->n);
	err = err ? err : walk(s, o->progs.keep_tasks);
	sleepers_take(k, o);
	waiters_take(k, o);
	if (!err && !all_found(k))
		err = walk(s, o->progs.keep_files);
	fixed_take(k, o);
	return err;
}

int scan_keepers(struct scan *s, const struct unheld *asked, u32 n, sink_fn sink, void *ctx)
{
	struct looked k = {.asked = asked, .n = n < KEEP_ASKED ? n : KEEP_ASKED};
	int err = keep_need(s);

	if (err)
		return err;
	k.told = xcalloc(k.n, sizeof(*k.told));
	for (u32 i = 0; i < k.n; i++)
		map_put(&k.at, asked[i].inode, i + 1);
	err = kernel_look(s, &k);
	for (u32 i = 0; i < k.n && !err; i++) {
		struct ev_scan_keeper *e = &k.told[i];

		e->inode = asked[i].inode;
		e->h.kind = EV_KIND_SCAN_KEEPER;
		e->h.size = sizeof(*e);
		e->h.ts = time_boot_ns();
		sink(ctx, &e->h, sizeof(*e));
	}
	free(k.told);
	free(k.sleepers);
	map_free(&k.at);
	map_free(&k.by_task);
	return err;
}
