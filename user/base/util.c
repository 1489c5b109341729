/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that never fails quietly, the hash map, the pool, growing strings, numbers.
 *
 * The map is open addressing with linear probing over one array.  Deletion shifts the rest of the
 * run back, so there are no tombs and look-ups never grow slower with age.
 */
#include <stdlib.h>
#include <string.h>

#include "util.h"

void (*die_hook)(void);

/* Even our own words may quote a hostile name: everything passes the same filter. */
static void complain(const char *fmt, va_list ap)
{
	char line[2048];
	struct buf b = {};
	int n = vsnprintf(line, sizeof(line), fmt, ap);

	if (n < 0)
		return;
	buf_puts(&b, "probate: ");
	buf_add_safe(&b, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1, 0);
	buf_puts(&b, "\n");
	fwrite(b.s, 1, b.len, stderr);
	fflush(stderr);
	buf_free(&b);
}

void die(int code, const char *fmt, ...)
{
	va_list ap;

	if (die_hook)
		die_hook();
	va_start(ap, fmt);
	complain(fmt, ap);
	va_end(ap);
	exit(code);
}

void warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(fmt, ap);
	va_end(ap);
}

/* complain() itself needs memory, so this end is written without any. */
static _Noreturn void die_memory(void)
{
	if (die_hook)
		die_hook();
	fputs("probate: out of memory\n", stderr);
	exit(EXIT_CANNOT);
}

void *xrealloc(void *p, size_t n)
{
	p = realloc(p, n ? n : 1);
	if (!p)
		die_memory();
	return p;
}

void *xmalloc(size_t n)
{
	return xrealloc(NULL, n);
}

void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		die_memory();
	return p;
}

char *xstrdup(const char *s)
{
	size_t n = strlen(s) + 1;

	return memcpy(xmalloc(n), s, n);
}

/* ---- map ------------------------------------------------------------------------------- */

#define MAP_MIN 16

static void map_grow(struct map *m)
{
	struct map old = *m;

	m->cap = old.cap ? old.cap * 2 : MAP_MIN;
	m->shift = 64 - (u32)__builtin_ctz(m->cap);
	m->slots = xcalloc(m->cap, sizeof(*m->slots));
	for (u32 i = 0; i < old.cap; i++) {
		if (old.slots[i].val)
			m->slots[map_find(m, old.slots[i].key)] = old.slots[i];
	}
	free(old.slots);
}

void map_put(struct map *m, u64 key, u32 val)
{
	u32 i;

	assert(val);
	if (m->count >= m->cap / 4 * 3)
		map_grow(m);
	i = map_find(m, key);
	m->count += !m->slots[i].val;
	m->slots[i] = (struct map_slot){key, val};
}

u32 map_take(struct map *m, u64 key)
{
	u32 mask = m->cap - 1, hole, val;

	if (!m->cap)
		return 0;
	hole = map_find(m, key);
	val = m->slots[hole].val;
	if (!val)
		return 0;
	for (u32 i = (hole + 1) & mask; m->slots[i].val; i = (i + 1) & mask) {
		u32 home = map_home(m, m->slots[i].key);

		/* It may move into the hole unless its home lies after the hole, before it. */
		if (((i - home) & mask) >= ((i - hole) & mask)) {
			m->slots[hole] = m->slots[i];
			hole = i;
		}
	}
	m->slots[hole].val = 0;
	m->count--;
	return val;
}

void map_free(struct map *m)
{
	free(m->slots);
	*m = (struct map){};
}

/* ---- pool ------------------------------------------------------------------------------ */

void pool_init(struct pool *p, u32 elem)
{
	*p = (struct pool){.elem = elem < sizeof(u32) ? sizeof(u32) : elem};
}

/* Make the slots from the first to the last of a chunk free that are not taken. */
static void chunk_free(struct pool *p, u32 chunk, const u64 *taken)
{
	u32 first = chunk * POOL_CHUNK + 1, last = first + POOL_CHUNK - 1;

	for (u32 id = last < p->used ? last : p->used; id >= first; id--) {
		if (taken && taken[id / 64] >> id % 64 & 1)
			continue;
		memcpy(pool_at(p, id), &p->free, sizeof(u32));
		p->free = id;
	}
}

static void hole_fill(struct pool *p)
{
	u32 i = 0;

	while (p->chunk[i] != p->hole)
		i++;
	p->chunk[i] = xcalloc(POOL_CHUNK, p->elem);
	p->holes--;
	chunk_free(p, i, NULL);
}

