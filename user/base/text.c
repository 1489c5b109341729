/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hostile bytes made fit for a terminal, and time for people.
 *
 * comm, argv, paths and UNIX names are chosen by whoever is watched.  What could move the cursor,
 * change the title, reorder a line or hide in it is written out instead.
 */
#include <string.h>
#include <time.h>

#include "util.h"

struct range {
	u32 first, last;
};

/* Control, format, invisible: written as \u{...}.  Below U+0100 as \x... */
static const struct range odd[] = {
	{0x00, 0x1f},	  {0x7f, 0x9f},	      {0xad, 0xad},	  {0x34f, 0x34f},
	{0x61c, 0x61c},	  {0x115f, 0x1160},   {0x17b4, 0x17b5},	  {0x180b, 0x180f},
	{0x200b, 0x200f}, {0x2028, 0x202e},   {0x2060, 0x206f},	  {0x3164, 0x3164},
	{0xfe00, 0xfe0f}, {0xfeff, 0xfeff},   {0xffa0, 0xffa0},	  {0xfff0, 0xfffb},
	{0xfffe, 0xffff}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
};
/* Two columns wide; the rough ranges of East Asian width W and F. */
static const struct range wide[] = {
	{0x1100, 0x115e},   {0x2e80, 0x303e},	{0x3041, 0xa4cf},   {0xac00, 0xd7a3},
	{0xf900, 0xfaff},   {0xfe30, 0xfe6f},	{0xff01, 0xff60},   {0xffe0, 0xffe6},
	{0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1faff}, {0x20000, 0x3fffd},
};
/* No column of their own: combining marks. */
static const struct range marks[] = {
	{0x300, 0x36f},	  {0x483, 0x489},   {0x591, 0x5bd},   {0x64b, 0x65f},
	{0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x20d0, 0x20ff}, {0xfe20, 0xfe2f},
};

static bool in_ranges(const struct range *r, size_t n, u32 c)
{
	for (size_t i = 0; i < n && c >= r[i].first; i++)
		if (c <= r[i].last)
			return true;
	return false;
}

size_t utf8_next(const unsigned char *s, size_t n, u32 *cp)
{
	static const u32 least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len = s[0] < 0x80 ? 1 : s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : s[0] >= 0xc2 ? 2 : 0;

	if (!len || len > n || s[0] > 0xf4)
		return 0;
	*cp = len == 1 ? s[0] : s[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*cp = *cp << 6 | (s[i] & 0x3f);
	}
	if (*cp < least[len] || *cp > 0x10ffff || (*cp >= 0xd800 && *cp < 0xe000))
		return 0;
	return len;
}

/* One character of the input as it will stand on the line; columns it takes in *cols. */
static size_t safe_char(char out[16], const char *s, size_t n, size_t *cols)
{
	const unsigned char *u = (const unsigned char *)s;
	u32 cp = 0;
	size_t len = utf8_next(u, n, &cp);

	if (!len || (cp < 0x100 && in_ranges(odd, ARRAY_SIZE(odd), cp))) {
		/* U+0080..U+009F are two bytes: show the byte that is there, one at a time */
		*cols = sprintf(out, "\\x%02x", len == 2 ? cp : u[0]);
		return len ? len : 1;
	}
	if (in_ranges(odd, ARRAY_SIZE(odd), cp)) {
		*cols = sprintf(out, "\\u{%x}", cp);
		return len;
	}
	memcpy(out, s, len);
	out[len] = 0;
	*cols = in_ranges(wide, ARRAY_SIZE(wide), cp)	  ? 2
		: in_ranges(marks, ARRAY_SIZE(marks), cp) ? 0
							  : 1;
	return len;
}

void buf_add_safe(struct buf *b, const char *s, size_t n, size_t max)
{
	size_t cols = 0, cut = b->len; /* cut: where "..." would go */
	char c[16];

	if (!n)
		buf_add(b, "", 0);
	while (n) {
		size_t width, len = safe_char(c, s, n, &width);

		if (max && cols + width > max) {
			b->len = cut;
			buf_add(b, "...", max < 3 ? max : 3);
			return;
		}
		buf_puts(b, c);
		cols += width;
		if (cols + 3 <= max)
			cut = b->len;
		s += len;
		n -= len;
	}
}

