/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The text form of events, read back (event_text.c writes it and describes it).
 *
 * People write it too: a time may carry a unit (12s, 350ms), the thread may be left out, fields
 * come in any order, and "#" begins a comment.  Whatever is read passes event_check().
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"

struct reader {
	const char *at;
	struct ev *e;
	const struct kind *k;
	char exe[EV_MAX], args[EV_MAX];
	u16 exe_len, args_len;
};

/* A word up to white space; its length. */
static size_t word_len(const char *s)
{
	return strcspn(s, " \t\r\n");
}

static bool read_number(const char *s, size_t n, s64 *out)
{
	char tmp[32], *end;
	bool hex = n > 2 && s[0] == '0' && s[1] == 'x';

	if (!n || n >= sizeof(tmp) || (!isdigit((unsigned char)s[0]) && s[0] != '-'))
		return false;
	memcpy(tmp, s, n);
	tmp[n] = 0;
	errno = 0;
	*out = s[0] == '-' ? strtoll(tmp, &end, 10) : (s64)strtoull(tmp, &end, hex ? 16 : 10);
	return !*end && !errno && end > tmp + (s[0] == '-');
}

/* Time of an event: ns, or a number with a unit (us, ms, s), for people who write stories. */
static bool read_time(const char *s, size_t n, u64 *ts)
{
	static const struct {
		const char *unit;
		u64 ns;
	} units[] = {{"us", 1000}, {"ms", NS_PER_MS}, {"s", NS_PER_S}, {"", 1}};

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		size_t len = strlen(units[i].unit);
		s64 v;

		if (n > len && !memcmp(s + n - len, units[i].unit, len) &&
		    read_number(s, n - len, &v))
			return *s != '-' && !__builtin_mul_overflow((u64)v, units[i].ns, ts);
	}
	return false;
}

/* The quoted string at r->at into out (max bytes); its length, or -1. */
static int read_quoted(struct reader *r, char *out, size_t max)
{
	const char *s = r->at + 1;
	size_t n = 0;

	if (*r->at != '"')
		return -1;
	for (; *s != '"'; s++) {
		char hex[3] = {};

		if (!*s || n == max)
			return -1;
		out[n] = *s;
		if (*s == '\\' && s[1] == 'x') {
			if (!isxdigit((unsigned char)s[2]) || !isxdigit((unsigned char)s[3]))
				return -1;
			memcpy(hex, s + 2, 2);
			out[n] = strtol(hex, NULL, 16);
			s += 3;
		} else if (*s == '\\') {
			if (!*++s)
				return -1;
			out[n] = *s == 'n' ? '\n' : *s == 't' ? '\t' : *s;
		}
		n++;
	}
	r->at = s + 1;
	return n;
}

static const char *read_comm(struct reader *r, char *p)
{
	size_t n = word_len(r->at);

	if (*r->at == '"')
		return read_quoted(r, p, COMM_LEN) < 0 ? "the name is badly quoted or too long"
						       : NULL;
	if (n > COMM_LEN)
		return "the name is too long";
	memcpy(p, r->at, n);
	r->at += n;
	return NULL;
}

static const char *read_unix(struct reader *r, char *p)
{
	struct unix_name name = {};
	size_t n = word_len(r->at);
	int len;

	if (*r->at == '"') {
		len = read_quoted(r, name.s, UNIX_LEN);
		if (len < 0)
			return "the name is badly quoted or too long";
		name.len = len;
	} else {
		if (n > UNIX_LEN)
			return "the name is too long";
		memcpy(name.s, r->at, n);
		if (n && name.s[0] == '@')
			name.s[0] = 0;
		name.len = n;
		r->at += n;
	}
	memcpy(p, &name, sizeof(name));
	return NULL;
}

static const char *read_exe(struct reader *r)
{
	int n = read_quoted(r, r->exe, sizeof(r->exe) - 1);

	if (n < 0)
		return "the path is badly quoted or too long";
	r->exe[n] = 0;
	r->exe_len = n + 1;
	return NULL;
}