bool pool_has_chunk(const struct pool *p, u32 id)
{
	u32 i = (id - 1) / POOL_CHUNK;

	return i < p->chunks && p->chunk[i] != p->hole;
}

/* The chunks below are there, as holes if nothing else. */
static void chunks_grow(struct pool *p, u32 chunks)
{
	if (!p->hole)
		p->hole = xcalloc(POOL_CHUNK, p->elem);
	p->chunk = xrealloc(p->chunk, chunks * sizeof(*p->chunk));
	while (p->chunks < chunks)
		p->chunk[p->chunks++] = p->hole;
}

void *pool_place(struct pool *p, u32 id)
{
	u32 i = (id - 1) / POOL_CHUNK;

	if (i >= p->chunks) {
		p->holes += i + 1 - p->chunks;
		chunks_grow(p, i + 1);
	}
	if (p->chunk[i] == p->hole) {
		p->chunk[i] = xcalloc(POOL_CHUNK, p->elem);
		p->holes--;
	}
	if (p->used < id)
		p->used = p->reach = id;
	p->live++;
	return pool_at(p, id);
}

void pool_reach(struct pool *p, u32 reach)
{
	u32 chunks = (reach + POOL_CHUNK - 1) / POOL_CHUNK;

	if (reach <= p->reach)
		return;
	if (chunks > p->chunks)
		chunks_grow(p, chunks); /* not among p->holes: used after all else */
	p->reach = reach;
}

void pool_placed(struct pool *p, const u64 *taken)
{
	for (u32 i = p->chunks; i-- > 0;)
		if (p->chunk[i] != p->hole)
			chunk_free(p, i, taken);
}

/* There is memory for slots of that chunk. */
static void chunk_begin(struct pool *p, u32 i)
{
	if (i == p->chunks) {
		p->chunk = xrealloc(p->chunk, (i + 1) * sizeof(*p->chunk));
		p->chunk[p->chunks++] = NULL;
	}
	if (!p->chunk[i] || p->chunk[i] == p->hole)
		p->chunk[i] = xcalloc(POOL_CHUNK, p->elem);
}

u32 pool_new(struct pool *p)
{
	u32 id;

	if (!p->free && p->holes)
		hole_fill(p);
	id = p->free;
	if (id) { /* all 0 but the link, since pool_drop() */
		memcpy(&p->free, pool_at(p, id), sizeof(u32));
		memset(pool_at(p, id), 0, sizeof(u32));
	} else {
		chunk_begin(p, p->used / POOL_CHUNK);
		id = ++p->used;
		if (p->reach < id)
			p->reach = id;
	}
	p->live++;
	return id;
}

void pool_drop(struct pool *p, u32 id)
{
	char *slot = pool_at(p, id);

	assert(slot && p->live);
	memset(slot, 0, p->elem);
	memcpy(slot, &p->free, sizeof(u32));
	p->free = id;
	p->live--;
}

void pool_free(struct pool *p)
{
	for (u32 i = 0; i < p->chunks; i++)
		if (p->chunk[i] != p->hole)
			free(p->chunk[i]);
	free(p->hole);
	free(p->chunk);
	*p = (struct pool){};
}

/* ---- strings and numbers ---------------------------------------------------------------- */

void buf_grow(struct buf *b, size_t need)
{
	b->cap = b->cap ? b->cap * 2 : 64;
	if (b->cap < need)
		b->cap = need;
	b->s = xrealloc(b->s, b->cap);
}

void buf_puts(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	buf_space(b, 128);
	va_start(ap, fmt);
	n = vsnprintf(b->s + b->len, b->cap - b->len, fmt, ap);
	va_end(ap);
	assert(n >= 0);
	if ((size_t)n >= b->cap - b->len) {
		buf_space(b, n);
		va_start(ap, fmt);
		vsnprintf(b->s + b->len, (size_t)n + 1, fmt, ap);
		va_end(ap);
	}
	b->len += n;
}

void buf_free(struct buf *b)
{
	free(b->s);
	*b = (struct buf){};
}

bool parse_u64(const char *s, u64 max, u64 *out)
{
	u64 v = 0;

	if (!*s)
		return false;
	for (; *s; s++) {
		u64 digit = (u64)*s - '0';

		if (*s < '0' || *s > '9' || v > max / 10 || v * 10 > max - digit)
			return false;
		v = v * 10 + digit;
	}
	*out = v;
	return v <= max;
}
