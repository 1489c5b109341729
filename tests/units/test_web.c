/* SPDX-License-Identifier: BSD-2-Clause */
/* What the HTTP side reads of others by itself: headers of choice, addresses, names of TLS,
 * passwords. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "web_priv.h"

static void test_accept(void **state)
{
	static const struct {
		const char *accept;
		bool open;
	} all[] = {
		{NULL, false},
		{"", false},
		{"*/*", false},
		{"application/openmetrics-text", true},
		{"APPLICATION/OpenMetrics-Text ; Version=\"1.0.0\"", true},
		{"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version="
		 "0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
		 true},
		{"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
		 "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;"
		 "escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
		 true},
		{"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"
		 "encoding=delimited;q=0.7,text/plain;version=0.0.4;q=0.3,*/*;q=0.1",
		 false},
		{"application/openmetrics-text;version=0.0.1", false},
		{"application/openmetrics-text;version=2.0.0,text/plain", false},
		{"application/openmetrics-text;q=0.5,text/plain;q=0.6", false},
		{"application/openmetrics-text;q=0.5,text/plain;q=0.5", true},
		{"application/openmetrics-text;q=0.5,text/plain;version=1.0.0;q=0.9", true},
		{"application/openmetrics-text;q=0.5,text/plain;q=0.1,*/*", true},
		{"application/openmetrics-text;q=0.5,*/*", false},
		{"application/openmetrics-text;q=0", false},
		{"application/openmetrics-text;q=0.000", false},
		{"application/openmetrics-text;q=0.001", true},
		{"application/openmetrics-text;q=1.1", true},
		{"application/openmetrics-text;q=0.0001", false},
		{"application/openmetrics-text;q=x", false},
		{"application/openmetrics-text;q=", false},
		{"application/openmetrics-text;q", false},
		{"application/openmetrics-textual", false},
		{",,;;==\"\",;q,", false},
		{";q=1,application/openmetrics-text", true},
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(all); i++)
		if (accept_openmetrics(all[i].accept) != all[i].open)
			fail_msg("Accept: %s", all[i].accept);
}

static void test_encoding(void **state)
{
	(void)state;
	assert_true(accept_gzip("gzip"));
	assert_true(accept_gzip("deflate, GZIP ;q=0.1"));
	assert_true(accept_gzip("*"));
	assert_true(accept_gzip("br,*;q=0.5"));
	assert_false(accept_gzip(NULL));
	assert_false(accept_gzip(""));
	assert_false(accept_gzip("identity"));
	assert_false(accept_gzip("gzip;q=0"));
	assert_false(accept_gzip("*, gzip;q=0"));
	assert_false(accept_gzip("gzip2, xgzip"));
}

static void address_is(const char *s, const char *host, u16 port)
{
	char got[HOST_MAX];
	u16 at;

	assert_true(address_split(s, got, &at));
	assert_string_equal(got, host);
	assert_int_equal(at, port);
}

static void test_address(void **state)
{
	static const char *const wrong[] = {"",		 "9977",  "a",	      "a:",	"a:x",
					    "a:65536",	 "a:-1",  "::1:9977", "[::1]",	"[::1]9977",
					    "[]:1",	 "[a]:1", "[::1:1",   "::1]:1", "a]:1",
					    "[[::1]]:1", "a:1 ",  "a:+1"};
	char host[HOST_MAX], longest[HOST_MAX + 8];
	u16 port;

	(void)state;
	address_is("127.0.0.1:9977", "127.0.0.1", 9977);
	address_is("[::1]:0", "::1", 0);
	address_is("[fe80::1%eth0]:65535", "fe80::1%eth0", 65535);
	address_is(":9977", "", 9977);
	address_is("localhost:1", "localhost", 1);
	for (u32 i = 0; i < ARRAY_SIZE(wrong); i++)
		if (address_split(wrong[i], host, &port))
			fail_msg("'%s' is taken for an address", wrong[i]);
	memset(longest, 'a', sizeof(longest));
	strcpy(longest + HOST_MAX - 1, ":1");
	assert_true(address_split(longest, host, &port));
	strcpy(longest + HOST_MAX, ":1");
	assert_false(address_split(longest, host, &port));
}

