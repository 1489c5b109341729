/* SPDX-License-Identifier: BSD-2-Clause */
/* JSON, fields, lines, paragraphs and tables; what people type: ports, kinds, mistyped names. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "options.h"
#include "out.h"

static void test_json(void **state)
{
	struct buf b = {};
	struct json j;

	(void)state;
	json_init(&j, &b);
	json_obj(&j, NULL);
	json_str(&j, "s", "a\"b\\c\n\x01\x7f\xc3\xa9\xff\xe2\x80");
	json_str(&j, "none", NULL);
	json_u64(&j, "max", UINT64_MAX);
	json_s64(&j, "min", INT64_MIN);
	json_arr(&j, "a");
	json_u64(&j, NULL, 0);
	json_obj(&j, NULL);
	json_end_obj(&j);
	json_bool(&j, NULL, true);
	json_str(&j, NULL,
		 "\xc2\x9b\xc2\xa0\xc2\x85\xe2\x80\xa7\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa");
	json_end_arr(&j);
	json_id(&j, "id", 0);
	json_time(&j, "t", 1000000000);
	json_args(&j, "args", "a\0\0b", 5);
	json_args(&j, "noargs", NULL, 0);
	json_end_obj(&j);
	json_obj(&j, NULL);
	json_end_obj(&j);
	assert_string_equal(
		b.s,
		"{\"s\":\"a\\\"b\\\\c\\n\\u0001\\u007f\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd"
		"\xef\xbf\xbd\",\"none\":null,\"max\":18446744073709551615,"
		"\"min\":-9223372036854775808,\"a\":[0,{},true,"
		"\"\\u009b\xc2\xa0\\u0085\xe2\x80\xa7\\u2028\\u2029\xe2\x80\xaa\"],\"id\":null,"
		"\"t\":\"1970-01-01T00:00:01.000000000Z\",\"args\":[\"a\",\"\",\"b\"],"
		"\"noargs\":null}{}");
	buf_free(&b);
}

static void fields_are(const char *line, const char *json, const char *text)
{
	static u64 bytes[EV_MAX / 8];
	const struct ev *e = (const struct ev *)bytes;
	const struct kind *k;
	struct buf b = {};
	const char *why;
	struct json j;

	assert_true(event_parse(line, bytes, &why) > 0);
	k = event_kind(e->kind);
	json_init(&j, &b);
	json_obj(&j, NULL);
	json_fields(&j, e, 1000000000);
	json_end_obj(&j);
	assert_string_equal(b.s, json);
	buf_reset(&b);
	for (u32 i = 0; i < k->nfields; i++)
		if (text_field(&b, e, &k->fields[i]))
			buf_puts(&b, ";");
	assert_string_equal(b.s, text);
	buf_free(&b);
}

static void test_fields(void **state)
{
	(void)state;
	fields_are("1 unix_bind 1 inode=7 proto=unix state=CLOSE fd=3 error=EADDRINUSE name=@a",
		   "{\"inode\":7,\"cookie\":null,\"netns\":null,\"uid\":0,\"local\":null,"
		   "\"remote\":null,\"proto\":\"unix\",\"state\":\"CLOSE\",\"fd\":3,"
		   "\"error\":\"EADDRINUSE\",\"name\":\"@a\"}",
		   "inode=7;uid=0;proto=unix;state=CLOSE;fd=3;error=EADDRINUSE;name=@a;");
	fields_are("1 exec 1 start=1s old_tid=1 uid=5 name=x exe=\"/x\\x1b\" args=[\"a b\",\"c\"]",
		   "{\"start\":\"1970-01-01T00:00:02.000000000Z\",\"old_tid\":1,\"uid\":5,"
		   "\"exe\":\"/x\\u001b\",\"args\":[\"a b\",\"c\"],\"args_truncated\":false}",
		   "old_tid=1;uid=5;exe=/x\\x1b;args=a b c;args_truncated=no;");
	fields_are("1 exit 1 parent=2 code=-1 signal=SIGKILL core=1",
		   "{\"start\":null,\"parent\":2,\"code\":null,\"signal\":9,\"core\":true}",
		   "parent=2;signal=SIGKILL;core=yes;");
}

/* A FILE in memory with what was written. */
struct sheet {
	struct out out;
	char *text;
	size_t bytes;
};

