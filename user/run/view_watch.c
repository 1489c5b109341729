/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Watching (-w): an answer is printed again when it has changed, and only then.
 *
 * What is shown is compared, not what happened: a view renders aside and a hash of the bytes tells
 * whether the reader would see a difference.  So no view needs to know which events matter to it,
 * as long as it keeps ages that grow by themselves out of a watched answer.
 */
#include <stdlib.h>
#include <string.h>

#include "watch.h"

#define PACE_NS	     (10 * NS_PER_MS) /* between two looks */
#define PACE_EACH_NS (100 * 1000ull)  /* and more for each thing: rendering one takes some 10 us */

u64 hash_bytes(const void *p, size_t n)
{
	const unsigned char *s = p;
	u64 h = 14695981039346656037ull;

	while (n--)
		h = (h ^ *s++) * 1099511628211ull;
	return h;
}

struct out *page_begin(struct page *p, struct out *o)
{
	out_resize(o);
	p->out = o;
	p->mem = *o;
	p->mem.line = (struct buf){0};
	p->mem.fd = -1;
	p->text = NULL;
	p->mem.f = open_memstream(&p->text, &p->bytes);
	if (!p->mem.f)
		die(EXIT_CANNOT, "out of memory");
	return &p->mem;
}

/* On a terminal a watched page has to fit: its top counts, and that there is more is said. */
static void page_clip(struct page *p)
{
	u32 lines = 0, room = p->out->height - 2;
	char *cut = NULL;

	for (char *s = p->text; (s = strchr(s, '\n')); s++)
		if (++lines == room)
			cut = s + 1;
	if (lines <= room + 1 || !cut)
		return;
	p->bytes = cut - p->text;
	fwrite(p->text, 1, p->bytes, p->out->f);
	fprintf(p->out->f, "... and %u more lines\n", lines - room);
	p->bytes = 0;
}

void page_end(struct page *p)
{
	u64 hash;

	fclose(p->mem.f);
	buf_free(&p->mem.line);
	hash = hash_bytes(p->text, p->bytes);
	if (!p->shown || hash != p->hash) {
		if (p->shown && p->out->json == false)
			fputs(p->out->tty ? "\033[H\033[2J" : "\n", p->out->f);
		if (p->watch && p->out->tty && !p->out->json && p->out->height > 4)
			page_clip(p);
		out_bytes(p->out, p->text, p->bytes);
		out_flush(p->out);
		p->shown++;
	}
	p->hash = hash;
	free(p->text);
}

void lines_begin(struct lines *l)
{
	l->round++;
	l->cursor = 0;
}

/* The two numbers mixed to a key; the lines themselves are compared, so a collision is harmless. */
static u64 line_key(u64 a, u64 b, u32 probe)
{
	return (a * 0x9e3779b97f4a7c15ull ^ b) + probe * 0xff51afd7ed558ccdull;
}

static struct line *line_find(struct lines *l, u64 a, u64 b, u32 *probe)
{
	u32 i;

	for (*probe = 0; (i = map_get(&l->by_key, line_key(a, b, *probe))); ++*probe)
		if (l->line[i - 1].a == a && l->line[i - 1].b == b)
			return &l->line[i - 1];
	return NULL;
}

bool lines_changed(struct lines *l, struct line now)
{
	u32 probe;
	struct line *x = line_find(l, now.a, now.b, &probe);
	bool changed = !x || x->hash != now.hash;

	if (!x) {
		if (l->count == l->cap) {
			l->cap = l->cap ? l->cap * 2 : 64;
			l->line = xrealloc(l->line, l->cap * sizeof(*l->line));
		}
		x = &l->line[l->count++];
		map_put(&l->by_key, line_key(now.a, now.b, probe), l->count);
	}
	now.round = l->round;
	*x = now;
	return changed;
}

/* Forgetting moves lines and may break a probe run, so the index is made anew, once a round. */
static void lines_index(struct lines *l)
{
	u32 probe;

	map_free(&l->by_key);
	l->by_key = (struct map){0};
	for (u32 i = 0; i < l->count; i++) {
		line_find(l, l->line[i].a, l->line[i].b, &probe);
		map_put(&l->by_key, line_key(l->line[i].a, l->line[i].b, probe), i + 1);
	}
}

bool lines_gone(struct lines *l, struct line *out)
{
	for (; l->cursor < l->count; l->cursor++) {
		struct line *x = &l->line[l->cursor];

		if (x->round == l->round)
			continue;
		*out = *x;
		*x = l->line[--l->count];
		l->moved = true;
		return true;
	}
	if (l->moved)
		lines_index(l);
	l->moved = false;
	return false;
}

void lines_free(struct lines *l)
{
	map_free(&l->by_key);
	free(l->line);
}

void pace_event(struct pace *p, const struct ev *e)
{
	p->dirty |= e->kind != EV_KIND_TICK;
}

/* Event time goes on by ticks when nothing happens, so what is put off here is not forgotten. */
bool pace_due(const struct pace *p, const struct model *m)
{
	return p->dirty && (!p->last || m->now - p->last >= p->gap);
}

void pace_done(struct pace *p, const struct model *m, u32 things)
{
	p->dirty = false;
	p->last = m->now;
	p->gap = PACE_NS + things * PACE_EACH_NS;
}