/* Every suite by itself is something that GnuTLS can be told, and nothing more is offered. */
static void test_suites(void **state)
{
	static const char *const names[] = {
		"TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256",
		"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
		"TLS_RSA_WITH_AES_256_GCM_SHA384"};
	u32 row;
	u8 group;

	(void)state;
	assert_false(cipher_suite_find("", &row));
	assert_false(cipher_suite_find("TLS_RSA_WITH_3DES_EDE_CBC_SHA", &row));
	for (u32 i = 0; i < ARRAY_SIZE(names); i++)
		assert_true(cipher_suite_find(names[i], &row));
	for (row = 0; row < 17; row++) {
		struct web_config c = {
			.path = "x", .tls = {.min = TLS_1_2, .max = TLS_1_3, .suites = 1u << row}};
		struct buf err = {};

		if (cipher_priorities(&c, &err))
			fail_msg("suite %u: %s (%s)", row, err.s, c.tls.priorities.s);
		buf_free(&c.tls.priorities);
	}
	assert_true(cipher_group_find("X25519", &group));
	assert_false(cipher_group_find("x25519", &group));
}

/* The budget: wrong ones are answered "busy" before they cost more than their share. */
static void test_budget(void **state)
{
	struct web_user user = {
		.name = (char *)"alice",
		.hash = "$2y$05$abcdefghijklmnopqrstuu8xaCxxL82bnl.UY74PMksDxIJShppPC"};
	const struct web_config c = {.users = &user, .nusers = 1};
	const char *right = "Basic YWxpY2U6cmlnaHQ=", *wrong = "Basic YWxpY2U6d3Jvbmc=";
	struct auth *a = auth_new();
	u32 n = 0;

	(void)state;
	while (auth_check(a, &c, wrong, NS_PER_S) == AUTH_WRONG)
		assert_true(++n < 10000);
	assert_true(n > 2);
	assert_int_equal(auth_check(a, &c, right, NS_PER_S), AUTH_BUSY);
	assert_int_equal(auth_check(a, &c, NULL, NS_PER_S), AUTH_WRONG);
	assert_int_equal(auth_check(a, &c, right, 10 * NS_PER_S), AUTH_RIGHT);
	while (auth_check(a, &c, wrong, 10 * NS_PER_S) == AUTH_WRONG)
		;
	assert_int_equal(auth_check(a, &c, right, 10 * NS_PER_S), AUTH_RIGHT);
	auth_free(a);
}

/* Who asks for one page again and again keeps no other from being made. */
static void test_turns(void **state)
{
	const struct web_opts o = {.listen = {"127.0.0.1:0"}, .nlisten = 1};
	struct buf err = {};
	struct web *w;
	enum web_page page;

	(void)state;
	if (web_open(&w, &o, &err))
		fail_msg("%s", err.s);
	assert_false(web_asked(w, &page));
	for (u32 i = 0; i < 3 * WEB_PAGES; i++) {
		for (u32 p = 0; p < WEB_PAGES; p++)
			w->box[p].asked = true;
		assert_true(web_asked(w, &page));
		assert_int_equal(page, i % WEB_PAGES);
	}
	while (web_asked(w, &page))
		;
	w->box[PAGE_TEXT].asked = true;
	assert_true(web_asked(w, &page) && page == PAGE_TEXT && !web_asked(w, &page));
	web_close(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accept),	cmocka_unit_test(test_encoding),
		cmocka_unit_test(test_address), cmocka_unit_test(test_suites),
		cmocka_unit_test(test_budget),	cmocka_unit_test(test_turns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
