// SPDX-License-Identifier: BSD-2-Clause
/* Moments as people write them: before the end of a recording, a time of day, a date. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "when.h"

static const struct {
	const char *name;
	u64 ns;
} units[] = {
	{"ns", 1},
	{"us", 1000},
	{"ms", NS_PER_MS},
	{"s", NS_PER_S},
	{"sec", NS_PER_S},
	{"m", 60 * NS_PER_S},
	{"min", 60 * NS_PER_S},
	{"h", 3600 * NS_PER_S},
	{"hour", 3600 * NS_PER_S},
	{"hours", 3600 * NS_PER_S},
	{"d", 86400 * NS_PER_S},
	{"day", 86400 * NS_PER_S},
	{"days", 86400 * NS_PER_S},
	{"w", 7 * 86400 * NS_PER_S},
};

static u64 unit_ns(const char *s, size_t n)
{
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (strlen(units[i].name) == n && !strncmp(units[i].name, s, n))
			return units[i].ns;
	return 0;
}

/* Up to nine digits after a point; NULL: there is a point and no digit. */
static const char *fraction(const char *s, u64 *ns)
{
	u64 unit = NS_PER_S;

	*ns = 0;
	if (*s != '.')
		return s;
	if (!isdigit((unsigned char)*++s))
		return NULL;
	for (; isdigit((unsigned char)*s); s++) {
		unit /= 10;
		*ns += (u64)(*s - '0') * unit;
	}
	return s;
}

bool span_parse(const char *s, u64 *ns)
{
	u64 sum = 0;

	if (!isdigit((unsigned char)*s))
		return false;
	while (*s) {
		u64 n = 0, unit, part = 0;
		size_t len = 0;

		if (!isdigit((unsigned char)*s))
			return false;
		for (; isdigit((unsigned char)*s); s++) {
			n = n * 10 + (u64)(*s - '0');
			if (n > 1000000000000ull)
				return false;
		}
		s = fraction(s, &part);
		if (!s)
			return false;
		while (*s == ' ')
			s++;
		while (isalpha((unsigned char)s[len]))
			len++;
		unit = len ? unit_ns(s, len) : NS_PER_S;
		if (!unit || (n && unit > (UINT64_MAX >> 1) / n) || (!len && s[0]))
			return false;
		sum += n * unit + (u64)((double)part / NS_PER_S * (double)unit);
		if (sum > UINT64_MAX >> 1)
			return false;
		for (s += len; *s == ' '; s++)
			;
	}
	*ns = sum;
	return true;
}

/* "Z", "+01:00", "-0800" or nothing; seconds east of Greenwich. */
static bool zone(const char *s, bool *given, long *east)
{
	int h, m, n = 0;

	*given = *s != 0;
	*east = 0;
	if (!*s || !strcmp(s, "Z") || !strcmp(s, "z") || !strcmp(s, " UTC"))
		return true;
	if ((*s != '+' && *s != '-') || sscanf(s + 1, "%2d%*[:]%2d%n", &h, &m, &n) != 2) {
		n = 0;
		if ((*s != '+' && *s != '-') || sscanf(s + 1, "%2d%2d%n", &h, &m, &n) != 2)
			return false;
	}
	if (s[1 + n] || h < 0 || h > 14 || m < 0 || m > 59)
		return false;
	*east = (h * 60L + m) * 60 * (*s == '-' ? -1 : 1);
	return true;
}

static bool in_range(const struct tm *tm)
{
	return tm->tm_mon >= 0 && tm->tm_mon < 12 && tm->tm_mday >= 1 && tm->tm_mday <= 31 &&
	       tm->tm_hour >= 0 && tm->tm_hour < 24 && tm->tm_min >= 0 && tm->tm_min < 60 &&
	       tm->tm_sec >= 0 && tm->tm_sec <= 60 && tm->tm_year >= 70 && tm->tm_year < 500;
}

/* "03:12", "03:12:05"; what follows, or NULL. */
static const char *clock_time(const char *s, struct tm *tm)
{
	int n = 0;

	if (!isdigit((unsigned char)*s) ||
	    sscanf(s, "%2d:%2d%n", &tm->tm_hour, &tm->tm_min, &n) != 2)
		return NULL;
	s += n;
	n = 0;
	if (*s == ':') {
		if (sscanf(s, ":%2d%n", &tm->tm_sec, &n) != 1)
			return NULL;
		s += n;
	}
	return s;
}

