/* SPDX-License-Identifier: BSD-2-Clause */
/* The schema's tables, the check of raw bytes, and text that comes back as the same bytes. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "event.h"

static u32 seed = 1;

static u32 rnd(u32 below)
{
	seed = seed * 1664525 + 1013904223;
	return (u32)((u64)(seed >> 4) * below >> 28);
}

static void random_bytes(char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (char)(rnd(4) ? 'a' + rnd(26) : 1 + rnd(255));
}

static void random_ep(char *p)
{
	struct ep ep = {.port = rnd(65536)};

	ep.family = rnd(2) ? AF_INET : AF_INET6;
	for (int i = 0; i < (ep.family == AF_INET ? 4 : 16); i++)
		ep.ip[i] = rnd(256);
	if (!rnd(4))
		memset(&ep, 0, sizeof(ep));
	memcpy(p, &ep, sizeof(ep));
}

static void random_unix(char *p)
{
	struct unix_name name = {.len = rnd(UNIX_LEN + 1)};

	random_bytes(name.s, name.len);
	if (name.len && rnd(2))
		name.s[0] = rnd(2) ? 0 : '@';
	memcpy(p, &name, sizeof(name));
}

static void random_integer(char *p, const struct field *f)
{
	u64 v = (u64)rnd(1 << 28) << 36 | (u64)rnd(1 << 28) << 8 | rnd(256);
	s64 limit[] = {
		[FMT_BOOL] = 3,
		[FMT_VIA] = VIA_MAX,
		[FMT_SIGNAL] = 65,
		[FMT_SIGCHLD] = 3,
	};
	s32 small = (s32)rnd(257) - 1;

	if (f->fmt < ARRAY_SIZE(limit) && limit[f->fmt])
		v = rnd(limit[f->fmt]);
	else if (f->fmt == FMT_CODE || f->fmt == FMT_FD)
		v = (u64)(s64)(small > 255 ? 255 : small);
	else if (f->fmt == FMT_ERRNO)
		v = (u64) - (s64)rnd(4096);
	else if (rnd(4) == 0)
		v = rnd(14);
	memcpy(p, &v, f->size);
}

/* Fill in a tail and return its length. */
static u16 random_tail(char *tail, bool args)
{
	u16 n = rnd(200);

	random_bytes(tail, n);
	for (u16 i = 0; args && i < n; i++)
		if (!rnd(8))
			tail[i] = 0;
	if (n)
		tail[n - 1] = 0;
	return n;
}

static void random_event(struct ev *e, const struct kind *k, u16 number)
{
	char *tail = (char *)e + k->size;

	memset(e, 0, EV_MAX);
	*e = (struct ev){number, k->size, rnd(99999), rnd(99999), rnd(4), (u64)rnd(1 << 28) << 20};
	for (u32 i = 0; i < k->nfields; i++) {
		const struct field *f = &k->fields[i];
		char *p = (char *)e + f->offset;
		u16 n;

		switch (field_shape(f)) {
		case FMT_EP:
			random_ep(p);
			break;
		case FMT_COMM:
			random_bytes(p, rnd(COMM_LEN + 1));
			break;
		case FMT_NSPIDS:
			for (u32 j = 0, depth = rnd(NS_LEVELS + 1); j < depth; j++)
				p[j * 4] = 1 + rnd(200);
			break;
		case FMT_UNIX:
			random_unix(p);
			break;
		case FMT_EXE:
		case FMT_ARGS:
			n = random_tail(tail, f->fmt == FMT_ARGS);
			memcpy(p, &n, sizeof(n));
			tail += n;
			e->size += n;
			break;
		default:
			random_integer(p, f);
		}
	}
}

static void test_round_trip(void **state)
{
	static u64 one[EV_MAX / 8], two[EV_MAX / 8];
	struct ev *e = (struct ev *)one;
	struct buf text = {};
	const char *why;

	(void)state;
	for (u16 number = 1; number < EV_KIND_MAX; number++) {
		const struct kind *k = event_kind(number);

		for (int i = 0; k && i < 300; i++) {
			random_event(e, k, number);
			assert_null(event_check(e, e->size));
			buf_reset(&text);
			event_text(&text, e);
			if (event_parse(text.s, two, &why) < 0)
				fail_msg("%s: %s", why, text.s);
			assert_memory_equal(one, two, e->size);
		}
	}
	buf_free(&text);
}

