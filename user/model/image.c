// SPDX-License-Identifier: BSD-2-Clause
/* Images: what a process runs, from one exec to the next, shared by fork. */
#include "model_priv.h"

void image_ref(struct model *m, u32 id)
{
	if (id)
		image_at(m, id)->refs++;
}

void image_unref(struct model *m, u32 id)
{
	while (id) {
		struct image *i = image_at(m, id);
		u32 prev = i->prev;

		if (--i->refs)
			return;
		free(i->text);
		pool_drop(&m->images, id);
		id = prev;
	}
}

/* A daemon that execs itself for ever must not grow: forget what lies too far back. */
static void images_cut(struct model *m, u32 id)
{
	for (u32 n = 0; id; id = image_at(m, id)->prev)
		if (++n == IMAGES_MAX) {
			struct image *i = image_at(m, id);
			u32 prev = i->prev;

			i->prev = 0;
			image_unref(m, prev);
			return;
		}
}

/* A new image that nobody references yet; it takes a reference on prev. */
u32 image_new(struct model *m, u64 ts, u32 prev)
{
	u32 id = pool_new(&m->images);
	struct image *i = image_at(m, id);

	i->ts = ts;
	i->prev = prev;
	image_ref(m, prev);
	images_cut(m, id);
	return id;
}

/* Fork shares an image until one of the two is renamed: then that one gets a copy. */
struct image *image_own(struct model *m, struct proc *p)
{
	struct image *old = image_at(m, p->image), *i;
	u32 id;

	if (old && old->refs == 1)
		return old;
	id = image_new(m, old ? old->ts : 0, old ? old->prev : 0);
	i = image_at(m, id);
	i->refs = 1;
	if (old) {
		i->exe_len = old->exe_len;
		i->args_len = old->args_len;
		i->truncated = old->truncated;
		i->used = old->used;
		memcpy(i->comm, old->comm, sizeof(i->comm));
		if (old->text) {
			size_t n = (size_t)old->exe_len + old->args_len;

			i->text = memcpy(xmalloc(n), old->text, n);
		}
		image_unref(m, p->image);
	}
	p->image = id;
	return i;
}

void image_set_comm(struct image *i, const struct comm *c)
{
	memcpy(i->comm, c->s, COMM_LEN);
	i->comm[COMM_LEN - 1] = '\0';
}

/* From the tail of exec or scan_args. */
void image_set_text(struct image *i, const struct ev *e, bool truncated)
{
	u16 exe_len, args_len;
	const char *exe = event_exe(e, &exe_len), *args = event_args(e, &args_len);
	size_t n = (size_t)exe_len + args_len;

	free(i->text);
	i->text = n ? xmalloc(n) : NULL;
	if (exe_len)
		memcpy(i->text, exe, exe_len);
	if (args_len)
		memcpy(i->text + exe_len, args, args_len);
	i->exe_len = exe_len;
	i->args_len = args_len;
	i->truncated = truncated;
}

bool image_has_text(const struct image *i, const struct ev *e)
{
	u16 exe_len, args_len;
	const char *exe = event_exe(e, &exe_len), *args = event_args(e, &args_len);

	return i->exe_len == exe_len && i->args_len == args_len &&
	       (!exe_len || !memcmp(i->text, exe, exe_len)) &&
	       (!args_len || !memcmp(i->text + exe_len, args, args_len));
}

void image_use(struct image *i, const struct sock *s)
{
	if (i && s->inode && i->used != s->inode)
		i->used = i->used ? IMAGE_USED_MORE : s->inode;
}

/* What the process ran at that time; 0: not known. */
u32 image_when(const struct model *m, const struct proc *p, u64 ts)
{
	u32 id = p->image;

	while (id && image_at(m, id)->ts > ts)
		id = image_at(m, id)->prev;
	return id;
}

const char *proc_comm(const struct model *m, const struct proc *p)
{
	return p && p->image ? image_at(m, p->image)->comm : "";
}

const char *proc_exe(const struct model *m, const struct proc *p, u16 *len)
{
	const struct image *i = p ? image_at(m, p->image) : NULL;
	bool known = i && i->exe_len;

	if (len)
		*len = known ? i->exe_len : 0;
	return known ? i->text : NULL;
}

const char *proc_args(const struct model *m, const struct proc *p, u16 *len)
{
	const struct image *i = p ? image_at(m, p->image) : NULL;
	bool known = i && i->args_len;

	if (len)
		*len = known ? i->args_len : 0;
	return known ? i->text + i->exe_len : NULL;
}
