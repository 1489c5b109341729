/* SPDX-License-Identifier: BSD-2-Clause */
/* What the HTTP side reads of others by itself: headers of choice, addresses, names of TLS,
 * passwords. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
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

static struct sockaddr_storage from_of(const char *text)
{
	struct sockaddr_storage s = {};
	struct sockaddr_in *v4 = (void *)&s;
	struct sockaddr_in6 *v6 = (void *)&s;

	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1)
		s.ss_family = AF_INET;
	else if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1)
		s.ss_family = AF_INET6;
	return s;
}

static enum auth_answer ask(struct auth *a, u32 slot, const char *said, const char *from, u64 now)
{
	struct sockaddr_storage s = from_of(from);
	gnutls_datum_t in = {(unsigned char *)said, (unsigned int)strlen(said)}, out;
	char header[256];
	enum auth_answer answer;
	u32 gone;

	gnutls_base64_encode2(&in, &out);
	snprintf(header, sizeof(header), "Basic %s", out.data);
	gnutls_free(out.data);
	answer = auth_ask(a, slot, header, (struct sockaddr *)&s, now, &gone);
	return gone == UINT32_MAX ? answer : AUTH_BUSY; /* whoever it was that had to go */
}

/* The slot whose turn ends first from now on; time goes by as it must. */
static u32 next_turn(struct auth *a, u64 *now, enum auth_answer *answer)
{
	u32 slot;

	for (u32 n = 0; n < 1000; n++) {
		if (auth_turn(a, *now, &slot, answer))
			return slot;
		if (auth_next_ns(a) != UINT64_MAX && auth_next_ns(a) > *now)
			*now = auth_next_ns(a);
	}
	fail_msg("nobody's turn");
	return 0;
}

/* A flood of wrong ones: the right one of another address, or of another user, is next. */
static void test_budget(void **state)
{
	static const char *const others[][2] = {
		{"10.0.0.2", "alice:right"},	    /* another address */
		{"10.0.0.1", "bob:second"},	    /* another user */
		{"2001:db8:0:2::1", "alice:right"}, /* another /64 */
	};
	static const char *const flood[] = {"10.0.0.1", "10.0.0.1", "2001:db8:0:1::%x"};
	struct web_user users[] = {
		{.name = (char *)"alice",
		 .hash = "$2y$05$abcdefghijklmnopqrstuu8xaCxxL82bnl.UY74PMksDxIJShppPC"},
		{.name = (char *)"bob",
		 .hash = "$2a$04$zyxwvutsrqponmlkjihgfuCxXxx13O80ZtlsjiqvuA0W38x4k1lcG"}};
	const struct web_config c = {.users = users, .nusers = 2};
	char said[64], from[64];
	enum auth_answer answer;

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(others); i++) {
		struct auth *a = auth_new(&c, -1);
		u64 now = NS_PER_S;
		u32 n = 0;

		for (; n < 200; n++) { /* until what all turns may take is spent */
			snprintf(said, sizeof(said), "alice:%u", n);
			snprintf(from, sizeof(from), flood[i], n + 1);
			ask(a, n % 60, said, from, now);
			if (n > AUTH_WAITS_MAX)
				next_turn(a, &now, &answer);
		}
		assert_int_equal(ask(a, 60, others[i][1], others[i][0], now) != AUTH_RIGHT, true);
		if (next_turn(a, &now, &answer) != 60) /* one was under way */
			assert_int_equal(next_turn(a, &now, &answer), 60);
		assert_int_equal(answer, AUTH_RIGHT);
		assert_int_equal(ask(a, 61, others[i][1], "192.0.2.1", now), AUTH_RIGHT);
		auth_free(a);
	}
}

/* From one address, for one user: it has its lot; what was wrong once costs nothing again. */
static void test_lot(void **state)
{
	struct web_user user = {
		.name = (char *)"alice",
		.hash = "$2a$04$zyxwvutsrqponmlkjihgfuCxXxx13O80ZtlsjiqvuA0W38x4k1lcG"};
	const struct web_config c = {.users = &user, .nusers = 1};
	struct auth *a = auth_new(&c, -1);
	enum auth_answer answer = AUTH_WRONG;
	u64 now = NS_PER_S;
	char said[64];
	u32 slot = 0;

	(void)state;
	for (u32 n = 0; n < 10; n++) {
		snprintf(said, sizeof(said), "alice:%u", n);
		assert_int_equal(ask(a, n, said, "::1", now), AUTH_WAIT);
	}
	assert_int_equal(ask(a, 10, "alice:second", "::1", now), AUTH_WAIT);
	auth_leave(a, 10); /* the client has no patience; it is computed all the same */
	for (u32 n = 0; n < 11; n++) {
		slot = next_turn(a, &now, &answer);
		assert_int_equal(answer, slot == UINT32_MAX ? AUTH_RIGHT : AUTH_WRONG);
	}
	assert_int_equal(ask(a, 11, "alice:second", "::1", now), AUTH_RIGHT);
	assert_int_equal(ask(a, 12, "alice:3", "::1", now), AUTH_WRONG);
	assert_int_equal(auth_ask(a, 13, NULL, NULL, now, &slot), AUTH_WRONG);
	auth_free(a);
}

static void test_names(void **state)
{
	static const char *const ours[] = {"localhost",	   "a.localhost", "127.0.0.1",
					   "::1",	   "neighbour",	  "exporter.example.org",
					   "a.example.net"};
	static const char *const foreign[] = {
		"evil.example", "localhost.evil.example", "127.0.0.1.evil.example",
		"example.net",	"evilexample.net",	  "exporter.example.org.evil"};
	const struct web_opts o = {.allow = {"exporter.example.org", "*.example.net"}, .nallow = 2};
	struct web_names n = {};

	(void)state;
	names_learn(&n, &o);
	for (u32 i = 0; i < ARRAY_SIZE(ours); i++)
		if (!names_have(&n, ours[i]))
			fail_msg("%s is ours", ours[i]);
	for (u32 i = 0; i < ARRAY_SIZE(foreign); i++)
		if (names_have(&n, foreign[i]))
			fail_msg("%s is foreign", foreign[i]);
	names_free(&n);
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
		cmocka_unit_test(test_address), cmocka_unit_test(test_budget),
		cmocka_unit_test(test_lot),	cmocka_unit_test(test_names),
		cmocka_unit_test(test_turns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