static const char *read_args(struct reader *r)
{
	size_t at = 0;

	if (*r->at++ != '[')
		return "arguments are written [\"a\",\"b\"]";
	while (*r->at != ']') {
		int n = at < sizeof(r->args)
				? read_quoted(r, r->args + at, sizeof(r->args) - at - 1)
				: -1;

		if (n < 0)
			return "an argument is badly quoted or too long";
		at += n;
		r->args[at++] = 0;
		if (*r->at == ',')
			r->at++;
	}
	r->at++;
	r->args_len = at;
	return NULL;
}

static const char *read_nspids(const char *s, size_t n, char *p)
{
	struct nspids ns = {};

	for (int i = 0; i < NS_LEVELS; i++) {
		const char *comma = memchr(s, ',', n);
		size_t len = comma ? (size_t)(comma - s) : n;
		s64 v;

		if (!read_number(s, len, &v))
			return "pids in namespaces are written 12,1";
		ns.nr[i] = v;
		if (!comma) {
			memcpy(p, &ns, sizeof(ns));
			return NULL;
		}
		s += len + 1;
		n -= len + 1;
	}
	return "too many pid namespaces";
}

static bool read_proto(const char *s, size_t n, s64 *v)
{
	unsigned int family, type, protocol;
	char tmp[32], extra;
	u32 named;

	if (proto_by_name(s, n, &named)) {
		*v = named;
		return true;
	}
	if (n >= sizeof(tmp))
		return false;
	memcpy(tmp, s, n);
	tmp[n] = 0;
	if (sscanf(tmp, "%3u/%3u/%5u%c", &family, &type, &protocol, &extra) != 3 || family > 255 ||
	    type > 255 || protocol > 65535)
		return false;
	*v = SOCK_PROTO(family, type, protocol);
	return true;
}

/* A number by its name; false: it has none in this format. */
static bool number_by_name(const struct field *f, const char *s, size_t n, s64 *v)
{
	switch (f->fmt) {
	case FMT_PROTO:
		return read_proto(s, n, v);
	case FMT_STATE:
		return (*v = tcp_state_by_name(s, n)) >= 0;
	case FMT_VIA:
		return (*v = via_by_name(s, n)) >= 0;
	case FMT_SIGNAL:
		return (*v = signal_by_name(s, n)) >= 0;
	case FMT_SIGRES:
		return (*v = sigres_by_name(s, n)) >= 0;
	case FMT_SIGCHLD:
		return (*v = sigchld_by_name(s, n)) >= 0;
	case FMT_TIME:
	case FMT_NS:
		return read_time(s, n, (u64 *)v);
	case FMT_ERRNO:
		*v = -errno_by_name(s, n);
		return *v < 0;
	}
	return false;
}

static const char *read_integer(const struct field *f, const char *s, size_t n, char *p)
{
	s64 v;

	if (!number_by_name(f, s, n, &v) && !read_number(s, n, &v))
		return "a value is neither a number nor a known name";
	if (f->type == FT_s32 ? v != (s32)v : f->size < 8 && (u64)v >> (f->size * 8))
		return "a number is too large for its field";
	memcpy(p, &v, f->size); /* little endian, as every machine with BPF iterators we know */
	return NULL;
}

static const char *read_value(struct reader *r, const struct field *f)
{
	char *p = (char *)r->e + f->offset;
	size_t n = word_len(r->at);
	const char *s = r->at;
	struct ep ep;

	switch (field_shape(f)) {
	case FMT_COMM:
		return read_comm(r, p);
	case FMT_UNIX:
		return read_unix(r, p);
	case FMT_EXE:
		return read_exe(r);
	case FMT_ARGS:
		return read_args(r);
	}
	r->at += n;
	switch (f->fmt) {
	case FMT_NSPIDS:
		return read_nspids(s, n, p);
	case FMT_EP:
		if (!ep_parse(s, n, &ep))
			return "an address is written 0.0.0.0:80, [::]:80 or *:80";
		memcpy(p, &ep, sizeof(ep));
		return NULL;
	}
	return read_integer(f, s, n, p);
}

