/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that never fails quietly, the hash map, the pool, growing strings, numbers.
 *
 * The map is open addressing with linear probing over one array.  Deletion shifts the rest of the
 * run back, so there are no tombs and look-ups never grow slower with age.
 */
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util.h"

#define MEM_TRIM (8u << 20)  /* bytes freed that are worth a walk over the heap at once */
#define MEM_REST (64u << 10) /* and those that are, seldom */
#define REST_NS	 (10 * NS_PER_S)

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

/*
 * complain() itself needs memory, so this end is written without any.  The hook may find out, too,
 * that there is none; and other threads, while it closes what is open, wait for the end.
 */
static _Noreturn void die_memory(void)
{
	static atomic_flag begun = ATOMIC_FLAG_INIT;
	static _Thread_local bool here;

	if (here)
		_exit(EXIT_CANNOT);
	here = true;
	while (atomic_flag_test_and_set(&begun))
		pause();
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

/*
 * free() keeps what lies below something that is still in use; malloc_trim() gives back whole pages
 * in between, too, and takes its time for it: a walk over what is free.  So it is called when much
 * was freed at once, and of less, which would else stay for ever, by who calls mem_rest().
 */
static _Atomic size_t freed; /* since then; the one heap that all threads share */

static void mem_trim(void)
{
	atomic_store(&freed, 0);
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

void mem_freed(size_t bytes)
{
	if (atomic_fetch_add(&freed, bytes) + bytes >= MEM_TRIM)
		mem_trim();
}

void mem_rest(u64 now)
{
	static u64 rested; /* of the one thread that calls it */

	if (now - rested < REST_NS)
		return;
	rested = now;
	if (atomic_load(&freed) >= MEM_REST)
		mem_trim();
}

char *xstrdup(const char *s)
{
	size_t n = strlen(s) + 1;

	return memcpy(xmalloc(n), s, n);
}

/* ---- map ------------------------------------------------------------------------------- */

#define MAP_MIN 16

static void map_resize(struct map *m, u32 cap)
{
	struct map old = *m;

	m->cap = cap;
	m->shift = 64 - (u32)__builtin_ctz(m->cap);
	m->slots = xcalloc(m->cap, sizeof(*m->slots));
	for (u32 i = 0; i < old.cap; i++) {
		if (old.slots[i].val)
			m->slots[map_find(m, old.slots[i].key)] = old.slots[i];
	}
	free(old.slots);
	mem_freed(old.cap * sizeof(*old.slots));
}

void map_put(struct map *m, u64 key, u32 val)
{
	u32 i;

	assert(val);
	if (m->count >= m->cap / 4 * 3)
		map_resize(m, m->cap ? m->cap * 2 : MAP_MIN);
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
	if (--m->count < m->cap / 8 && m->cap > MAP_MIN)
		map_resize(m, m->cap / 2);
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

static void *slot_at(const struct pool *p, u32 chunk, u32 slot /* 1.. */)
{
	return (char *)p->chunk[chunk] + (size_t)(slot - 1) * p->elem;
}

/* How many words of bits a level has. */
static u32 open_words(u32 chunks, u32 level)
{
	return (u32)(((u64)chunks + (64ull << 6 * level) - 1) >> (6 + 6 * level));
}

static void open_set(struct pool *p, u32 chunk)
{
	for (u32 level = 0; level < POOL_LEVELS; level++, chunk /= 64)
		p->open[level][chunk / 64] |= 1ull << chunk % 64;
}

static void open_clear(struct pool *p, u32 chunk)
{
	for (u32 level = 0; level < POOL_LEVELS; level++, chunk /= 64)
		if (p->open[level][chunk / 64] &= ~(1ull << chunk % 64))
			return;
}

/* The lowest chunk that has a free slot; p->chunks: none has. */
static u32 open_first(const struct pool *p)
{
	u32 i = 0;

	if (!p->cap || !p->open[POOL_LEVELS - 1][0])
		return p->chunks;
	for (u32 level = POOL_LEVELS; level--;)
		i = i * 64 + (u32)__builtin_ctzll(p->open[level][i]);
	return i;
}

static void cap_grow(struct pool *p, u32 chunks)
{
	u32 cap = p->cap ? p->cap : 4, was = p->cap;

	while (cap < chunks)
		cap *= 2;
	if (cap == was)
		return;
	p->chunk = xrealloc(p->chunk, cap * sizeof(*p->chunk));
	p->room = xrealloc(p->room, cap * sizeof(*p->room));
	for (u32 level = 0; level < POOL_LEVELS; level++) {
		u32 had = open_words(was, level), words = open_words(cap, level);

		p->open[level] = xrealloc(p->open[level], words * sizeof(u64));
		memset(p->open[level] + had, 0, (words - had) * sizeof(u64));
	}
	p->cap = cap;
}

/* The chunks below are there, as holes if nothing else. */
static void chunks_grow(struct pool *p, u32 chunks)
{
	if (!p->hole)
		p->hole = xcalloc(POOL_CHUNK, p->elem);
	cap_grow(p, chunks);
	while (p->chunks < chunks) {
		p->chunk[p->chunks] = p->hole;
		p->room[p->chunks] = (struct pool_room){};
		open_set(p, p->chunks++);
	}
}

/* Make the slots of a chunk free that are not taken, the lowest first. */
static void room_fill(struct pool *p, u32 chunk, const u64 *taken)
{
	struct pool_room *room = &p->room[chunk];

	*room = (struct pool_room){};
	for (u32 slot = POOL_CHUNK; slot; slot--) {
		u32 id = chunk * POOL_CHUNK + slot, next = room->free;

		if (taken && id <= p->used && taken[id / 64] >> id % 64 & 1) {
			room->live++;
			continue;
		}
		memcpy(slot_at(p, chunk, slot), &next, sizeof(next));
		room->free = (u16)slot;
	}
	if (room->free)
		open_set(p, chunk);
	else
		open_clear(p, chunk);
}

static void chunk_begin(struct pool *p, u32 i)
{
	chunks_grow(p, i + 1);
	if (p->chunk[i] == p->hole)
		p->chunk[i] = xcalloc(POOL_CHUNK, p->elem);
}

static void chunk_end(struct pool *p, u32 i)
{
	free(p->chunk[i]);
	p->chunk[i] = p->hole;
	p->room[i].free = 0;
	mem_freed((size_t)POOL_CHUNK * p->elem);
}

bool pool_has_chunk(const struct pool *p, u32 id)
{
	u32 i = (id - 1) / POOL_CHUNK;

	return i < p->chunks && p->chunk[i] != p->hole;
}

static void used_grow(struct pool *p, u32 id)
{
	if (p->used < id)
		p->used = id;
	if (p->reach < id)
		p->reach = id;
}

void *pool_place(struct pool *p, u32 id)
{
	chunk_begin(p, (id - 1) / POOL_CHUNK);
	used_grow(p, id);
	p->live++;
	return pool_at(p, id);
}

void pool_reach(struct pool *p, u32 reach)
{
	if (reach <= p->reach)
		return;
	chunks_grow(p, (reach + POOL_CHUNK - 1) / POOL_CHUNK);
	p->reach = reach;
}

void pool_placed(struct pool *p, const u64 *taken)
{
	for (u32 i = 0; i < p->chunks; i++)
		if (p->chunk[i] != p->hole)
			room_fill(p, i, taken);
}

u32 pool_new(struct pool *p)
{
	u32 i = open_first(p), id, next;
	char *slot;

	if (i == p->chunks || p->chunk[i] == p->hole) {
		chunk_begin(p, i);
		room_fill(p, i, NULL);
	}
	if (p->spare == i + 1)
		p->spare = 0;
	id = i * POOL_CHUNK + p->room[i].free;
	slot = slot_at(p, i, p->room[i].free); /* all 0 but the link, since pool_drop() */
	memcpy(&next, slot, sizeof(next));
	memset(slot, 0, sizeof(next));
	p->room[i].free = (u16)next;
	p->room[i].live++;
	if (!next)
		open_clear(p, i);
	used_grow(p, id);
	p->live++;
	return id;
}

/* Nobody is left in a chunk: the lower of two such stays. */
static void chunk_empty(struct pool *p, u32 i)
{
	u32 other = p->spare ? p->spare - 1 : i, low = other < i ? other : i;

	if (other != i)
		chunk_end(p, other < i ? i : other);
	p->spare = low + 1;
	for (i = (p->used - 1) / POOL_CHUNK; i && !p->room[i].live; i--)
		p->used = i * POOL_CHUNK;
}

void pool_drop(struct pool *p, u32 id)
{
	u32 i = (id - 1) / POOL_CHUNK, next = p->room[i].free;
	char *slot = pool_at(p, id);

	assert(slot && p->room[i].live);
	memset(slot, 0, p->elem);
	memcpy(slot, &next, sizeof(next));
	if (!next)
		open_set(p, i);
	p->room[i].free = (u16)(id - i * POOL_CHUNK);
	p->live--;
	if (!--p->room[i].live)
		chunk_empty(p, i);
}

void pool_free(struct pool *p)
{
	for (u32 i = 0; i < p->chunks; i++)
		if (p->chunk[i] != p->hole)
			free(p->chunk[i]);
	for (u32 level = 0; level < POOL_LEVELS; level++)
		free(p->open[level]);
	free(p->hole);
	free(p->room);
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