static bool from_tm(struct tm *tm, bool given, long east, u64 fraction_ns, u64 *out)
{
	struct tm copy = *tm;
	time_t t;

	if (!in_range(tm))
		return false;
	copy.tm_isdst = -1;
	t = given ? timegm(&copy) - east : mktime(&copy);
	if (t < 0 || copy.tm_mday != tm->tm_mday)
		return false; /* 31 February */
	*out = (u64)t * NS_PER_S + fraction_ns;
	return true;
}

static bool parse_date(const char *s, u64 *out)
{
	struct tm tm = {};
	u64 ns = 0;
	bool given = false;
	long east = 0;
	int n = 0;

	if (!isdigit((unsigned char)*s) ||
	    sscanf(s, "%4d-%2d-%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &n) != 3)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	s += n;
	if (*s == 'T' || *s == 't' || (*s == ' ' && isdigit((unsigned char)s[1]))) {
		s = clock_time(s + 1, &tm);
		s = s ? fraction(s, &ns) : NULL;
	}
	return s && zone(s, &given, &east) && from_tm(&tm, given, east, ns, out);
}

static bool parse_clock(const char *s, u64 end, u64 *out)
{
	time_t t = (time_t)(end / NS_PER_S);
	struct tm day, tm = {};
	u64 ns;

	localtime_r(&t, &day);
	tm.tm_year = day.tm_year;
	tm.tm_mon = day.tm_mon;
	tm.tm_mday = day.tm_mday;
	s = clock_time(s, &tm);
	s = s ? fraction(s, &ns) : NULL;
	if (!s || *s || !from_tm(&tm, false, 0, ns, out))
		return false;
	if (*out > end) { /* yesterday's */
		day.tm_mday--;
		day.tm_hour = 12;
		day.tm_isdst = -1;
		mktime(&day);
		tm.tm_year = day.tm_year;
		tm.tm_mon = day.tm_mon;
		tm.tm_mday = day.tm_mday;
		return from_tm(&tm, false, 0, ns, out);
	}
	return true;
}

static bool parse_epoch(const char *s, u64 *out)
{
	u64 seconds = 0, ns;
	size_t n = strspn(s, "0123456789");

	if (!n || n > 10)
		return false;
	for (size_t i = 0; i < n; i++)
		seconds = seconds * 10 + (u64)(s[i] - '0');
	s = fraction(s + n, &ns);
	*out = seconds * NS_PER_S + (s ? ns : 0);
	return s && !*s;
}

/* "-2h", "2h ago", "now": how long before the end. */
static bool before_end(const char *s, u64 *ns)
{
	char text[64];
	size_t n = strlen(s);

	*ns = 0;
	if (!strcmp(s, "now"))
		return true;
	if (*s == '-')
		return span_parse(s + 1, ns);
	if (n < 5 || n >= sizeof(text) || strcmp(s + n - 4, " ago"))
		return false;
	memcpy(text, s, n - 4);
	text[n - 4] = 0;
	return span_parse(text, ns);
}

/* "today", "yesterday": midnight before the end, and the one before that. */
static bool parse_day(const char *s, u64 end, u64 *out)
{
	time_t t = (time_t)(end / NS_PER_S);
	struct tm day;

	if (strcmp(s, "today") && strcmp(s, "yesterday"))
		return false;
	localtime_r(&t, &day);
	day.tm_mday -= *s == 'y';
	day.tm_hour = day.tm_min = day.tm_sec = 0;
	day.tm_isdst = -1;
	*out = (u64)mktime(&day) * NS_PER_S;
	return true;
}

bool when_parse(const char *s, u64 end, u64 *out, struct buf *why)
{
	struct tm tm = {};
	u64 ns;
	const char *rest = clock_time(s, &tm);
	bool relative = before_end(s, &ns), day = end && parse_day(s, end, out);

	if (*s == '@' ? parse_epoch(s + 1, out) : parse_date(s, out)) {
		*out += !*out; /* 0 means that no moment was given */
		return true;
	}
	if ((relative || rest) && !end) {
		buf_printf(why,
			   "\"%s\" counts from the end of the recording, which is not known of a "
			   "pipe or of events in text: give a date and a time",
			   s);
		return false;
	}
	if (day)
		return true;
	if (relative) {
		*out = end > ns ? end - ns : 1;
		return true;
	}
	if (rest && parse_clock(s, end, out))
		return true;
	buf_printf(why,
		   "\"%s\" is not a time: write 03:12, 2026-11-21 03:12:05, or -2h for two hours "
		   "before the end",
		   s);
	return false;
}