static const struct field *field_named(const struct kind *k, const char *s, size_t n)
{
	for (u32 i = 0; i < k->nfields; i++) {
		const struct field *f = &k->fields[i];

		if (f->name_len == n && !memcmp(f->name, s, n))
			return f;
	}
	return NULL;
}

static const char *read_member(struct reader *r)
{
	size_t n = strcspn(r->at, "= \t\r\n");
	const char *name = r->at;
	const struct field *f;
	s64 cpu;

	if (name[n] != '=')
		return "a field is written name=value";
	r->at += n + 1;
	if (n == 3 && !memcmp(name, "cpu", 3)) {
		size_t len = word_len(r->at);

		if (!read_number(r->at, len, &cpu))
			return "cpu is a number";
		r->e->cpu = cpu;
		r->at += len;
		return NULL;
	}
	f = field_named(r->k, name, n);
	if (!f)
		return "this kind of event has no such field";
	return read_value(r, f);
}

static const struct kind *kind_named(const char *s, size_t n, u16 *number)
{
	for (u16 i = 1; i < EV_KIND_MAX; i++) {
		const struct kind *k = event_kind(i);

		if (k && strlen(k->id) == n && !memcmp(k->id, s, n)) {
			*number = i;
			return k;
		}
	}
	return NULL;
}

static void skip_blank(struct reader *r)
{
	r->at += strspn(r->at, " \t\r\n");
}

/* <ts> <id> tgid/tid, or tgid alone when the main thread acts. */
static const char *read_head(struct reader *r)
{
	size_t n = word_len(r->at), tgid_len;
	s64 tgid, tid;

	if (!read_time(r->at, n, &r->e->ts))
		return "the line does not begin with a time";
	r->at += n;
	skip_blank(r);
	n = word_len(r->at);
	r->k = kind_named(r->at, n, &r->e->kind);
	if (!r->k)
		return "there is no such kind of event";
	r->at += n;
	skip_blank(r);
	n = word_len(r->at);
	tgid_len = strcspn(r->at, "/ \t\r\n");
	if (!read_number(r->at, tgid_len, &tgid))
		return "the third word is not PID/TID";
	tid = tgid;
	if (tgid_len < n && !read_number(r->at + tgid_len + 1, n - tgid_len - 1, &tid))
		return "the third word is not PID/TID";
	r->e->tgid = tgid;
	r->e->tid = tid;
	r->at += n;
	return NULL;
}

/* Append the tail and set the lengths the fields say. */
static const char *close_event(struct reader *r)
{
	char *tail = (char *)r->e + r->k->size;

	if (r->k->size + r->exe_len + r->args_len > EV_MAX)
		return "the event is too long";
	memcpy(tail, r->exe, r->exe_len);
	memcpy(tail + r->exe_len, r->args, r->args_len);
	for (u32 i = 0; i < r->k->nfields; i++) {
		const struct field *f = &r->k->fields[i];

		if (f->fmt == FMT_EXE)
			memcpy((char *)r->e + f->offset, &r->exe_len, sizeof(u16));
		else if (f->fmt == FMT_ARGS)
			memcpy((char *)r->e + f->offset, &r->args_len, sizeof(u16));
	}
	r->e->size = r->k->size + r->exe_len + r->args_len;
	return event_check(r->e, r->e->size);
}

int event_parse(const char *line, void *buf, const char **why)
{
	struct reader r = {.at = line, .e = buf};

	memset(buf, 0, EV_MAX);
	skip_blank(&r);
	*why = read_head(&r);
	while (!*why) {
		skip_blank(&r);
		if (!*r.at || *r.at == '#')
			break;
		*why = read_member(&r);
	}
	if (!*why)
		*why = close_event(&r);
	return *why ? -EINVAL : r.e->size;
}
