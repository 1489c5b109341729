/* SPDX-License-Identifier: BSD-2-Clause */
/* pid: one process explained, also when it is dead; this file is the view and its JSON. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "options.h"
#include "view_pid.h"

struct pid {
	const struct opts *opts;
	struct out *out;
	struct page page;
	struct pace pace;
};

static void pid_describe(const struct opts *o, const struct model *m, struct buf *tgids)
{
	tgid_add(tgids, m, proc_find(m, o->pid));
}

u32 lineage_of(const struct model *m, const struct proc *p, struct ancestor **out)
{
	u32 n = 0, cap = 0, id = p->birth ? p->birth : p->parent;
	const struct proc *child = p;

	*out = NULL;
	while (id && n < LINEAGE_MAX) {
		if (n + 2 > cap)
			*out = xrealloc(*out, (cap = cap ? cap * 2 : 16) * sizeof(**out));
		(*out)[n++] = (struct ancestor){.proc = id,
						.ts = child->start,
						.step = child->birth ? ANC_FORK : ANC_PARENT};
		child = proc_at(m, id);
		id = child->birth ? child->birth : child->parent;
	}
	if (p->birth && p->parent && p->parent != p->birth)
		(*out)[n++] = (struct ancestor){
			.proc = p->parent, .ts = p->parent_ts, .step = ANC_ADOPTED};
	return n;
}

/*
 * Left behind on purpose: its parent died before it, and it or a dead ancestor made the session it
 * is in.  2: its birth was not seen, so nobody can tell.
 */
u8 daemonised(const struct model *m, const struct proc *p)
{
	const struct proc *a;

	if (!p->born || !p->birth)
		return 2;
	if (p->tty || (!p->orphaned_ts && (!p->parent || p->birth == p->parent)))
		return 0;
	if (p->setsid_ts || (p->sid && p->sid == p->tgid))
		return 1;
	for (a = proc_at(m, p->birth); a && a->state != PROC_RUNNING; a = proc_at(m, a->birth))
		if (a->setsid_ts || (p->sid && a->tgid == p->sid))
			return 1;
	return 0;
}

const char *tty_name(u32 dev, char out[24])
{
	u32 major = dev >> 8 & 0xfff, minor = (dev & 0xff) | (dev >> 12 & 0xfff00);

	if (!dev)
		return NULL;
	if (major >= 136 && major <= 143)
		snprintf(out, 24, "pts/%u", (major - 136) * 256 + minor);
	else if (major == 4 && minor < 64)
		snprintf(out, 24, "tty%u", minor);
	else if (major == 4)
		snprintf(out, 24, "ttyS%u", minor - 64);
	else if (major == 204 && minor >= 64)
		snprintf(out, 24, "ttyAMA%u", minor - 64);
	else if (major == 229)
		snprintf(out, 24, "hvc%u", minor);
	else
		snprintf(out, 24, "%u:%u", major, minor);
	return out;
}

u32 sock_procs(const struct model *m, const struct sock *s, struct map *counted)
{
	struct holder *h = NULL;
	struct map seen = {0};
	u32 procs = map_get(counted, s->id), n;

	if (procs)
		return procs;
	n = s->nholds > 1 ? holders_of(m, s, &h) : holders_count(m, s);
	for (u32 i = 0; h && i < n; i++)
		map_put(&seen, h[i].proc, 1);
	procs = h ? seen.count : n;
	if (procs)
		map_put(counted, s->id, procs);
	map_free(&seen);
	free(h);
	return procs;
}

static int slot_cmp(const void *a, const void *b)
{
	const struct slot *x = a, *y = b;

	if (x->tid != y->tid)
		return x->tid < y->tid ? -1 : 1;
	return (x->hold->fd > y->hold->fd) - (x->hold->fd < y->hold->fd);
}

u32 slots_of(const struct model *m, const struct proc *p, struct slot **out)
{
	u32 n = 0, cap = 0;

	*out = NULL;
	for (const struct tabref *r = tabref_at(m, p->tabrefs); r; r = tabref_at(m, r->proc_next)) {
		const struct fdtab *t = fdtab_at(m, r->fdtab);

		for (const struct hold *h = hold_at(m, t->holds); h; h = hold_at(m, h->tab_next)) {
			if (n == cap)
				*out = xrealloc(*out, (cap = cap ? cap * 2 : 16) * sizeof(**out));
			(*out)[n++] = (struct slot){
				.hold = h, .sock = sock_at(m, h->sock), .tid = r->tid};
		}
	}
	if (n)
		qsort(*out, n, sizeof(**out), slot_cmp);
	return n;
}