static void parse_ok(const char *line, void *into)
{
	const char *why = NULL;

	if (event_parse(line, into, &why) < 0)
		fail_msg("%s: %s", why, line);
}

static void test_by_hand(void **state)
{
	static u64 bytes[EV_MAX / 8];
	struct ev_listen *l = (struct ev_listen *)bytes;
	struct ev_exec *x = (struct ev_exec *)bytes;
	struct ev_unix_bind *u = (struct ev_unix_bind *)bytes;
	u16 n;

	(void)state;
	parse_ok(
		"1200ms listen 100 inode=7 local=[::1]:80 proto=tcp6 state=LISTEN fd=3 # a comment",
		bytes);
	assert_int_equal(l->h.ts, 1200 * NS_PER_MS);
	assert_int_equal(l->h.tid, 100);
	assert_int_equal(l->local.port, 80);
	assert_int_equal(l->local.family, AF_INET6);
	assert_int_equal(l->local.ip[15], 1);
	assert_int_equal(l->state, 10);
	parse_ok("5 exec 9/10 name=sh exe=\"/bin/sh\" args=[\"sh\",\"-c\",\"\"]", bytes);
	assert_string_equal(event_exe(&x->h, &n), "/bin/sh");
	assert_int_equal(n, 8);
	assert_memory_equal(event_args(&x->h, &n), "sh\0-c\0", 7);
	assert_int_equal(n, 7);
	assert_string_equal(x->name.s, "sh");
	parse_ok("6 unix_bind 9 name=@bus error=EADDRINUSE", bytes);
	assert_int_equal(u->name.len, 4);
	assert_memory_equal(u->name.s, "\0bus", 4);
	assert_int_equal(u->error, -EADDRINUSE);
}

static void test_bad_text(void **state)
{
	static const char *const lines[] = {
		"",
		"fork",
		"x fork 1",
		"1 spoon 1",
		"1 fork x",
		"1 fork 1/x",
		"1 fork 1 child",
		"1 fork 1 chld=2",
		"1 fork 1 child=x",
		"1 fork 1 child=4294967296",
		"1 install 1 via=magic",
		"1 bind 1 local=1.2.3:80",
		"1 bind 1 local=1.2.3.4:65536",
		"1 exec 1 exe=\"/x",
		"1 exec 1 exe=/x",
		"1 exec 1 args=[\"x\"",
		"1 exec 1 args=[x]",
		"1 rename 1 name=\"12345678901234567\"",
		"1 exit 1 signal=65",
		"1 exit 1 code=256",
		"1 bind 1 proto=2/3",
		"1 fork 1 nspid=1,2,3,4,5",
		"1 exec 1 exe=\"\\x4\"",
		"1 exec 1 exe=\"\\",
		"99999999999999999999 tick 1",
	};
	static u64 bytes[EV_MAX / 8];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		const char *why = NULL;

		if (event_parse(lines[i], bytes, &why) != -EINVAL)
			fail_msg("was taken: %s", lines[i]);
		assert_non_null(why);
	}
}

static void test_check(void **state)
{
	static u64 bytes[EV_MAX / 8];
	struct ev *e = (struct ev *)bytes;
	struct ev_exec *x = (struct ev_exec *)bytes;
	struct ev_install *in = (struct ev_install *)bytes;

	(void)state;
	parse_ok("5 exec 9 exe=\"/bin/sh\" args=[\"sh\"]", bytes);
	assert_null(event_check(bytes, e->size));
	assert_null(event_check(bytes, e->size + 8u));
	assert_non_null(event_check(bytes, e->size - 1u));
	assert_non_null(event_check(bytes, 10));
	x->args_len++;
	assert_non_null(event_check(bytes, e->size));
	x->args_len--;
	x->exe_len--;
	x->args_len++;
	assert_non_null(event_check(bytes, e->size));
	e->size = sizeof(*x) - 1;
	assert_non_null(event_check(bytes, EV_MAX));
	e->size = 8;
	assert_non_null(event_check(bytes, EV_MAX));
	e->kind = 95; /* of a later version */
	e->size = 40;
	assert_null(event_check(bytes, 40));
	parse_ok("5 install 9 via=dup fd=3", bytes);
	in->via = VIA_MAX;
	assert_non_null(event_check(bytes, e->size));
	in->via = VIA_DUP;
	in->fd = -2;
	assert_non_null(event_check(bytes, e->size));
	in->fd = 3;
	in->local.family = AF_UNIX;
	assert_non_null(event_check(bytes, e->size));
}

