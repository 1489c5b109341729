/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The text form of events, written (event_parse.c reads it): stories are made of it, and people
 * who debug see it.
 *
 *     1200000000 listen 100/100 inode=7 local=0.0.0.0:80 proto=tcp state=LISTEN fd=3 backlog=128
 *
 * Names, commands and paths are quoted as in C.  A UNIX name that needs no quotes is written bare,
 * @name for an abstract one; quoted it is the bytes as they are ("\x00name").  What a field means
 * decides its shape, and a plain number is accepted for everything that has a name.
 */
#include <string.h>

#include "event.h"

static void add_quoted(struct buf *b, const char *s, size_t n)
{
	buf_puts(b, "\"");
	for (size_t i = 0; i < n; i++) {
		unsigned char c = s[i];

		if (c == '"' || c == '\\')
			buf_printf(b, "\\%c", c);
		else if (c >= 0x20 && c < 0x7f)
			buf_add(b, s + i, 1);
		else
			buf_printf(b, "\\x%02x", c);
	}
	buf_puts(b, "\"");
}

static void add_args(struct buf *b, const char *s, size_t n)
{
	buf_puts(b, "[");
	for (const char *end = s + n, *at = s; at < end; at += strlen(at) + 1) {
		if (at != s)
			buf_puts(b, ",");
		add_quoted(b, at, strlen(at));
	}
	buf_puts(b, "]");
}

/* Can it stand without quotes and still be read back as the same bytes? */
static bool bare(const char *s, size_t n)
{
	if (!n || s[0] == '@')
		return false;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] <= ' ' || s[i] == '"' || s[i] == '\\' || s[i] >= 0x7f ||
		    s[i] < 0)
			return false;
	return true;
}

static void add_unix(struct buf *b, const struct unix_name *name)
{
	if (bare(name->s, name->len)) {
		buf_add(b, name->s, name->len);
	} else if (name->len > 1 && !name->s[0] && bare(name->s + 1, name->len - 1)) {
		buf_puts(b, "@");
		buf_add(b, name->s + 1, name->len - 1);
	} else {
		add_quoted(b, name->s, name->len);
	}
}

static void add_proto(struct buf *b, u32 proto)
{
	const char *name = name_proto_exact(proto);

	if (name)
		buf_puts(b, name);
	else
		buf_printf(b, "%u/%u/%u", PROTO_FAMILY(proto), PROTO_TYPE(proto),
			   PROTO_PROTOCOL(proto));
}

static const char *named(const struct field *f, u64 v)
{
	switch (f->fmt) {
	case FMT_STATE:
		return name_tcp_state(v);
	case FMT_VIA:
		return name_via(v);
	case FMT_SIGNAL:
		return name_signal(v);
	case FMT_ERRNO:
		return name_errno((int)v);
	case FMT_SIGRES:
		return name_sigres(v);
	case FMT_SIGCHLD:
		return name_sigchld(v);
	}
	return NULL;
}

static void add_number(struct buf *b, const struct field *f, u64 v)
{
	const char *name = named(f, v);

	if (name && name[0] != '?')
		buf_puts(b, name);
	else if (f->type == FT_s32)
		buf_printf(b, "%lld", (long long)v);
	else
		buf_printf(b, f->fmt == FMT_HIDE && v >> 32 ? "0x%llx" : "%llu",
			   (unsigned long long)v);
}

static void add_nspids(struct buf *b, const struct nspids *ns)
{
	int n = NS_LEVELS;

	while (n > 1 && !ns->nr[n - 1])
		n--;
	for (int i = 0; i < n; i++)
		buf_printf(b, i ? ",%u" : "%u", ns->nr[i]);
}

static void add_value(struct buf *b, const struct ev *e, const struct field *f)
{
	const char *p = (const char *)e + f->offset;
	struct unix_name name;
	struct nspids ns;
	struct ep ep;
	char text[64];
	u16 len;

	switch (field_shape(f)) {
	case FMT_EP:
		memcpy(&ep, p, sizeof(ep));
		ep_text(text, &ep);
		buf_puts(b, text);
		return;
	case FMT_COMM:
		add_quoted(b, p, strnlen(p, COMM_LEN));
		return;
	case FMT_NSPIDS:
		memcpy(&ns, p, sizeof(ns));
		add_nspids(b, &ns);
		return;
	case FMT_UNIX:
		memcpy(&name, p, sizeof(name));
		add_unix(b, &name);
		return;
	case FMT_PROTO:
		add_proto(b, event_value(e, f));
		return;
	case FMT_EXE:
		p = event_exe(e, &len);
		add_quoted(b, p, len - 1);
		return;
	case FMT_ARGS:
		p = event_args(e, &len);
		add_args(b, p, len);
		return;
	}
	add_number(b, f, event_value(e, f));
}

static bool empty(const struct ev *e, const struct field *f)
{
	const char *p = (const char *)e + f->offset;

	for (u32 i = 0; i < f->size; i++)
		if (p[i])
			return false;
	return true;
}

void event_text(struct buf *b, const struct ev *e)
{
	const struct kind *k = event_kind(e->kind);

	if (!k) {
		buf_printf(b, "# kind %u, %u bytes, is newer than this program", e->kind, e->size);
		return;
	}
	buf_printf(b, "%llu %s %u/%u", (unsigned long long)e->ts, k->id, e->tgid, e->tid);
	if (e->cpu)
		buf_printf(b, " cpu=%u", e->cpu);
	for (u32 i = 0; i < k->nfields; i++) {
		const struct field *f = &k->fields[i];

		if (empty(e, f))
			continue;
		buf_puts(b, " ");
		buf_add(b, f->name, f->name_len);
		buf_puts(b, "=");
		add_value(b, e, f);
	}
}
