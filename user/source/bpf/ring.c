/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading a BPF ring buffer.
 *
 * libbpf's reader maps the data twice in a row, as the kernel does for itself, so that no record
 * is ever in two pieces.  The kernel inserts all pages at mmap, and each mapping counts as resident
 * memory: the ring would count twice.  Here it is mapped once, and the one record a round that goes
 * over the end is copied.
 *
 * A record is a header of 8 bytes (length with two flags, and a page offset of the kernel's own)
 * and the data, rounded up to 8; so a header is never in two pieces.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ring.h"

/* Each write of our position takes its cache line from whoever writes records. */
#define RELEASE_EVERY 64

int ring_open(struct ring *r, int map_fd, size_t bytes)
{
	void *p;

	*r = (struct ring){.page = (size_t)sysconf(_SC_PAGESIZE), .bytes = bytes};
	p = mmap(NULL, r->page, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	r->consumer = p;
	p = mmap(NULL, r->page + bytes, PROT_READ, MAP_SHARED, map_fd, (off_t)r->page);
	if (p == MAP_FAILED) {
		int error = errno;

		ring_close(r);
		return -error;
	}
	r->map = p;
	r->at = __atomic_load_n(r->consumer, __ATOMIC_RELAXED);
	return 0;
}

void ring_close(struct ring *r)
{
	if (r->map)
		munmap((void *)(uintptr_t)r->map, r->page + r->bytes);
	if (r->consumer)
		munmap(r->consumer, r->page);
	*r = (struct ring){};
}

static u64 produced(const struct ring *r)
{
	return __atomic_load_n((const u64 *)(const void *)r->map, __ATOMIC_ACQUIRE);
}

u64 ring_waiting(const struct ring *r)
{
	return produced(r) - r->at;
}

/* The data of a record that begins at this offset, in one piece; *n may be cut to what fits. */
static const void *in_one_piece(struct ring *r, size_t offset, size_t *n)
{
	const char *data = r->map + r->page;
	size_t whole = r->bytes - offset;

	if (*n <= whole)
		return data + offset;
	if (*n > sizeof(r->wrapped)) /* no event is that long: whoever gets it finds it damaged */
		*n = sizeof(r->wrapped);
	if (*n <= whole)
		return data + offset;
	memcpy(r->wrapped, data + offset, whole);
	memcpy((char *)r->wrapped + whole, data, *n - whole);
	return r->wrapped;
}

bool ring_take(struct ring *r, ring_fn fn, void *ctx)
{
	const size_t mask = r->bytes - 1;
	u64 end = produced(r);
	bool more = true;

	for (u32 taken = 0; more && r->at < end; taken++) {
		const char *head = r->map + r->page + (r->at & mask);
		u32 len = __atomic_load_n((const u32 *)(const void *)head, __ATOMIC_ACQUIRE);
		size_t bytes = len & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT), n = bytes;

		if (len & BPF_RINGBUF_BUSY_BIT) /* being written; those after it wait, too */
			break;
		if (!(len & BPF_RINGBUF_DISCARD_BIT)) {
			const void *record =
				in_one_piece(r, (r->at + BPF_RINGBUF_HDR_SZ) & mask, &n);

			more = fn(ctx, record, n);
		}
		r->at += (bytes + BPF_RINGBUF_HDR_SZ + 7) / 8 * 8;
		if (taken % RELEASE_EVERY == RELEASE_EVERY - 1)
			__atomic_store_n(r->consumer, r->at, __ATOMIC_RELEASE);
	}
	__atomic_store_n(r->consumer, r->at, __ATOMIC_RELEASE);
	return r->at >= end;
}