static void sheet_open(struct sheet *p, int width)
{
	*p = (struct sheet){};
	unsetenv("COLUMNS");
	out_init(&p->out, open_memstream(&p->text, &p->bytes), false);
	assert_false(p->out.fit);
	assert_int_equal(p->out.width, 80);
	if (width) {
		p->out.width = width;
		p->out.fit = true;
	}
}

static void sheet_is(struct sheet *p, const char *want)
{
	out_flush(&p->out);
	assert_string_equal(p->text, want);
	fclose(p->out.f);
	free(p->text);
	buf_free(&p->out.line);
}

static void test_lines(void **state)
{
	struct sheet p;

	(void)state;
	sheet_open(&p, 0);
	out_printf(&p.out, "one %d", 1);
	out_printf(&p.out, "two\n");
	out_printf(&p.out, "\033[1mbold\033[0m \033]0;title\007");
	out_printf(&p.out, "%s", "");
	sheet_is(&p, "one 1\ntwo\n\033[1mbold\033[0m \\x1b]0;title\\x07\n\n");
	sheet_open(&p, 20);
	out_wrap(&p.out, 2, "the quick  brown fox jumps over the_lazy_dog_that_is_too_long end");
	sheet_is(&p,
		 "  the quick brown\n  fox jumps over\n  the_lazy_dog_that_is_too_long\n  end\n");
}

static void table_fill(struct table *t)
{
	static const struct column cols[] = {
		{"NAME", 4, false}, {"N", 0, true}, {"WHAT", 8, false}};

	table_init(t, cols, 3);
	table_cell(t, TINT_BAD, "first");
	table_cell(t, TINT_NONE, "%d", 7);
	table_cell(t, TINT_NONE, "a long tale of nothing");
	table_cell(t, TINT_NONE, "h\xc3\xa9");
	table_cell(t, TINT_NONE, "%d", 1234);
	table_cell(t, TINT_NONE, "x");
}

static void test_table(void **state)
{
	struct table t;
	struct sheet p;

	(void)state;
	sheet_open(&p, 0);
	table_fill(&t);
	table_print(&t, &p.out);
	sheet_is(&p,
		 "NAME      N  WHAT\nfirst     7  a long tale of nothing\nh\xc3\xa9     1234  x\n");
	sheet_open(&p, 25);
	table_fill(&t);
	table_print(&t, &p.out);
	sheet_is(&p, "NAME      N  WHAT\nfirst     7  a long ta...\nh\xc3\xa9     1234  x\n");
}

static void test_dead(void **state)
{
	struct out o;
	int fd[2];
	FILE *f;

	(void)state;
	assert_int_equal(pipe(fd), 0);
	signal(SIGPIPE, SIG_IGN);
	close(fd[0]);
	f = fdopen(fd[1], "w");
	out_init(&o, f, true);
	buf_puts(&o.line, "x");
	out_line(&o);
	out_flush(&o);
	assert_true(out_dead(&o));
	fclose(o.f);
	fclose(f);
	buf_free(&o.line);
}

