// SPDX-License-Identifier: BSD-2-Clause
/*
 * What keeps a socket that no descriptor shows.  It is asked for by whoever runs the source
 * (model_unheld), and is known until the socket has a descriptor again or is asked for anew.
 */
#include "model_priv.h"

static bool is_unheld(const struct sock *s)
{
	const u16 alone = SF_KERNEL | SF_DEAD | SF_TIMEWAIT;

	return s->inode && !s->nholds && !s->queue && !(s->sflags & alone);
}

bool model_asks(const struct model *m)
{
	return m->priv->outlived;
}

/* Once a scan of all sockets, which costs more. */
u32 model_unheld(struct model *m, u16 port, struct unheld *out, u32 max)
{
	u32 n = 0;

	m->priv->outlived = false;
	for (u32 id = sock_next(m, 0); id && n < max; id = sock_next(m, id)) {
		const struct sock *s = sock_at(m, id);

		if (is_unheld(s) && (!port || s->local.port == port))
			out[n++] = (struct unheld){s->inode, s->netns};
	}
	return n;
}

void on_scan_keeper(struct model *m, const struct ev_scan_keeper *e)
{
	struct sock *s = sock_known(m, e->inode, e->cookie);

	if (!s || !is_unheld(s) || e->how > KEEPER_FIXED)
		return;
	s->keep_how = (u8)e->how;
	s->keep_call = (u8)(e->how == KEEPER_CALL ? e->call : 0);
	s->keep_pid = e->h.tgid;
	s->keep_tid = e->h.tid;
	s->keep_count = e->count < UINT16_MAX ? (u16)e->count : UINT16_MAX;
}
