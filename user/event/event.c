/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables of kinds and fields, expanded from bpf/events.h, and the check of raw bytes.
 *
 * After event_check() everybody may trust an event: nothing behind it looks at a length again.
 */
#include <string.h>
#include <sys/socket.h>

#include "event.h"

/* clang-format off */
#define FIELD_TYPE(type)                                                                           \
	_Generic(*(type *)0, u8 : FT_u8, u16 : FT_u16, u32 : FT_u32, u64 : FT_u64, s32 : FT_s32,   \
		 default : FT_struct)
#define IS_TAIL(fmt) (FMT_##fmt == FMT_EXE || FMT_##fmt == FMT_ARGS)
#define NAME_LEN(name, fmt) (sizeof(#name) - 1 - (IS_TAIL(fmt) ? sizeof("_len") - 1 : 0))
#define FIELD(type, name, fmt, doc)                                                                \
	{ #name,     doc, offsetof(S, name), sizeof(type), FMT_##fmt, FIELD_TYPE(type),            \
	  ",\"" #name, NAME_LEN(name, fmt) },
/* Formats under which any value will do. */
#define IS_FREE(fmt)                                                                               \
	(FMT_##fmt == FMT_HIDE || FMT_##fmt == FMT_DEC || FMT_##fmt == FMT_PID ||                  \
	 FMT_##fmt == FMT_ID || FMT_##fmt == FMT_TIME || FMT_##fmt == FMT_NS)
#define PLACE(type, name, fmt, doc) AT_##name,
#define CHECKED(type, name, fmt, doc) | (u64)!IS_FREE(fmt) << AT_##name
#define SHOWN(type, name, fmt, doc) | (u64)(FMT_##fmt != FMT_HIDE) << AT_##name
#define TAILS(type, name, fmt, doc) +IS_TAIL(fmt)

/* One block a kind, because EV_<ID> does not tell FIELD the name of its struct: S does. */
const struct kind *event_kind(unsigned int number)
{
	switch (number) {
#define K(n, ID, lower, pub, cls, text)                                                            \
	case n: {                                                                                  \
		typedef struct ev_##lower S;                                                       \
		enum { EV_##ID(PLACE) PLACES };                                                    \
		_Static_assert(PLACES <= 64, #ID " has more fields than bits");                    \
		static const struct field fields[] = { EV_##ID(FIELD) };                           \
		static const struct kind kind = {                                                  \
			.id = #lower,                                                              \
			.public = pub,                                                             \
			.doc = text,                                                               \
			.fields = fields,                                                          \
			.nfields = ARRAY_SIZE(fields),                                             \
			.checked = 0 EV_##ID(CHECKED),                                             \
			.shown = 0 EV_##ID(SHOWN),                                                 \
			.size = sizeof(S),                                                         \
			.class = CLASS_##cls,                                                      \
			.tails = EV_##ID(TAILS),                                                   \
		};                                                                                 \
		return &kind;                                                                      \
	}
		EV_TABLE(K)
#undef K
	}
	return NULL;
}
/* clang-format on */

/* event_bit() gives 40..49 to the told kinds, and 0 to `source` and what a checkpoint is made of. */
#define K(n, ID, lower, pub, cls, text)                                                            \
	_Static_assert((n > 0 && n < 40) || (n >= 50 && n < 90), #ID " has no bit of its own");
EV_TABLE(K)
#undef K

u8 field_shape(const struct field *f)
{
	return f->fmt == FMT_HIDE && f->type == FT_struct ? FMT_COMM : f->fmt;
}

const struct field *event_field(const struct kind *k, const char *name)
{
	for (u32 i = 0; i < k->nfields; i++)
		if (!strcmp(k->fields[i].name, name))
			return &k->fields[i];
	return NULL;
}

u64 event_kinds_by_name(const char *public, size_t len)
{
	u64 bits = 0;

	for (unsigned int n = 1; n < EV_KIND_MAX; n++) {
		const struct kind *k = event_kind(n);

		if (k && k->public && strlen(k->public) == len && !memcmp(k->public, public, len))
			bits |= event_bit(n);
	}
	return bits;
}

/* Lengths of the two parts of the tail, as the fields of the kind say. */
static void tail_lengths(const struct ev *e, u16 *exe, u16 *args)
{
	const struct kind *k = event_kind(e->kind);

	*exe = *args = 0;
	for (u32 i = 0; k && k->tails && i < k->nfields; i++) {
		if (k->fields[i].fmt == FMT_EXE)
			*exe = event_value(e, &k->fields[i]);
		else if (k->fields[i].fmt == FMT_ARGS)
			*args = event_value(e, &k->fields[i]);
	}
}

const char *event_exe(const struct ev *e, u16 *len)
{
	u16 exe, args;

	tail_lengths(e, &exe, &args);
	*len = exe;
	return (const char *)e + e->size - args - exe;
}

const char *event_args(const struct ev *e, u16 *len)
{
	u16 exe, args;

	tail_lengths(e, &exe, &args);
	*len = args;
	return (const char *)e + e->size - args;
}

static bool family_ok(const struct ev *e, const struct field *f)
{
	struct ep ep;

	memcpy(&ep, (const char *)e + f->offset, sizeof(ep));
	return !ep.family || ep.family == AF_INET || ep.family == AF_INET6;
}

static bool name_ok(const struct ev *e, const struct field *f)
{
	u16 len;

	memcpy(&len, (const char *)e + f->offset, sizeof(len));
	return len <= UNIX_LEN;
}

/* What the format of a field promises about its value. */
static const char *check_field(const struct ev *e, const struct field *f)
{
	u64 v = event_value(e, f);
	s64 s = (s64)v;

	switch (f->fmt) {
	case FMT_BOOL:
		return v <= 2 ? NULL : "a yes-or-no field is neither";
	case FMT_FD:
		return s >= -1 && s <= INT32_MAX ? NULL : "a descriptor is negative";
	case FMT_VIA:
		return v < VIA_MAX ? NULL : "there is no such way to get a descriptor";
	case FMT_SIGNAL:
		return v <= 64 ? NULL : "there is no such signal";
	case FMT_CODE:
		return s >= -1 && s <= 255 ? NULL : "there is no such exit code";
	case FMT_ERRNO:
		return s >= -4095 && s <= 0 ? NULL : "there is no such errno";
	case FMT_SIGCHLD:
		return v <= 2 || v == 255 ? NULL : "there is no such disposition";
	case FMT_EP:
		return family_ok(e, f) ? NULL : "an address is of no known family";
	case FMT_UNIX:
		return name_ok(e, f) ? NULL : "the name of a UNIX socket is too long";
	}
	return NULL;
}

static const char *check_tail(const struct ev *e, const struct kind *k)
{
	u16 exe_len, args_len;
	const char *exe, *args;

	tail_lengths(e, &exe_len, &args_len);
	if (e->size < k->size + exe_len + args_len)
		return "the tail is longer than the event";
	exe = event_exe(e, &exe_len);
	args = event_args(e, &args_len);
	if (exe_len && exe[exe_len - 1])
		return "a path is not terminated";
	if (args_len && args[args_len - 1])
		return "the arguments are not terminated";
	return NULL;
}

const char *event_check(const void *p, size_t n)
{
	const struct ev *e = p;
	const struct kind *k;

	if (n < sizeof(*e))
		return "shorter than a head";
	if (e->size < sizeof(*e) || e->size > EV_MAX || e->size > n)
		return "the size makes no sense";
	k = event_kind(e->kind);
	if (!k)
		return NULL; /* newer than this program: passed over by whoever gets it */
	if (e->size < k->size)
		return "shorter than its kind";
	for (u64 left = k->checked; left; left &= left - 1) {
		const char *why = check_field(e, &k->fields[__builtin_ctzll(left)]);

		if (why)
			return why;
	}
	return k->tails ? check_tail(e, k) : NULL;
}
