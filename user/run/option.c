/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Options: what each is called, takes and does.  Those of all commands are here, those of one stand
 * with it; parsing and the help come from these tables.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "when.h"

#define RING_MIN   (16u << 10)
#define RING_MAX   (1ull << 30)
#define SIZE_LIMIT (1ull << 50)

/* ---- values that are more than text ---------------------------------------------------------- */

static void set_fd(struct opts *o, const char *value)
{
	static const char *const modes[] = {
		[FD_AUTO] = "auto", [FD_FULL] = "full", [FD_LEAN] = "lean"};

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (!strcmp(modes[i], value)) {
			o->fd = (enum fd_mode)i;
			return;
		}
	die(EXIT_USAGE, "--fd takes full, lean or auto, not \"%s\"", value);
}

/* "64K", "8M", "1G" or bytes; 0: it is none, or more than max. */
static u64 size_value(const char *value, u64 max)
{
	static const char units[] = "KMGT", lower[] = "kmgt";
	size_t n = strspn(value, "0123456789");
	const char *unit = value[n] ? strchr(units, value[n]) : NULL;
	u32 shift;
	u64 count;
	char *digits;
	bool ok;

	if (value[n] && !unit && (unit = strchr(lower, value[n])))
		unit = units + (unit - lower);
	if (value[n] && (!unit || value[n + 1]))
		return 0;
	shift = unit ? 10 * (u32)(unit - units + 1) : 0;
	digits = xstrdup(value);
	digits[n] = 0;
	ok = parse_u64(digits, max >> shift, &count);
	free(digits);
	return ok ? count << shift : 0;
}

/* Rounded up to a power of two. */
static void set_buffer(struct opts *o, const char *value)
{
	u64 bytes = size_value(value, RING_MAX), size = RING_MIN;

	if (!bytes)
		die(EXIT_USAGE, "--buffer takes a size such as 512K or 16M, 1G at most, not \"%s\"",
		    value);
	while (size < bytes)
		size *= 2;
	o->ring_bytes = size;
}

static u64 limit_size(const char *name, const char *value)
{
	u64 bytes = size_value(value, SIZE_LIMIT);

	if (!bytes)
		die(EXIT_USAGE, "--%s takes a size such as 64M or 8G, 1024T at most, not \"%s\"",
		    name, value);
	return bytes;
}

static u64 limit_age(const char *name, const char *value)
{
	u64 ns;

	if (!span_parse(value, &ns) || !ns)
		die(EXIT_USAGE, "--%s takes a time such as 90s, 6h or 7d, not \"%s\"", name, value);
	return ns;
}

/* Of all commands.  `once`: not of those that run for long, are about now and print nothing. */
/* clang-format off */
const struct option_def option_common[] = {
	{ 'r', "replay", "PATH", "read a recording: a file, a directory or - (also events in text)", TEXT(replay), .once = true },
	{ 0, "at", "TIME", "of a recording: the state at 03:12, 2026-11-21 03:12, -2h", TEXT(at), .once = true },
	{ 0, "since", "TIME", "of a recording: from then on (trace, report, with -w)", TEXT(since), .once = true },
	{ 0, "until", "TIME", "of a recording: up to then", TEXT(until), .once = true },
	{ 'j', "json", NULL, "one JSON object a line", FLAG(json) },
	{ 'w', "watch", NULL, "stay, and show what changes", FLAG(watch), .once = true },
	{ 'o', "output", "FILE", "write the answer to FILE", TEXT(out_path), .once = true },
	{ 'q', "quiet", NULL, "no remarks on standard error", FLAG(quiet) },
	{ 0, "fd", "MODE", "descriptor events: full, lean or auto", OWN(set_fd) },
	{ 0, "buffer", "SIZE", "size of the ring buffer (8M)", OWN(set_buffer) },
	{ 0, "no-bpf", NULL, "read /proc even where BPF could be used", FLAG(no_bpf), .once = true },
	{ 0, "no-history", NULL, "ask no running recorder for what was before", FLAG(no_history), .once = true },
	{ 0, "record", "PATH", "live: record what comes, too", TEXT(record) },
	{ 0, "force", NULL, "write over a recording that is there", FLAG(force) },
	{},
};
/* clang-format on */

/* Of those that record into a directory. */
/* clang-format off */
const struct option_def option_limits[] = {
	{ 0, "segment-size", "SIZE", "a new segment after that (64M)", SIZE(limits.segment_bytes) },
	{ 0, "segment-age", "TIME", "a new segment after that (6h)", AGE(limits.segment_ns) },
	{ 0, "max-size", "SIZE", "of all segments; the oldest go first (8G)", SIZE(limits.total_bytes) },
	{ 0, "max-age", "TIME", "segments older than that go (never)", AGE(limits.total_ns) },
	{ 0, "checkpoint", "SIZE", "dump the state after so much of events", SIZE(limits.model_bytes) },
	{},
};
/* clang-format on */

void option_take(const struct option_def *d, struct opts *o, const char *value)
{
	void *to = (char *)o + d->at;
	char name[64];

	snprintf(name, sizeof(name), "--%s", d->name);
	switch (d->take) {
	case TAKE_OWN:
		d->set(o, value);
		break;
	case TAKE_FLAG:
		*(bool *)to = true;
		break;
	case TAKE_TEXT:
		*(const char **)to = value;
		break;
	case TAKE_SIZE:
		*(u64 *)to = limit_size(d->name, value);
		break;
	case TAKE_AGE:
		*(u64 *)to = limit_age(d->name, value);
		break;
	case TAKE_PID:
		*(u32 *)to = pid_value(name, value);
		break;
	case TAKE_BIT:
		*(u32 *)to |= 1u << d->bit;
		break;
	case TAKE_NO_BIT:
		*(u32 *)to &= ~(1u << d->bit);
		break;
	}
}