static void test_query(void **state)
{
	static const char *const bad[] = {
		"",	      "0",	     "99999",	   "-1",     "foo",
		"tcp/",	      "tcp/x",	     "@",	   "x/80",   "80x",
		" 80",	      "::1",	     "[::1]",	   "[::1]:", "1.2.3:80",
		"1.2.3.4:",   "1.2.3.4:0",   "unix:",	   "unix:@", "[::1:80",
		"4294967376", "somehost:80", "1::2::3:80", "::1:x",  "::",
	};
	struct query q;
	struct buf why = {};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		buf_reset(&why);
		if (query_parse(bad[i], &q, &why))
			fail_msg("was taken: %s", bad[i]);
		assert_true(why.len > 0);
	}
	assert_true(query_parse("8801", &q, &why));
	assert_true(!q.proto && !q.has_addr && q.addr.port == 8801);
	assert_true(query_parse("udp/53", &q, &why));
	assert_true(!strcmp(q.proto, "udp") && q.addr.port == 53);
	assert_true(query_parse("tcp/127.0.0.1:80", &q, &why));
	assert_true(q.has_addr && q.addr.family == AF_INET && q.addr.ip[0] == 127 &&
		    q.addr.port == 80);
	assert_true(query_parse("[::1]:80", &q, &why));
	assert_true(q.has_addr && q.addr.family == AF_INET6 && q.addr.ip[15] == 1);
	assert_true(query_parse("*:80", &q, &why) && !q.has_addr);
	assert_true(query_parse(":80", &q, &why) && !q.has_addr && q.addr.port == 80);
	assert_true(query_parse(":::80", &q, &why) && q.addr.family == AF_INET6);
	assert_true(q.has_addr && !q.addr.ip[15] && q.addr.port == 80);
	assert_true(query_parse("::1:80", &q, &why) && q.addr.ip[15] == 1 && q.addr.port == 80);
	assert_true(query_parse("[fe80::1%lo]:80", &q, &why) && q.addr.ip[0] == 0xfe);
	assert_true(query_parse("[::ffff:1.2.3.4]:80", &q, &why) && q.addr.ip[12] == 1);
	assert_true(query_parse("udp/localhost:80", &q, &why) && q.has_other);
	assert_true(q.addr.family == AF_INET && q.other.family == AF_INET6 && q.addr.port == 80);
	assert_true(query_parse("unix:/run/x", &q, &why));
	assert_true(q.name.len == 6 && q.name.s[0] == '/');
	assert_true(query_parse("unix:@x", &q, &why));
	assert_true(q.name.len == 2 && q.name.s[0] == 0 && q.name.s[1] == 'x');
	buf_free(&why);
}

static void test_kinds(void **state)
{
	struct buf why = {};
	u64 kinds = 0;

	(void)state;
	assert_true(kinds_parse("fork,bind,leak", &kinds, &why));
	assert_true(kinds == (1ull << 1 | 1ull << 31 | 1ull << 37 | event_bit(EV_KIND_LEAK)));
	assert_false(kinds_parse("fork,exce", &kinds, &why));
	assert_non_null(strstr(why.s, "did you mean exec?"));
	assert_false(kinds_parse("", &kinds, &why));
	assert_false(kinds_parse("fork,", &kinds, &why));
	assert_true(kinds_needed(0) == 0);
	assert_true(kinds_needed(event_bit(EV_KIND_LEAK)) >> EV_KIND_CLOSE & 1);
	assert_true(kinds_needed(event_bit(EV_KIND_STATE)) >> EV_KIND_LOST & 1);
	assert_false(kinds_needed(event_bit(EV_KIND_STATE)) >> EV_KIND_CLOSE & 1);
	buf_free(&why);
}

static void test_nearest(void **state)
{
	static const char *const names[] = {"ports",   "port",	"pid",	 "tree",
					    "zombies", "trace", "doctor"};

	(void)state;
	assert_string_equal(nearest_name("prot", names, ARRAY_SIZE(names)), "port");
	assert_string_equal(nearest_name("zombie", names, ARRAY_SIZE(names)), "zombies");
	assert_string_equal(nearest_name("doc", names, ARRAY_SIZE(names)), "doctor");
	assert_string_equal(nearest_name("treee", names, ARRAY_SIZE(names)), "tree");
	assert_null(nearest_name("xyzzy", names, ARRAY_SIZE(names)));
	assert_null(nearest_name("", names, ARRAY_SIZE(names)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),  cmocka_unit_test(test_fields),
		cmocka_unit_test(test_lines), cmocka_unit_test(test_table),
		cmocka_unit_test(test_dead),  cmocka_unit_test(test_query),
		cmocka_unit_test(test_kinds), cmocka_unit_test(test_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
