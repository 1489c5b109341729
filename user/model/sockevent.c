// SPDX-License-Identifier: BSD-2-Clause
/* Events about sockets, and how a process came to one. */
#include "model_priv.h"

void sock_set_creator(struct model *m, struct sock *s, struct proc *p, u8 via, u64 ts)
{
	if (s->creator)
		return;
	s->creator = p->id;
	proc_ref(m, p->id);
	made_link(m, s);
	s->born = true;
	if (!s->opened)
		s->opened = ts;
	if (!s->cgroup)
		s->cgroup = p->cgroup;
	origin_add(m, s, p->id, via, 0, ts);
}

/* Was it made by accept()?  Something listens where it is connected to, or it was seen to begin so.
 */
static bool sock_is_passive(const struct model *m, const struct sock *s)
{
	return s->remote.port && (s->listener || (s->opened && !s->born) ||
				  map_get(&m->priv->listening, listen_key(s)));
}

/*
 * Who has accepted from a listener uses it.  Among a crowd the holder is not looked for: its next
 * connection would be another look through all of them.
 */
static void listener_served(struct model *m, struct sock *s, const struct proc *p)
{
	const struct sock *l = listener_of(m, s);
	u32 budget = 64;

	if (!l)
		return;
	s->listener = l->inode;
	for (u32 id = l->holds; id && budget--; id = hold_at(m, id)->sock_next)
		if (tabref_find(m, p, hold_at(m, id)->fdtab)) {
			hold_use(m, p, hold_at(m, id));
			return;
		}
}

struct proc *sock_new_maker(const struct model *m, const struct sock *s, u32 tgid)
{
	struct proc *p = tgid && !s->creator && !s->origins ? proc_at(m, proc_find(m, tgid)) : NULL;

	return p && p->state == PROC_RUNNING ? p : NULL;
}

void sock_set_maker(struct model *m, struct sock *s, u32 tgid, u64 ts)
{
	struct proc *p = sock_new_maker(m, s, tgid);

	if (!p)
		return;
	s->creator = p->id;
	proc_ref(m, p->id);
	made_link(m, s);
	if (!s->cgroup)
		s->cgroup = p->cgroup;
	if (sock_is_passive(m, s))
		listener_served(m, s, p);
	origin_add(m, s, p->id, sock_is_passive(m, s) ? VIA_ACCEPTED : VIA_CREATED, 0, ts);
}

void sock_set_name(struct model *m, struct sock *s, const struct unix_name *name)
{
	if (!name->len)
		return;
	if (!s->name)
		s->name = pool_new(&m->names);
	*name_at(m, s->name) = *name;
}

const struct name *sock_file(const struct model *m, const struct sock *s)
{
	static const struct name none;

	return s->name ? (const struct name *)name_at(m, s->name) : &none;
}

/* What one source cannot tell does not take away what another has told. */
void sock_set_file(struct model *m, struct sock *s, u64 file, u32 dev, u32 names)
{
	struct name *n = s->name && file ? (struct name *)name_at(m, s->name) : NULL;

	if (!n)
		return;
	n->file = file;
	n->file_dev = dev;
	n->file_names = names ? names : n->file_names;
}

/* ---- creation ---- */

/* A new socket with the inode of one that is known: that one is over, unless a scan was first. */
static void socket_supersede(struct model *m, u32 tab, const struct ev_socket *e)
{
	struct sock *old = e->inode ? sock_at(m, map_get(&m->by_inode, e->inode)) : NULL;
	const struct hold *h = hold_in(m, tab, e->fd);

	if (!old || old->seen_ts >= e->h.ts || (h && h->sock == old->id && h->via == VIA_SCAN))
		return;
	if (!e->cookie || e->cookie != old->cookie)
		sock_gone(m, old);
}

void on_socket(struct model *m, const struct ev_socket *e)
{
	struct proc *p = proc_actor(m, &e->h);
	struct slot slot = {.fd = e->fd,
			    .via = VIA_CREATED,
			    .how = VIA_CREATED,
			    .cloexec = e->cloexec != 0,
			    .ts = e->h.ts};
	struct sock *s;

	if (!p)
		return;
	slot.fdtab = fdtab_of(m, p, e->h.tid, e->files);
	socket_supersede(m, slot.fdtab, e);
	s = sock_of(m, SOCK_EV(e));
	if (!s)
		return;
	if (e->cgroup && !s->cgroup)
		s->cgroup = e->cgroup;
	sock_set_creator(m, s, p, VIA_CREATED, e->h.ts);
	hold_put(m, &slot, s);
	sock_maybe_gone(m, s);
}

