// SPDX-License-Identifier: BSD-2-Clause
/*
 * The two formats, which differ in little: OpenMetrics names a family of counters without _total,
 * tells units, wants the bounds of a histogram as floating-point numbers, and has an end.
 */
#include <string.h>

#include "metric_write.h"
#include "put.h"

#define NUMBER_ROOM 48

/* ---- names and values ------------------------------------------------------------------------ */

static bool is_control(u32 cp)
{
	return cp != '\n' &&
	       (cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0x2028 || cp == 0x2029);
}

size_t label_clean(char out[LABEL_ROOM], const char *s, size_t n)
{
	static const char instead[] = "\xef\xbf\xbd"; /* U+FFFD */
	size_t to = 0;

	while (n) {
		u32 cp = 0;
		size_t len = utf8_next((const unsigned char *)s, n, &cp);
		bool fine = len && !is_control(cp);
		size_t bytes = fine ? len : sizeof(instead) - 1;

		if (to + bytes > LABEL_MAX)
			break;
		memcpy(out + to, fine ? s : instead, bytes);
		to += bytes;
		s += len ? len : 1;
		n -= len ? len : 1;
	}
	out[to] = 0;
	return to;
}

/* HELP has no quotes round it, but OpenMetrics wants one in it escaped as in a label. */
static void put_escaped(struct buf *b, const char *s, bool quote)
{
	for (; *s; s++) {
		if (*s == '\n') {
			buf_add(b, "\\n", 2);
			continue;
		}
		if (*s == '\\' || (*s == '"' && quote))
			buf_add(b, "\\", 1);
		buf_add(b, s, 1);
	}
}

/* ns as seconds, to the last digit.  whole: a number without a fraction ends in ".0". */
static char *put_seconds(char *p, u64 ns, bool whole)
{
	u64 rest = ns % NS_PER_S;

	p = put_u64(p, ns / NS_PER_S);
	if (!rest)
		return whole ? put_literal(p, ".0") : p;
	*p++ = '.';
	*p++ = (char)('0' + rest / 100000000);
	p = put_eight(p, rest % 100000000);
	while (p[-1] == '0')
		p--;
	return p;
}

static bool ends_in(const char *s, size_t n, const char *end)
{
	size_t len = strlen(end);

	return n > len && !memcmp(s + n - len, end, len);
}

void metric_name(const struct metric_def *d, char out[NAME_ROOM])
{
	const char *prefix = strncmp(d->name, "process_", 8) ? "probate_" : "";
	int n = snprintf(out, NAME_ROOM, "%s%s", prefix, d->name);

	assert(n < NAME_ROOM);
}

const char *metric_type_name(enum metric_type t)
{
	static const char *const names[] = {[METRIC_COUNTER] = "counter",
					    [METRIC_GAUGE] = "gauge",
					    [METRIC_HISTOGRAM] = "histogram"};

	return names[t];
}

/* ---- families -------------------------------------------------------------------------------- */

static void meta(struct writer *w, const char *what, const char *name, size_t n)
{
	buf_puts(w->out, "# ");
	buf_puts(w->out, what);
	buf_puts(w->out, " ");
	buf_add(w->out, name, n);
	buf_puts(w->out, " ");
}

static void put_unit(struct writer *w, const char *name, size_t n)
{
	static const char *const units[] = {"seconds", "bytes"};

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (!ends_in(name, n, units[i]))
			continue;
		meta(w, "UNIT", name, n);
		buf_puts(w->out, units[i]);
		buf_puts(w->out, "\n");
	}
}

void family_begin(struct writer *w, enum metric id)
{
	const struct metric_def *d = &metric_defs[id];
	bool open = w->format == METRICS_OPENMETRICS;
	size_t n;

	w->def = d;
	metric_name(d, w->name);
	n = strlen(w->name);
	if (open && d->type == METRIC_COUNTER)
		n -= strlen("_total");
	meta(w, "HELP", w->name, n);
	put_escaped(w->out, d->help, open);
	buf_puts(w->out, "\n");
	meta(w, "TYPE", w->name, n);
	buf_puts(w->out, metric_type_name(d->type));
	buf_puts(w->out, "\n");
	if (open)
		put_unit(w, w->name, n);
}

static void put_labels(struct writer *w, const char *const *labels)
{
	const char *name = w->def->labels;
	char clean[LABEL_ROOM];
	size_t n;

	for (u32 i = 0; *name; i++, name += n + (name[n] == ',')) {
		n = strcspn(name, ",");
		buf_puts(w->out, i ? "," : "{");
		buf_add(w->out, name, n);
		buf_puts(w->out, "=\"");
		label_clean(clean, labels[i], strlen(labels[i]));
		put_escaped(w->out, clean, true);
		buf_puts(w->out, "\"");
	}
	if (*w->def->labels)
		buf_puts(w->out, "}");
}

static void put_value(struct writer *w, const char *number, const char *end)
{
	buf_puts(w->out, " ");
	buf_add(w->out, number, (size_t)(end - number));
	buf_puts(w->out, "\n");
}

void sample_u64(struct writer *w, const char *const *labels, u64 v)
{
	char number[NUMBER_ROOM];

	buf_puts(w->out, w->name);
	put_labels(w, labels);
	put_value(w, number, put_u64(number, v));
}

void sample_ns(struct writer *w, const char *const *labels, u64 ns)
{
	char number[NUMBER_ROOM];

	buf_puts(w->out, w->name);
	put_labels(w, labels);
	put_value(w, number, put_seconds(number, ns, false));
}

/* Each bucket holds what the ones before it hold, too. */
void sample_histogram(struct writer *w, const struct histogram *h)
{
	char bound[NUMBER_ROOM], number[NUMBER_ROOM];
	u64 sum = 0;

	for (u32 i = 0; i <= HISTOGRAM_BUCKETS; i++) {
		char *end = i == HISTOGRAM_BUCKETS ? put_literal(bound, "+Inf")
						   : put_seconds(bound, histogram_bounds_ns[i],
								 w->format == METRICS_OPENMETRICS);

		sum += h->count[i];
		buf_puts(w->out, w->name);
		buf_puts(w->out, "_bucket{le=\"");
		buf_add(w->out, bound, (size_t)(end - bound));
		buf_puts(w->out, "\"}");
		put_value(w, number, put_u64(number, sum));
	}
	buf_puts(w->out, w->name);
	buf_puts(w->out, "_sum");
	put_value(w, number, put_seconds(number, h->sum_ns, false));
	buf_puts(w->out, w->name);
	buf_puts(w->out, "_count");
	put_value(w, number, put_u64(number, sum));
}

void exposition_end(struct writer *w)
{
	if (w->format == METRICS_OPENMETRICS)
		buf_puts(w->out, "# EOF\n");
}

void family_u64(struct writer *w, enum metric id, u64 v)
{
	family_begin(w, id);
	sample_u64(w, NO_LABELS, v);
}

void family_ns(struct writer *w, enum metric id, u64 ns)
{
	family_begin(w, id);
	sample_ns(w, NO_LABELS, ns);
}