u32 kept_by(const struct model *m, const struct proc *p, u32 after)
{
	while ((after = sock_next(m, after))) {
		const struct sock *s = sock_at(m, after);

		if (s->keep_how && s->keep_pid == p->tgid && !s->nholds)
			return after;
	}
	return 0;
}

/* ---- JSON ---- */

/* What it was born as, and what it executed since; what its parents ran before is theirs. */
u32 images_of(const struct model *m, const struct proc *p, u32 *ids, u32 max)
{
	u32 n = 0;

	for (u32 id = p->image; id && n < max; id = image_at(m, id)->prev) {
		ids[n++] = id;
		if (image_at(m, id)->ts <= p->start)
			break;
	}
	return n;
}

static void json_images(struct json *j, const struct model *m, const struct proc *p)
{
	u32 ids[64], n = images_of(m, p, ids, ARRAY_SIZE(ids));

	json_arr(j, "images");
	while (n) {
		const struct image *im = image_at(m, ids[--n]);

		json_obj(j, NULL);
		json_time(j, "ts", model_wall(m, im->ts));
		json_str(j, "comm", *im->comm ? im->comm : NULL);
		json_str(j, "exe", im->exe_len && im->text ? im->text : NULL);
		json_args(j, "args", im->args_len ? im->text + im->exe_len : NULL, im->args_len);
		json_end_obj(j);
	}
	json_end_arr(j);
}

static void json_lineage(struct json *j, const struct model *m, const struct proc *p)
{
	static const char *const steps[] = {"fork", "parent", "adopted"};
	struct ancestor *a;
	u32 n = lineage_of(m, p, &a);

	json_arr(j, "lineage");
	for (u32 i = 0; i < n; i++) {
		const struct proc *q = proc_at(m, a[i].proc);

		json_obj(j, NULL);
		json_u64(j, "pid", q->tgid);
		json_time(j, "start", model_wall(m, q->start));
		json_str(j, "comm", *proc_comm(m, q) ? proc_comm(m, q) : NULL);
		json_str(j, "state", proc_state(q));
		json_str(j, "step", steps[a[i].step]);
		json_end_obj(j);
	}
	json_end_arr(j);
	free(a);
}

static void json_sockets(struct json *j, const struct model *m, const struct proc *p)
{
	struct slot *s;
	u32 n = slots_of(m, p, &s);
	struct map counted = {0};

	json_arr(j, "sockets");
	for (u32 i = 0; i < n; i++) {
		const struct hold *h = s[i].hold;

		json_obj(j, NULL);
		json_s64(j, "fd", h->fd);
		if (s[i].tid)
			json_u64(j, "tid", s[i].tid);
		json_tristate(j, "cloexec", h->cloexec);
		json_id(j, "inode", s[i].sock->inode);
		json_str(j, "proto", name_proto(s[i].sock->proto));
		json_sock_local(j, "local", m, s[i].sock);
		json_ep(j, "remote", &s[i].sock->remote);
		json_str(j, "state", sock_state(s[i].sock));
		json_id(j, "netns", s[i].sock->netns);
		json_str(j, "via", name_via(h->via));
		json_time(j, "since", h->via == VIA_SCAN ? 0 : model_wall(m, h->since));
		json_u64(j, "refs", sock_procs(m, s[i].sock, &counted));
		json_end_obj(j);
	}
	json_end_arr(j);
	map_free(&counted);
	free(s);
}

/* Only where there are any. */
static void json_kept(struct json *j, const struct model *m, const struct proc *p)
{
	if (!kept_by(m, p, 0))
		return;
	json_arr(j, "kept");
	for (u32 id = 0; (id = kept_by(m, p, id));) {
		const struct sock *s = sock_at(m, id);

		json_obj(j, NULL);
		json_id(j, "inode", s->inode);
		json_str(j, "proto", name_proto(s->proto));
		json_sock_local(j, "local", m, s);
		json_str(j, "state", sock_state(s));
		json_id(j, "netns", s->netns);
		json_str(j, "where", hidden_where(s));
		json_id(j, "tid", s->keep_tid);
		json_str(j, "call", name_call(s->keep_call));
		json_end_obj(j);
	}
	json_end_arr(j);
}

static void json_children(struct json *j, const struct model *m, const struct proc *p)
{
	json_arr(j, "children");
	for (const struct proc *c = proc_at(m, p->child); c; c = proc_at(m, c->next)) {
		if (c->state == PROC_GONE)
			continue;
		json_obj(j, NULL);
		json_u64(j, "pid", c->tgid);
		json_str(j, "comm", *proc_comm(m, c) ? proc_comm(m, c) : NULL);
		json_str(j, "state", proc_state(c));
		json_end_obj(j);
	}
	json_end_arr(j);
	json_u64(j, "zombies", p->zombies);
}

