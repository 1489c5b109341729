/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables expanded from bpf/events.h: names and fields of kinds, the check of raw bytes, text form. */
#ifndef PROBATE_EVENT_H
#define PROBATE_EVENT_H

#include <string.h>

#include "events.h"
#include "util.h"

/* Takes an event that is `bytes` long as far as whoever hands it over knows. */
typedef void (*sink_fn)(void *ctx, const struct ev *e, size_t bytes);

enum field_fmt {
#define T(name) FMT_##name,
	FMT_TABLE(T)
#undef T
};

enum field_type { FT_u8, FT_u16, FT_u32, FT_u64, FT_s32, FT_struct };

#define FIELD_KEY 24 /* copied whole, whatever the name's length */
struct field {
	const char *name;
	const char *doc;
	u16 offset, size;
	u8 fmt;		     /* enum field_fmt */
	u8 type;	     /* enum field_type */
	char key[FIELD_KEY]; /* ,"name  as JSON has it, but for the end of the name of a tail */
	u8 name_len; /* bytes of the name as it is printed: the length of a tail is called after it */
};

enum kind_class { CLASS_RAW, CLASS_TOLD };

struct kind {
	const char *id;	    /* lower-case name of the struct, unique: "unix_bind" */
	const char *public; /* name in the public stream: "bind"; NULL: not public */
	const char *doc;
	const struct field *fields;
	u16 nfields;
	u64 checked; /* fields whose value is not free, bit a place */
	u64 shown;   /* fields of the public form, likewise */
	u16 size;    /* of the struct, without tail */
	u8 class;    /* enum kind_class */
	u8 tails;    /* parts of a tail */
};

/* NULL for a number that is no kind. */
const struct kind *event_kind(unsigned int number) __attribute__((const));
const struct field *event_field(const struct kind *k, const char *name);

/*
 * The bit that stands for a kind in a set of kinds.  A kind below 64 has the bit of its number,
 * which is all the kernel side needs.  `source` and the kinds of a checkpoint have bit 0, and the
 * kinds told by the model (80..89) bits 40..49, numbers that are therefore never given to a kind.
 */
static inline u64 event_bit(unsigned int number)
{
	return number < 64 ? 1ull << number : number < 80 ? 1 : 1ull << (number - 40);
}

/* Is it part of a checkpoint? */
static inline bool event_is_kept(unsigned int number)
{
	return number >= EV_KIND_KEPT_BEGIN && number <= EV_KIND_KEPT_END;
}

/* Bits of all kinds with that public name; 0: there is no such name. */
u64 event_kinds_by_name(const char *public, size_t len);

/* Its format, where a hidden struct (always a comm) counts as FMT_COMM. */
u8 field_shape(const struct field *f);

/*
 * Is this a well-formed event?  Size, kind, tail lengths, terminated strings, enum ranges: after
 * this everybody may trust the bytes.  NULL: yes; else a short reason.
 */
const char *event_check(const void *p, size_t n);

/*
 * Tail of exec, scan_args, cgroup.  exe is NUL-terminated when its length is not 0.  The tail is
 * the last thing in an event, so that fields a later version appends do not hide it.
 */
const char *event_exe(const struct ev *e, u16 *len);
const char *event_args(const struct ev *e, u16 *len);

/* The value of a plain integer field, widened. */
static inline u64 event_value(const struct ev *e, const struct field *f)
{
	const char *p = (const char *)e + f->offset;
	u64 v64;
	u32 v32;
	u16 v16;
	s32 vs32;

	switch ((enum field_type)f->type) {
	case FT_u8:
		return *(const u8 *)p;
	case FT_u16:
		memcpy(&v16, p, sizeof(v16));
		return v16;
	case FT_u32:
		memcpy(&v32, p, sizeof(v32));
		return v32;
	case FT_u64:
		memcpy(&v64, p, sizeof(v64));
		return v64;
	case FT_s32:
		memcpy(&vs32, p, sizeof(vs32));
		return (u64)(s64)vs32;
	case FT_struct:
		break;
	}
	return 0;
}

/*
 * The text form, for stories and for people who debug: one line, every field,
 *     <ts> <id> tgid/tid cpu=N name=value ...
 * and back.  Values that are 0 or empty are left out when written and 0 when not given.
 * event_parse: bytes of the event in buf (EV_MAX long), or -EINVAL with a reason in *why.
 */
void event_text(struct buf *b, const struct ev *e);
int event_parse(const char *line, void *buf, const char **why);

/* A socket that no descriptor shows: what keeps it can be asked (scan_keeper). */
struct unheld {
	u64 inode;
	u32 netns;
};
#define KEEPERS_ASKED 256 /* at a time */

/* Names of numbers, shared by text and JSON.  NULL or "?" for what has none, as each says. */
const char *name_via(unsigned int via);
const char *name_call(unsigned int call);	/* "accept4"; NULL: not known */
const char *name_tcp_state(unsigned int state); /* "LISTEN"; NULL: no such state */
const char *name_signal(unsigned int sig);	/* "SIGKILL"; "SIG35" beyond; "?" for 0 */
const char *name_errno(int err);		/* of -errno or errno: "EADDRINUSE" */
const char *name_sigres(unsigned int result);
const char *name_proto(u32 proto);  /* "tcp" "udp" "unix" "raw" "netlink" ... */
const char *name_family(u32 proto); /* "inet" "inet6" "unix" ... */

/* Numbers of names, for what people write; -1: there is none. */
int via_by_name(const char *s, size_t n);
int tcp_state_by_name(const char *s, size_t n);
int signal_by_name(const char *s, size_t n);
int errno_by_name(const char *s, size_t n);
int sigres_by_name(const char *s, size_t n);
const char *name_sigchld(unsigned int disposition); /* "default"; NULL: not known */
int sigchld_by_name(const char *s, size_t n);

/* One word for family, type and protocol together, as the text form has it: "tcp6"; NULL: none. */
const char *name_proto_exact(u32 proto);
bool proto_by_name(const char *s, size_t n, u32 *proto);

/* Numbers instead of an address and port, as the schema has them? */
static inline u32 ep_number(const struct ep *ep, u32 i)
{
	u32 n;

	memcpy(&n, ep->ip + i * sizeof(n), sizeof(n));
	return n;
}
static inline bool ep_is_numbers(const struct ep *ep)
{
	return !ep->family && !ep->port && ep_number(ep, 2) == 1;
}
static inline bool ep_is_set(const struct ep *ep)
{
	return ep->port || ep_is_numbers(ep);
}
/* "0.0.0.0:80", "[::]:80", "*" parts as ss prints them; IPv4-mapped IPv6 as "[::ffff:1.2.3.4]:80". */
void ep_text(char out[64], const struct ep *ep);
/* The same into memory with that much room, without a NUL; where it ended. */
char *ep_put(char *p, const struct ep *ep);
/* The reverse; false: it is no address with a port. */
bool ep_parse(const char *s, size_t n, struct ep *ep);

/* ---- any event as text or JSON (field.c) ---- */

struct json;
/* All public fields of an event by their formats, as members. */
void json_fields(struct json *j, const struct ev *e, u64 realtime_off);
/* "name=value"; nothing (returns false) when the value is null. */
bool text_field(struct buf *b, const struct ev *e, const struct field *f);

#endif
