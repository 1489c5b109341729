/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that never fails quietly, the hash map, growing strings, numbers.
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