/* Whatever passes the check can be printed without a read beyond its end. */
static void test_damaged(void **state)
{
	static u64 bytes[EV_MAX / 8];
	struct ev *e = (struct ev *)bytes;
	struct buf text = {};
	u32 passed = 0;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		u16 number = 1 + rnd(EV_KIND_MAX - 1);
		const struct kind *k = event_kind(number);
		struct ev *copy;
		u16 size;

		if (!k)
			continue;
		random_event(e, k, number);
		size = e->size;
		for (u32 n = rnd(4); n; n--)
			((char *)bytes)[rnd(size)] = rnd(256);
		copy = malloc(size);
		memcpy(copy, bytes, size);
		if (!event_check(copy, size)) {
			buf_reset(&text);
			event_text(&text, copy);
			passed++;
		}
		free(copy);
	}
	assert_true(passed > 1000);
	buf_free(&text);
}

static void test_names(void **state)
{
	char text[64];
	struct ep ep;

	(void)state;
	assert_string_equal(name_signal(9), "SIGKILL");
	assert_string_equal(name_signal(35), "SIG35");
	assert_string_equal(name_signal(64), "SIG64");
	assert_string_equal(name_signal(0), "?");
	assert_string_equal(name_signal(65), "?");
	assert_string_equal(name_errno(-98), "EADDRINUSE");
	assert_string_equal(name_errno(98), "EADDRINUSE");
	assert_string_equal(name_tcp_state(10), "LISTEN");
	assert_null(name_tcp_state(0));
	assert_string_equal(name_proto(SOCK_PROTO(AF_INET6, SOCK_STREAM, 6)), "tcp");
	assert_string_equal(name_proto(SOCK_PROTO(AF_UNIX, SOCK_DGRAM, 0)), "unix");
	assert_string_equal(name_family(SOCK_PROTO(AF_INET6, SOCK_STREAM, 6)), "inet6");
	assert_true(ep_parse("[::ffff:1.2.3.4]:80", 19, &ep));
	ep_text(text, &ep);
	assert_string_equal(text, "[::ffff:1.2.3.4]:80");
	ep_text(text, &(struct ep){});
	assert_string_equal(text, "*:*");
	assert_true(ep_parse("{4294967295.7}:*", 16, &ep));
	assert_true(ep_is_numbers(&ep) && ep_number(&ep, 0) == UINT32_MAX &&
		    ep_number(&ep, 1) == 7);
	ep_text(text, &ep);
	assert_string_equal(text, "{4294967295.7}:*");
	for (const char *const *bad =
		     (const char *const[]){"{1.2}:3", "{1}:*", "{.2}:*", "{1.}:*", "{1.2:*",
					   "{4294967296.2}:*", "{}:*", "{1.2.3}:*", NULL};
	     *bad; bad++)
		assert_false(ep_parse(*bad, strlen(*bad), &ep));
	assert_true(event_kinds_by_name("bind", 4) == (1ull << 31 | 1ull << 37));
	assert_true(event_kinds_by_name("destroy", 7) == event_bit(EV_KIND_GONE));
	assert_int_equal(event_kinds_by_name("wait", 4), 0);
	assert_int_equal(event_kinds_by_name("", 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_by_hand),
		cmocka_unit_test(test_bad_text),   cmocka_unit_test(test_check),
		cmocka_unit_test(test_damaged),	   cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
