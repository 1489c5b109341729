/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that never fails quietly, the hash map, the pool, growing strings, numbers.
 *
 * The map is open addressing with linear probing over two arrays.  Deletion shifts the rest of the
 * run back, so there are no tombs and look-ups never grow slower with age.
 */
#include <assert.h>
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

/* Keys are addresses, inodes and small numbers: the finalizer of splitmix64 spreads them all. */
static u32 map_home(const struct map *m, u64 key)
{
	key ^= key >> 30;
	key *= 0xbf58476d1ce4e5b9ull;
	key ^= key >> 27;
	key *= 0x94d049bb133111ebull;
	return (u32)(key >> 32) & (m->cap - 1);
}

/* Slot of the key, or the empty one where it would go. */
static u32 map_slot(const struct map *m, u64 key)
{
	u32 i = map_home(m, key);

	while (m->vals[i] && m->keys[i] != key)
		i = (i + 1) & (m->cap - 1);
	return i;
}

u32 map_get(const struct map *m, u64 key)
{
	return m->cap ? m->vals[map_slot(m, key)] : 0;
}

static void map_grow(struct map *m)
{
	struct map old = *m;

	m->cap = old.cap ? old.cap * 2 : MAP_MIN;
	m->keys = xmalloc(m->cap * sizeof(*m->keys));
	m->vals = xcalloc(m->cap, sizeof(*m->vals));
	for (u32 i = 0; i < old.cap; i++) {
		if (old.vals[i]) {
			u32 at = map_slot(m, old.keys[i]);

			m->keys[at] = old.keys[i];
			m->vals[at] = old.vals[i];
		}
	}
	free(old.keys);
	free(old.vals);
}

void map_put(struct map *m, u64 key, u32 val)
{
	u32 i;

	assert(val);
	if (m->count >= m->cap / 4 * 3)
		map_grow(m);
	i = map_slot(m, key);
	m->count += !m->vals[i];
	m->keys[i] = key;
	m->vals[i] = val;
}

u32 map_take(struct map *m, u64 key)
{
	u32 mask = m->cap - 1, hole, val;

	if (!m->cap)
		return 0;
	hole = map_slot(m, key);
	val = m->vals[hole];
	if (!val)
		return 0;
	for (u32 i = (hole + 1) & mask; m->vals[i]; i = (i + 1) & mask) {
		u32 home = map_home(m, m->keys[i]);

		/* It may move into the hole unless its home lies after the hole, before it. */
		if (((i - home) & mask) >= ((i - hole) & mask)) {
			m->keys[hole] = m->keys[i];
			m->vals[hole] = m->vals[i];
			hole = i;
		}
	}
	m->vals[hole] = 0;
	m->count--;
	return val;
}

void map_free(struct map *m)
{
	free(m->keys);
	free(m->vals);
	*m = (struct map){};
}

/* ---- pool ------------------------------------------------------------------------------ */

#define CHUNK_SLOTS 256u

void pool_init(struct pool *p, u32 elem)
{
	*p = (struct pool){.elem = elem < sizeof(u32) ? sizeof(u32) : elem};
}

void *pool_at(const struct pool *p, u32 id)
{
	if (!id)
		return NULL;
	assert(id <= p->used);
	id--;
	return (char *)p->chunk[id / CHUNK_SLOTS] + (size_t)(id % CHUNK_SLOTS) * p->elem;
}

u32 pool_new(struct pool *p)
{
	u32 id = p->free;

	if (id) {
		memcpy(&p->free, pool_at(p, id), sizeof(u32));
	} else {
		if (p->used == p->chunks * CHUNK_SLOTS) {
			p->chunk = xrealloc(p->chunk, (p->chunks + 1) * sizeof(*p->chunk));
			p->chunk[p->chunks++] = xmalloc((size_t)CHUNK_SLOTS * p->elem);
		}
		id = ++p->used;
	}
	memset(pool_at(p, id), 0, p->elem);
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
		free(p->chunk[i]);
	free(p->chunk);
	*p = (struct pool){};
}

/* ---- strings and numbers ---------------------------------------------------------------- */

static void buf_room(struct buf *b, size_t more)
{
	size_t need = b->len + more + 1;

	if (need <= b->cap)
		return;
	b->cap = b->cap ? b->cap * 2 : 64;
	if (b->cap < need)
		b->cap = need;
	b->s = xrealloc(b->s, b->cap);
}

char *buf_space(struct buf *b, size_t n)
{
	buf_room(b, n);
	return b->s + b->len;
}

void buf_add(struct buf *b, const void *p, size_t n)
{
	buf_room(b, n);
	if (n)
		memcpy(b->s + b->len, p, n);
	b->len += n;
	b->s[b->len] = 0;
}

void buf_puts(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	buf_room(b, 128);
	va_start(ap, fmt);
	n = vsnprintf(b->s + b->len, b->cap - b->len, fmt, ap);
	va_end(ap);
	assert(n >= 0);
	if ((size_t)n >= b->cap - b->len) {
		buf_room(b, n);
		va_start(ap, fmt);
		vsnprintf(b->s + b->len, (size_t)n + 1, fmt, ap);
		va_end(ap);
	}
	b->len += n;
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	if (b->s)
		b->s[0] = 0;
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
