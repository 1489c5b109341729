// SPDX-License-Identifier: BSD-2-Clause
/* One block of a recording: its head, its sums, packing and unpacking; the text of a header. */
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <zlib.h>

#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

#include "rec.h"

#ifndef PROBATE_VERSION
#define PROBATE_VERSION "unknown"
#endif
/* Of zstd: 8 B an event at 210 ns; the next that is worth it takes three times as long. */
#define LEVEL 3
#define RATIO_MAX                                                                                  \
	20000u /* no packed payload is larger by more than this (zstd: repeats of 128 KiB) */

u32 rec_crc(const void *p, size_t n)
{
	return (u32)crc32_z(0, p, n);
}

static u32 head_sum(const struct rec_head *h)
{
	size_t from = offsetof(struct rec_head, format);

	return rec_crc((const char *)h + from, sizeof(*h) - from);
}

void rec_head_seal(struct rec_head *h)
{
	memcpy(h->magic, REC_MAGIC, sizeof(h->magic));
	h->format = REC_FORMAT;
	h->head_bytes = sizeof(*h);
	h->head_crc = head_sum(h);
}

bool rec_head_ok(const struct rec_head *h)
{
	return !memcmp(h->magic, REC_MAGIC, sizeof(h->magic)) && h->head_crc == head_sum(h) &&
	       h->head_bytes >= sizeof(*h) && h->raw <= REC_BLOCK_MAX &&
	       h->stored <= REC_BLOCK_MAX + REC_BLOCK && h->first_ts <= h->last_ts &&
	       (h->codec != REC_RAW || h->stored == h->raw) && h->raw / RATIO_MAX <= h->stored;
}

size_t rec_bound(size_t n)
{
#ifdef HAVE_ZSTD
	return ZSTD_compressBound(n);
#else
	return n;
#endif
}

#ifdef HAVE_ZSTD
static _Thread_local ZSTD_CCtx *packer;
#endif

void rec_pack_end(void)
{
#ifdef HAVE_ZSTD
	ZSTD_freeCCtx(packer);
	packer = NULL;
#endif
}

static size_t pack(const void *raw, size_t n, void *out)
{
#ifdef HAVE_ZSTD
	size_t packed;

	if (!packer)
		packer = ZSTD_createCCtx();
	packed = packer ? ZSTD_compressCCtx(packer, out, rec_bound(n), raw, n, LEVEL) : 0;
	if (packed && !ZSTD_isError(packed) && packed < n)
		return packed;
#endif
	memcpy(out, raw, n);
	return n;
}

void rec_pack(struct rec_head *h, const void *raw, size_t n, void *out)
{
	h->raw = (u32)n;
	h->stored = h->type == REC_HEADER || !n ? 0 : (u32)pack(raw, n, out);
	h->codec = h->stored && h->stored < n ? REC_ZSTD : REC_RAW;
	if (n && !h->stored) {
		memcpy(out, raw, n);
		h->stored = (u32)n;
	}
	h->crc = rec_crc(out, h->stored);
	rec_head_seal(h);
}

const char *rec_unpack(const struct rec_head *h, const void *stored, void *out)
{
	if (rec_crc(stored, h->stored) != h->crc)
		return "its bytes were changed";
	if (h->codec == REC_RAW) {
		if (h->raw) /* of nothing there may be no memory */
			memcpy(out, stored, h->raw);
		return NULL;
	}
	if (h->codec != REC_ZSTD)
		return "it is packed in a way this version does not know";
#ifdef HAVE_ZSTD
	static _Thread_local ZSTD_DCtx *ctx;

	if (!ctx)
		ctx = ZSTD_createDCtx();
	if (ctx && ZSTD_decompressDCtx(ctx, out, h->raw, stored, h->stored) == h->raw)
		return NULL;
	return "it cannot be unpacked";
#else
	return "it is packed with zstd, and this program was built without";
#endif
}

/* ---- the text of a header ------------------------------------------------------------ */

static void describe_schema(struct buf *b)
{
	buf_puts(b, "schema: number id bytes: name type format\n");
	for (u32 n = 0; n < EV_KIND_MAX; n++) {
		const struct kind *k = event_kind(n);

		if (!k || k->class != CLASS_RAW)
			continue;
		buf_printf(b, "%u %s %u:", n, k->id, k->size);
		for (u32 i = 0; i < k->nfields; i++)
			buf_printf(b, " %s %u", k->fields[i].name, k->fields[i].size);
		buf_puts(b, "\n");
	}
}

void rec_boot_id(char out[40])
{
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");

	*out = 0;
	if (f && fgets(out, 40, f))
		out[strcspn(out, "\n")] = 0;
	if (f)
		fclose(f);
}

void rec_describe(struct buf *b, u64 run, u32 segment, u64 boot_ts, u64 offset, const char *tier)
{
	struct utsname u;
	char when[40], boot[40];

	time_rfc3339(when, run);
	buf_printf(b, "probate recording\nformat: %u\nprogram: probate " PROBATE_VERSION "\n",
		   REC_FORMAT);
	rec_boot_id(boot);
	buf_printf(b, "boot: %s\n", boot);
	if (!uname(&u))
		buf_printf(b, "kernel: %s %s %s\nhost: %s\n", u.sysname, u.release, u.machine,
			   u.nodename);
	buf_printf(b, "run: %s\nsegment: %u\nsource: %s\n", when, segment, tier);
	buf_printf(b, "clock: boottime %llu realtime %llu\n", (unsigned long long)boot_ts,
		   (unsigned long long)(boot_ts + offset));
	describe_schema(b);
}
