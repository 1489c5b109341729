/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One field of an event for readers, as JSON member or as name=value: both from the same table of
 * formats, so that they cannot differ.  What is unknown is null in JSON and absent in text.
 */
#include <string.h>

#include "event.h"
#include "out.h"
#include "put.h"

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

static char *put_null(char *p)
{
	return put_literal(p, "null");
}

static char *put_quoted(char *p, const char *word)
{
	*p++ = '"';
	p = put_word(p, word);
	*p++ = '"';
	return p;
}

static char *put_ep(char *p, const void *field)
{
	const struct ep *ep = field;

	if (!ep->family || !ep->port)
		return put_null(p);
	*p++ = '"';
	p = ep_put(p, ep);
	*p++ = '"';
	return p;
}

static char *put_nspids(char *p, const void *field)
{
	const struct nspids *ns = field;

	*p++ = '[';
	for (int i = 0; i < NS_LEVELS && ns->nr[i]; i++) {
		if (i)
			*p++ = ',';
		p = put_u64(p, ns->nr[i]);
	}
	*p++ = ']';
	return p;
}

static char *put_unix(char *p, const void *field)
{
	struct unix_name name;

	memcpy(&name, field, sizeof(name));
	if (!name.len)
		return put_null(p);
	if (!name.s[0])
		name.s[0] = '@';
	return put_string(p, name.s, name.len);
}

static char *put_args(char *p, const char *args, size_t n)
{
	const char *end = args + n;

	for (*p++ = '['; args < end; *p++ = ',') {
		size_t len = strnlen(args, (size_t)(end - args));

		p = put_string(p, args, len);
		args += len + 1;
	}
	p[-1] = ']';
	return p;
}

static char *put_tail(char *p, const struct ev *e, u8 fmt)
{
	const char *tail;
	u16 len;

	tail = fmt == FMT_EXE ? event_exe(e, &len) : event_args(e, &len);
	if (!len)
		return put_null(p);
	return fmt == FMT_EXE ? put_string(p, tail, len - 1u) : put_args(p, tail, len);
}

static char *put_name(char *p, const struct field *f, u64 v)
{
	const char *name = name_of(f, v);

	return name ? put_quoted(p, name) : put_null(p);
}

static char *put_number(char *p, const struct field *f, u64 v, u64 off)
{
	if (f->fmt == FMT_DEC || f->fmt == FMT_ID) /* most are */
		return v || f->fmt == FMT_DEC ? put_u64(p, v) : put_null(p);
	if (is_named(f->fmt))
		return put_name(p, f, v);
	if (is_null(f, v) || (f->fmt == FMT_TIME && !off))
		return put_null(p);
	if (f->fmt == FMT_BOOL)
		return v ? put_literal(p, "true") : put_literal(p, "false");
	if (f->fmt == FMT_TIME)
		return put_time(p, v + off);
	return f->type == FT_s32 ? put_s64(p, (s64)v) : put_u64(p, v);
}

static char *put_value(char *p, const struct ev *e, const struct field *f, u64 off)
{
	const void *value = (const char *)e + f->offset;

	switch (f->fmt) {
	case FMT_EP:
		return put_ep(p, value);
	case FMT_COMM:
		return put_string(p, value, strnlen(value, COMM_LEN));
	case FMT_NSPIDS:
		return put_nspids(p, value);
	case FMT_UNIX:
		return put_unix(p, value);
	case FMT_EXE:
	case FMT_ARGS:
		return put_tail(p, e, f->fmt);
	}
	return put_number(p, f, event_value(e, f), off);
}

#define VALUE_ROOM 64 /* of what does not grow with the bytes of the event */

void json_fields(struct json *j, const struct ev *e, u64 realtime_off)
{
	const struct kind *k = event_kind(e->kind);
	size_t room = k->nfields * (FIELD_KEY + VALUE_ROOM) + PUT_STRING_ROOM(e->size) + FIELD_KEY;
	char *p = json_space(j, room);

	for (u64 left = k->shown; left; left &= left - 1) {
		const struct field *f = &k->fields[__builtin_ctzll(left)];

		memcpy(p, f->key, FIELD_KEY);
		p += 2 + f->name_len;
		p = put_literal(p, "\":");
		p = put_value(p, e, f, realtime_off);
	}
	json_spent(j, p);
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