size_t text_width(const char *s, size_t n)
{
	size_t width, cols = 0;
	char c[16];

	while (n) {
		size_t len = safe_char(c, s, n, &width);

		cols += width;
		s += len;
		n -= len;
	}
	return cols;
}

/* ---- time ------------------------------------------------------------------------------ */

static char *put_digits(char *p, u32 v, int width)
{
	for (int i = width; i--; v /= 10)
		p[i] = '0' + v % 10;
	return p + width;
}

/* Days since 1970 to the civil date (Howard Hinnant's civil_from_days, for days >= 0). */
static char *put_date(char *p, u64 days)
{
	u64 z = days + 719468, era = z / 146097, doe = z % 146097;
	u64 yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	u64 doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
	u32 month = mp < 10 ? mp + 3 : mp - 9;

	p = put_digits(p, yoe + era * 400 + (month <= 2), 4);
	*p++ = '-';
	p = put_digits(p, month, 2);
	*p++ = '-';
	return put_digits(p, doy - (153 * mp + 2) / 5 + 1, 2);
}

void time_rfc3339(char out[40], u64 realtime_ns)
{
	u64 s = realtime_ns / NS_PER_S;
	u32 day = s % 86400;
	char *p = put_date(out, s / 86400);

	*p++ = 'T';
	p = put_digits(p, day / 3600, 2);
	*p++ = ':';
	p = put_digits(p, day / 60 % 60, 2);
	*p++ = ':';
	p = put_digits(p, day % 60, 2);
	*p++ = '.';
	p = put_digits(p, realtime_ns % NS_PER_S, 9);
	*p++ = 'Z';
	*p = 0;
}

void time_clock(char out[16], u64 realtime_ns)
{
	time_t s = realtime_ns / NS_PER_S;
	struct tm tm = {};

	localtime_r(&s, &tm);
	snprintf(out, 16, "%02u:%02u:%02u.%03u", (unsigned)tm.tm_hour % 100,
		 (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100,
		 (unsigned)(realtime_ns % NS_PER_S / NS_PER_MS));
}

void time_span(char out[24], u64 ns)
{
	static const struct {
		u64 below, unit; /* in ns; 0: no limit */
		const char *name;
	} steps[] = {
		{1000, 1, "ns"},
		{NS_PER_MS, 1000, "us"},
		{NS_PER_S, NS_PER_MS, "ms"},
		{120 * NS_PER_S, NS_PER_S, "s"},
		{7200 * NS_PER_S, 60 * NS_PER_S, "min"},
		{48 * 3600 * NS_PER_S, 3600 * NS_PER_S, "h"},
		{0, 86400 * NS_PER_S, "d"},
	};
	size_t i = 0;

	while (steps[i].below && ns >= steps[i].below)
		i++;
	if (ns >= NS_PER_S && ns < 10 * NS_PER_S)
		snprintf(out, 24, "%u.%u s", (unsigned)(ns / NS_PER_S),
			 (unsigned)(ns / (NS_PER_S / 10) % 10));
	else
		snprintf(out, 24, "%llu %s", (unsigned long long)(ns / steps[i].unit),
			 steps[i].name);
}

u64 time_boot_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (u64)t.tv_sec * NS_PER_S + t.tv_nsec;
}

/*
 * The two cannot be read at the same time.  What lies between is least in the best of some tries,
 * and rounded off: or the start of one process would differ by some ns from answer to answer.
 */
u64 time_wall_off(void)
{
	const u64 grain = NS_PER_MS / 100;
	u64 best = ~0ull, off = 0;

	for (int i = 0; i < 5; i++) {
		u64 before = time_boot_ns(), after;
		struct timespec t;

		clock_gettime(CLOCK_REALTIME, &t);
		after = time_boot_ns();
		if (after - before >= best)
			continue;
		best = after - before;
		off = (u64)t.tv_sec * NS_PER_S + (u64)t.tv_nsec - before - best / 2;
	}
	return (off + grain / 2) / grain * grain;
}
