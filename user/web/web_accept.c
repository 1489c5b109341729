// SPDX-License-Identifier: BSD-2-Clause
/*
 * The headers by which a client chooses: Accept and Accept-Encoding, with their q-values.
 *
 * Prometheus names OpenMetrics by its full name and prefers it; curl and browsers accept anything
 * and get the plain format, which people read.  A version that we do not speak is not accepted.
 */
#include <ctype.h>
#include <strings.h>

#include "web_priv.h"

#define Q_FULL 1000 /* "1" in thousandths */

struct word {
	const char *s;
	size_t n;
};

static struct word word_trim(struct word w)
{
	while (w.n && (isspace((unsigned char)w.s[0]) || w.s[0] == '"'))
		w = (struct word){w.s + 1, w.n - 1};
	while (w.n && (isspace((unsigned char)w.s[w.n - 1]) || w.s[w.n - 1] == '"'))
		w.n--;
	return w;
}

/* What is before the next `sep`; the rest is what comes after it. */
static struct word word_cut(struct word *rest, char sep)
{
	const char *at = rest->n ? memchr(rest->s, sep, rest->n) : NULL;
	struct word w = {rest->s, at ? (size_t)(at - rest->s) : rest->n};
	size_t used = at ? w.n + 1 : w.n;

	*rest = (struct word){rest->s + used, rest->n - used};
	return word_trim(w);
}

static bool word_is(struct word w, const char *s)
{
	return w.n == strlen(s) && !strncasecmp(w.s, s, w.n);
}

/* "0.75" in thousandths; what is no such number counts as 0. */
static u32 quality(struct word w)
{
	u32 q, unit = Q_FULL;

	if (!w.n || w.n > 5 || (w.s[0] != '0' && w.s[0] != '1') || (w.n > 1 && w.s[1] != '.'))
		return 0;
	q = w.s[0] == '1' ? Q_FULL : 0;
	for (size_t i = 2; i < w.n; i++) {
		if (!isdigit((unsigned char)w.s[i]))
			return 0;
		unit /= 10;
		q += (u32)(w.s[i] - '0') * unit;
	}
	return q < Q_FULL ? q : Q_FULL;
}

struct range {
	struct word type, version;
	u32 q;
};

/* "text/plain;version=0.0.4;q=0.5", the next of those with commas between them. */
static bool range_cut(struct word *rest, struct range *r)
{
	struct word element, name;

	if (!rest->n)
		return false;
	element = word_cut(rest, ',');
	*r = (struct range){.type = word_cut(&element, ';'), .q = Q_FULL};
	while (element.n) {
		struct word value = word_cut(&element, ';');

		name = word_cut(&value, '=');
		if (word_is(name, "q"))
			r->q = quality(word_trim(value));
		else if (word_is(name, "version"))
			r->version = word_trim(value);
	}
	return true;
}

bool accept_openmetrics(const char *accept)
{
	struct word rest = {accept, accept ? strlen(accept) : 0};
	u32 open = 0, text = 0, any = 0;
	struct range r;
	bool named = false;

	while (range_cut(&rest, &r)) {
		if (word_is(r.type, "application/openmetrics-text")) {
			if ((!r.version.n || word_is(r.version, "1.0.0")) && r.q > open)
				open = r.q;
		} else if (word_is(r.type, "text/plain")) {
			if (r.version.n && !word_is(r.version, "0.0.4"))
				continue;
			named = true;
			text = r.q > text ? r.q : text;
		} else if (word_is(r.type, "text/*") || word_is(r.type, "*/*")) {
			any = r.q > any ? r.q : any;
		}
	}
	/* a name counts for more than an asterisk */
	return open && open >= (named ? text : any);
}

bool accept_gzip(const char *accept_encoding)
{
	struct word rest = {accept_encoding, accept_encoding ? strlen(accept_encoding) : 0};
	bool named = false, gzip = false, any = false;
	struct range r;

	while (range_cut(&rest, &r)) {
		if (word_is(r.type, "gzip")) {
			named = true;
			gzip = r.q;
		} else if (word_is(r.type, "*")) {
			any = r.q;
		}
	}
	return named ? gzip : any;
}
