/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One field of an event for readers, as JSON member or as name=value: both from the same table of
 * formats, so that they cannot differ.  What is unknown is null in JSON and absent in text.
 */
#include <string.h>

#include "out.h"

/* The name of a number where its format gives it one; NULL: none, or the value says "unknown". */
static const char *name_of(const struct field *f, u64 v)
{
	const char *name = NULL;

	switch (f->fmt) {
	case FMT_PROTO:
		return v ? name_proto(v) : NULL;
	case FMT_STATE:
		return name_tcp_state(v);
	case FMT_VIA:
		return v ? name_via(v) : NULL;
	case FMT_SIGNAL:
		name = v ? name_signal(v) : NULL;
		break;
	case FMT_ERRNO:
		name = v ? name_errno((int)v) : NULL;
		break;
	case FMT_SIGRES:
		name = name_sigres(v);
		break;
	case FMT_SIGCHLD:
		return name_sigchld(v);
	}
	return name && name[0] != '?' ? name : NULL;
}

static bool is_named(u8 fmt)
{
	return fmt == FMT_PROTO || fmt == FMT_STATE || fmt == FMT_VIA || fmt == FMT_ERRNO ||
	       fmt == FMT_SIGRES || fmt == FMT_SIGCHLD;
}

/* Does the value say "not known" or "none"? */
static bool is_null(const struct field *f, u64 v)
{
	switch (f->fmt) {
	case FMT_PID:
	case FMT_ID:
	case FMT_TIME:
	case FMT_SIGNAL:
		return v == 0;
	case FMT_FD:
	case FMT_CODE:
		return (s64)v < 0;
	case FMT_BOOL:
		return v > 1;
	}
	return is_named(f->fmt) && !name_of(f, v);
}

static void put_ep(struct json *j, const void *p)
{
	char text[64];
	struct ep ep;

	memcpy(&ep, p, sizeof(ep));
	if (!ep.family || !ep.port) {
		json_null(j, NULL);
		return;
	}
	ep_text(text, &ep);
	json_str(j, NULL, text);
}

static void put_nspids(struct json *j, const void *p)
{
	struct nspids ns;

	memcpy(&ns, p, sizeof(ns));
	json_arr(j, NULL);
	for (int i = 0; i < NS_LEVELS && ns.nr[i]; i++)
		json_u64(j, NULL, ns.nr[i]);
	json_end_arr(j);
}

static void put_unix(struct json *j, const void *p)
{
	struct unix_name name;

	memcpy(&name, p, sizeof(name));
	if (!name.len) {
		json_null(j, NULL);
		return;
	}
	if (!name.s[0])
		name.s[0] = '@';
	json_strn(j, NULL, name.s, name.len);
}

static void put_tail(struct json *j, const struct ev *e, u8 fmt)
{
	const char *p;
	u16 len;

	p = fmt == FMT_EXE ? event_exe(e, &len) : event_args(e, &len);
	if (!len)
		json_null(j, NULL);
	else if (fmt == FMT_EXE)
		json_strn(j, NULL, p, len - 1);
	else
		json_args(j, NULL, p, len);
}

static void put_number(struct json *j, const struct field *f, u64 v, u64 off)
{
	if (is_null(f, v))
		json_null(j, NULL);
	else if (is_named(f->fmt))
		json_str(j, NULL, name_of(f, v));
	else if (f->fmt == FMT_BOOL)
		json_bool(j, NULL, v);
	else if (f->fmt == FMT_TIME)
		json_time(j, NULL, off ? v + off : 0);
	else if (f->type == FT_s32)
		json_s64(j, NULL, (s64)v);
	else
		json_u64(j, NULL, v);
}

void json_field(struct json *j, const struct ev *e, const struct field *f, u64 realtime_off)
{
	const char *p = (const char *)e + f->offset;

	if (f->fmt == FMT_HIDE)
		return;
	json_key(j, f->name, f->name_len);
	switch (f->fmt) {
	case FMT_EP:
		put_ep(j, p);
		return;
	case FMT_COMM:
		json_strn(j, NULL, p, strnlen(p, COMM_LEN));
		return;
	case FMT_NSPIDS:
		put_nspids(j, p);
		return;
	case FMT_UNIX:
		put_unix(j, p);
		return;
	case FMT_EXE:
	case FMT_ARGS:
		put_tail(j, e, f->fmt);
		return;
	}
	put_number(j, f, event_value(e, f), realtime_off);
}

/* ---- text --------------------------------------------------------------------------------- */

static bool text_bytes(struct buf *b, const char *s, size_t n)
{
	buf_add_safe(b, s, n, 0);
	return n > 0;
}

static bool text_ep(struct buf *b, const void *p)
{
	char text[64];
	struct ep ep;

	memcpy(&ep, p, sizeof(ep));
	ep_text(text, &ep);
	buf_puts(b, text);
	return ep.family && ep.port;
}

static bool text_tail(struct buf *b, const struct ev *e, u8 fmt)
{
	const char *p;
	u16 len;

	p = fmt == FMT_EXE ? event_exe(e, &len) : event_args(e, &len);
	for (u16 i = 0; i < len; i += strlen(p + i) + 1) {
		if (i)
			buf_puts(b, " ");
		buf_add_safe(b, p + i, strlen(p + i), 0);
	}
	return len;
}

static bool text_number(struct buf *b, const struct field *f, u64 v)
{
	char span[24];

	if (is_null(f, v) || f->fmt == FMT_TIME)
		return false;
	if (f->fmt == FMT_NS) {
		time_span(span, v);
		buf_puts(b, span);
	} else if (name_of(f, v)) {
		buf_puts(b, name_of(f, v));
	} else if (f->fmt == FMT_BOOL) {
		buf_puts(b, v ? "yes" : "no");
	} else {
		buf_printf(b, "%lld", (long long)v);
	}
	return true;
}

static bool text_value(struct buf *b, const struct ev *e, const struct field *f)
{
	const char *p = (const char *)e + f->offset;
	struct unix_name name;
	struct nspids ns;

	switch (f->fmt) {
	case FMT_HIDE:
		return false;
	case FMT_EP:
		return text_ep(b, p);
	case FMT_COMM:
		return text_bytes(b, p, strnlen(p, COMM_LEN));
	case FMT_NSPIDS:
		memcpy(&ns, p, sizeof(ns));
		for (int i = 0; i < NS_LEVELS && ns.nr[i]; i++)
			buf_printf(b, i ? ",%u" : "%u", ns.nr[i]);
		return ns.nr[0];
	case FMT_UNIX:
		memcpy(&name, p, sizeof(name));
		if (name.len && !name.s[0])
			name.s[0] = '@';
		return text_bytes(b, name.s, name.len);
	case FMT_EXE:
	case FMT_ARGS:
		return text_tail(b, e, f->fmt);
	}
	return text_number(b, f, event_value(e, f));
}

bool text_field(struct buf *b, const struct ev *e, const struct field *f)
{
	size_t before = b->len;

	buf_add(b, f->name, f->name_len);
	buf_puts(b, "=");
	if (text_value(b, e, f))
		return true;
	b->len = before;
	b->s[before] = 0;
	return false;
}