static void json_reaped(struct json *j, const struct model *m, const struct proc *p)
{
	const struct death *d = death_at(m, p->death);

	if (!d || p->state != PROC_GONE) {
		json_null(j, "reaped");
		return;
	}
	json_obj(j, "reaped");
	json_time(j, "ts", model_wall(m, d->reaped_ts));
	json_ref(j, "by", m, d->reaper);
	if (d->ts && d->reaped_ts >= d->ts)
		json_u64(j, "zombie_ns", d->reaped_ts - d->ts);
	else
		json_null(j, "zombie_ns");
	json_end_obj(j);
}

static void json_identity(struct json *j, const struct model *m, const struct proc *p)
{
	const struct proc *parent = proc_at(m, p->parent), *birth = proc_at(m, p->birth);
	char tty[24];

	json_proc_members(j, m, p);
	json_u64(j, "uid", p->uid);
	json_id(j, "ppid", parent ? parent->tgid : 0);
	json_id(j, "birth_ppid", birth ? birth->tgid : 0);
	json_id(j, "sid", p->sid);
	json_id(j, "pgid", p->pgid);
	json_str(j, "tty", tty_name(p->tty, tty));
	json_nspid(j, "nspid", p);
	json_obj(j, "ns");
	json_id(j, "pid", p->pidns);
	json_id(j, "net", p->netns);
	json_id(j, "mnt", p->mntns);
	json_end_obj(j);
	json_str(j, "cgroup", cgroup_path(m, p->cgroup));
}

static void pid_json(struct out *o, const struct model *m, const struct proc *p)
{
	struct json j;

	json_init(&j, &o->line);
	json_obj(&j, NULL);
	json_identity(&j, m, p);
	json_images(&j, m, p);
	json_lineage(&j, m, p);
	json_tristate(&j, "daemonised", daemonised(m, p));
	json_sockets(&j, m, p);
	json_kept(&j, m, p);
	json_children(&j, m, p);
	json_exit(&j, "exit", m, p, true);
	json_reaped(&j, m, p);
	json_end_obj(&j);
	out_line(o);
}

/* ---- the view ---- */

static void pid_unknown(struct out *o, u32 pid)
{
	char s[128];

	snprintf(s, sizeof(s),
		 "No process %u is known: it does not exist, or it died before anything "
		 "was watching.",
		 pid);
	out_wrap(o, 0, s);
}

static bool pid_render(struct pid *v, const struct model *m)
{
	const struct proc *p = proc_at(m, proc_find(m, v->opts->pid));
	struct out *o;

	pace_done(&v->pace, m, 16);
	if (!p && v->opts->json)
		return false;
	o = page_begin(&v->page, v->out);
	if (!p)
		pid_unknown(o, v->opts->pid);
	else if (v->opts->json)
		pid_json(o, m, p);
	else
		pid_text(o, m, p, !v->opts->watch);
	if (!v->opts->json)
		text_limits(o, m);
	page_end(&v->page);
	return p != NULL;
}

static void *pid_open(const struct opts *o, struct out *out)
{
	struct pid *v = xcalloc(1, sizeof(*v));

	*v = (struct pid){.opts = o, .out = out, .page.watch = o->watch, .pace.dirty = true};
	return v;
}

static void pid_event(void *view, const struct model *m, const struct ev *e)
{
	struct pid *v = view;

	(void)m;
	pace_event(&v->pace, e);
}

static void pid_settle(void *view, const struct model *m)
{
	struct pid *v = view;

	if (v->opts->watch && pace_due(&v->pace, m))
		pid_render(v, m);
}

static int pid_finish(void *view, const struct model *m)
{
	struct pid *v = view;
	bool known = pid_render(v, m);

	if (!known && v->opts->json)
		warn("no process %u is known", v->opts->pid);
	if (v->opts->json)
		warn_limits(m);
	return answer_code(m, known ? EXIT_ANSWERED : EXIT_OPPOSITE);
}

const struct view view_pid = {
	.name = "pid",
	.usage = "N",
	.help = "one process explained: lineage, namespaces, sockets and how it got them, its "
		"death",
	.scope = SCOPE_TASKS | SCOPE_FDS | SCOPE_SOCKS,
	.watchable = true,
	.operands = {1, 1, operand_pid, "pid needs the number of a process: probate pid 1234"},
	.describe = pid_describe,
	.open = pid_open,
	.event = pid_event,
	.settle = pid_settle,
	.finish = pid_finish,
	.close = free,
};
