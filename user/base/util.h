/* SPDX-License-Identifier: BSD-2-Clause */
/* Small things everybody needs: memory that never fails quietly, hash, pool, strings, time. */
#ifndef PROBATE_UTIL_H
#define PROBATE_UTIL_H

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
typedef int64_t s64;

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define NS_PER_S      1000000000ull
#define NS_PER_MS     1000000ull

/* Allocation.  Out of memory ends the program with a sentence; these never return NULL. */
void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *s);
/* After free(): when much was freed, the kernel gets it back, wherever in the heap it lies. */
void mem_freed(size_t bytes);
void mem_rest(u64 now); /* by who runs for long, once in a while: what is less than much, too */

/* Run before die() prints, by whatever thread dies: the recorder closes its file here. */
extern void (*die_hook)(void);
/* Print "probate: ..." on stderr and exit with `code` (EXIT_USAGE, EXIT_CANNOT ...). */
_Noreturn void die(int code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Print "probate: ..." on stderr. */
void warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Exit codes, as documented in the manual. */
enum {
	EXIT_ANSWERED = 0, /* answered; port: held; ports --leaked: nothing leaked */
	EXIT_OPPOSITE = 1, /* the opposite answer */
	EXIT_USAGE = 2,	   /* the command line makes no sense */
	EXIT_CANNOT = 3,   /* cannot run here: no privilege, kernel too old */
	EXIT_INCOMPLETE =
		4, /* the answer may be incomplete: loss not repaired, recording damaged */
};

/*
 * A map from u64 keys to u32 values: open addressing, linear probing, backward-shift deletion.
 * It grows at three quarters and shrinks at an eighth, so slots move when one is put or taken.
 * Key 0 is allowed.  Values are ids and never 0; 0 says "not there".
 */
struct map_slot {
	u64 key;
	u32 val;		       /* 0: empty */
} __attribute__((packed, aligned(4))); /* 12 bytes: a table of sockets is large */
struct map {
	struct map_slot *slots;
	u32 cap; /* power of two, or 0 */
	u32 count;
	u32 shift; /* 64 - log2(cap) */
};
/* Where the search for a key begins.  Keys are addresses, inodes, (id, number) and small numbers. */
static inline u32 map_home(const struct map *m, u64 key)
{
	return (u32)((key ^ key >> 32) * 0x9e3779b97f4a7c15ull >> m->shift);
}
/* Slot of the key, or the empty one where it would go; the map has slots. */
static inline u32 map_find(const struct map *m, u64 key)
{
	u32 i = map_home(m, key);

	while (m->slots[i].val && m->slots[i].key != key)
		i = (i + 1) & (m->cap - 1);
	return i;
}
static inline u32 map_get(const struct map *m, u64 key)
{
	return m->cap ? m->slots[map_find(m, key)].val : 0;
}
void map_put(struct map *m, u64 key, u32 val); /* replaces */
u32 map_take(struct map *m, u64 key);	       /* removes; what was there, or 0 */
void map_free(struct map *m);

/*
 * A pool of equal structs addressed by id (1, 2, ...).  What is live never moves, so a pointer stays
 * good until its id is given back.  Ids come from the lowest chunk that has one: after a peak the
 * live gather there, and chunks in which nobody is left are given back.  Their slots may still be
 * looked at, by whoever kept an id: they are zeroes.
 *
 * Every chunk knows its free slots and the pool its chunks that have any, so that both take a few
 * steps whatever the size.  One empty chunk is kept for the next to come.
 */
#define POOL_CHUNK  256u /* slots */
#define POOL_LEVELS 4	 /* of 64 each: more chunks than there are ids */
struct pool {
	void **chunk;
	struct pool_room {
		u16 free; /* first free slot, 1..; the next one's number is in its first bytes */
		u16 live;
	} * room; /* of each chunk */
	u64 *open
		[POOL_LEVELS]; /* bit a chunk with a free slot; above it, bit a word that is not 0 */
	u32 elem;	       /* bytes of one struct */
	u32 chunks, cap;
	u32 used;  /* no live id is beyond */
	u32 reach; /* slots that may be looked at */
	u32 live;  /* slots in use now */
	u32 spare; /* an empty chunk that is kept, 1..; 0: none */
	void *hole; /* what stands in the place of a chunk that is not there: zeroes, only to be read */
};
void pool_init(struct pool *p, u32 elem);
u32 pool_new(struct pool *p); /* zeroed */
void pool_drop(struct pool *p, u32 id);
/* NULL for 0; no check that the slot is live. */
static inline void *pool_at(const struct pool *p, u32 id)
{
	assert(id <= p->reach);
	if (!id)
		return NULL;
	id--;
	return (char *)p->chunk[id / POOL_CHUNK] + (size_t)(id % POOL_CHUNK) * p->elem;
}
void pool_free(struct pool *p);
/* The next id that may be live, past chunks in which none is; 0: there is none. */
static inline u32 pool_next(const struct pool *p, u32 id)
{
	while (id % POOL_CHUNK == 0 && id < p->used && !p->room[id / POOL_CHUNK].live)
		id += POOL_CHUNK;
	return id < p->used ? id + 1 : 0;
}

/*
 * Fill an empty pool with slots of given ids: each is placed once, then pool_placed() makes what
 * lies between them free.  Ids may lie far apart: chunks with none of them cost no memory.
 */
void *pool_place(struct pool *p, u32 id);	   /* zeroed */
bool pool_has_chunk(const struct pool *p, u32 id); /* else pool_place() takes memory for it */
void pool_placed(struct pool *p, const u64 *taken /* bit an id */);
/* Slots up to there may be looked at, too, as if they had been handed out once: they are zeroes. */
void pool_reach(struct pool *p, u32 reach);

/* A string that grows. */
struct buf {
	char *s; /* NUL-terminated once anything was added; NULL before */
	size_t len, cap;
};
void buf_grow(struct buf *b, size_t need);
/* Where to write up to n more bytes; whoever did adds to len and puts a NUL there. */
static inline char *buf_space(struct buf *b, size_t n)
{
	if (b->len + n + 1 > b->cap)
		buf_grow(b, b->len + n + 1);
	return b->s + b->len;
}
static inline void buf_add(struct buf *b, const void *p, size_t n)
{
	char *to = buf_space(b, n);

	if (n)
		memcpy(to, p, n);
	b->len += n;
	b->s[b->len] = 0;
}
void buf_puts(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Length 0, memory kept. */
static inline void buf_reset(struct buf *b)
{
	b->len = 0;
	if (b->s)
		b->s[0] = 0;
}
void buf_free(struct buf *b);

/*
 * Hostile bytes made fit for a terminal line: control characters (C0, C1, DEL), bidirectional and
 * zero-width format characters and invalid UTF-8 become \xHH or \u{HHHH}; a backslash stays.
 * At most `max` columns are used, "..." at the end says it was cut; max 0: no limit.
 */
void buf_add_safe(struct buf *b, const char *s, size_t n, size_t max);

/* Columns that safe text takes on a terminal. */
size_t text_width(const char *s, size_t n);
/* Length of the well-formed UTF-8 sequence at s, its code point in *cp; 0: not well-formed. */
size_t utf8_next(const unsigned char *s, size_t n, u32 *cp);

/* "2026-11-21T12:00:00.123456789Z" of ns since 1970. */
void time_rfc3339(char out[40], u64 realtime_ns);
/* "12:00:00.123" in local time. */
void time_clock(char out[16], u64 realtime_ns);
/* "350 ms", "4.2 s", "3 min", "5 h", "12 d": a stretch of time for people. */
void time_span(char out[24], u64 ns);
/* CLOCK_BOOTTIME now.  Never called by the model or a view. */
u64 time_boot_ns(void);
/* CLOCK_REALTIME - CLOCK_BOOTTIME now: the same for all who ask until somebody sets the clock. */
u64 time_wall_off(void);

/* Whole unsigned decimal number, nothing before or after it.  false: it is not, or > max. */
bool parse_u64(const char *s, u64 max, u64 *out);

#endif