static void listener_used(struct model *m, const struct proc *p, u32 tab, const struct ev_accept *e)
{
	struct hold *h = hold_in(m, tab, e->listen_fd);

	if (h && (!e->listener || sock_at(m, h->sock)->inode == e->listener))
		hold_use(m, p, h);
}

void on_accept(struct model *m, const struct ev_accept *e)
{
	struct proc *p = proc_actor(m, &e->h);
	struct sock *s = sock_of(m, SOCK_EV(e));
	struct slot slot = {.fd = e->fd,
			    .via = VIA_ACCEPTED,
			    .how = VIA_ACCEPTED,
			    .cloexec = e->cloexec != 0,
			    .flags = HOLD_USED,
			    .ts = e->h.ts};

	if (!p || !s)
		return;
	slot.fdtab = fdtab_of(m, p, e->h.tid, e->files);
	listener_used(m, p, slot.fdtab, e);
	s->listener = e->listener;
	sock_set_creator(m, s, p, VIA_ACCEPTED, e->h.ts);
	hold_put(m, &slot, s);
	sock_maybe_gone(m, s);
}

/* ---- what becomes of it ---- */

/* A failed call says what was asked for, not what is. */
static struct sock *sock_of_call(struct model *m, const struct sock_ev *e, s32 error)
{
	struct sock_ev f = *e;

	if (error) {
		memset(&f.local, 0, sizeof(f.local));
		memset(&f.remote, 0, sizeof(f.remote));
		f.state = 0; /* without its addresses it would say that there are none */
	}
	return sock_of(m, &f);
}

static void call_seen(struct model *m, const struct sock_ev *e, s32 error)
{
	struct sock *s = sock_of_call(m, e, error);

	proc_actor(m, &e->h);
	if (s)
		sock_maybe_gone(m, s);
}

void on_bind(struct model *m, const struct ev_bind *e)
{
	call_seen(m, SOCK_EV(e), e->error);
}

void on_connect(struct model *m, const struct ev_connect *e)
{
	const s32 in_progress = -115;

	call_seen(m, SOCK_EV(e), e->error == in_progress ? 0 : e->error);
}

void on_listen(struct model *m, const struct ev_listen *e)
{
	struct sock *s = sock_of_call(m, SOCK_EV(e), e->error);
	struct proc *p = e->fd >= 0 ? proc_actor(m, &e->h) : NULL;
	u32 tabs[2], own;

	if (s && e->maker)
		sock_set_maker(m, s, e->maker, e->h.ts);
	if (!p || !s || e->error)
		return;
	own = tabref_of_tid(m, p, e->h.tid);
	tabs[0] = own ? tabref_at(m, own)->fdtab : 0;
	tabs[1] = p->main ? tabref_at(m, p->main)->fdtab : 0;
	for (u32 i = 0; i < ARRAY_SIZE(tabs); i++) {
		struct hold *h = hold_in(m, tabs[i], e->fd);

		if (h && h->sock == s->id)
			hold_use(m, p, h);
	}
}

void on_unix_bind(struct model *m, const struct ev_unix_bind *e)
{
	struct sock *s = sock_of(m, SOCK_EV(e));

	proc_actor(m, &e->h);
	if (s && !e->error)
		sock_set_name(m, s, &e->name);
	if (s && !e->error)
		sock_set_file(m, s, e->file, e->file_dev, e->file_names);
}

static void end_note(struct model *m, const struct sock *s)
{
	u32 by = first_holder(m, s);
	const struct proc *p = proc_at(m, by ? by : s->creator);

	m->ended.cookie = s->cookie;
	m->ended.tgid = p ? p->tgid : 0;
}

void on_state(struct model *m, const struct ev_state *e)
{
	bool known = sock_known(m, e->inode, e->cookie) != NULL;
	struct sock *s;

	if (!known && e->state == TCP_CLOSE)
		return;
	s = sock_of(m, SOCK_EV(e));
	if (!s)
		return;
	if (!known && (e->old == TCP_SYN_RECV || e->old == TCP_NEW_SYN_RECV))
		s->opened = e->h.ts;
	if (e->state != TCP_CLOSE) {
		sock_finishes(m, s);
		return;
	}
	end_note(m, s);
	/* The kernel destroys it at once: then no destroy event follows, or it says nothing new. */
	if (e->sflags & SF_DEAD || s->closed_ts)
		sock_gone(m, s);
	else
		sock_maybe_gone(m, s);
}

void on_destroy(struct model *m, const struct ev_destroy *e)
{
	struct sock *s = sock_known(m, e->inode, e->cookie);

	if (s && s->seen_ts <= e->h.ts)
		sock_gone(m, s);
}
