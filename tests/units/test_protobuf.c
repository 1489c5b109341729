/* SPDX-License-Identifier: BSD-2-Clause */
/* The wire format, byte by byte, as the protobuf documentation has it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "protobuf.h"

#define assert_bytes(b, ...)                                                                       \
	do {                                                                                       \
		const unsigned char want_[] = {__VA_ARGS__};                                       \
		assert_int_equal((b)->len, sizeof(want_));                                         \
		assert_memory_equal((b)->s, want_, sizeof(want_));                                 \
	} while (0)

static void test_varints(void **state)
{
	struct buf b = {};

	(void)state;
	pb_uint(&b, 1, 0);
	assert_bytes(&b, 0x08, 0);
	buf_reset(&b);
	pb_uint(&b, 1, 127);
	assert_bytes(&b, 0x08, 0x7f);
	buf_reset(&b);
	pb_uint(&b, 1, 150);
	assert_bytes(&b, 0x08, 0x96, 0x01);
	buf_reset(&b);
	pb_uint(&b, 60, 1); /* a tag of two bytes */
	assert_bytes(&b, 0xe0, 0x03, 1);
	buf_reset(&b);
	pb_uint(&b, 4, (u64)-1); /* int64 */
	assert_bytes(&b, 0x20, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01);
	buf_free(&b);
}

static void test_fixed_and_bytes(void **state)
{
	struct buf b = {};

	(void)state;
	pb_fixed64(&b, 47, 0x0807060504030201);
	assert_bytes(&b, 0xf9, 0x02, 1, 2, 3, 4, 5, 6, 7, 8);
	buf_reset(&b);
	pb_bytes(&b, 2, "testing", 7);
	assert_bytes(&b, 0x12, 7, 't', 'e', 's', 't', 'i', 'n', 'g');
	buf_reset(&b);
	pb_bytes(&b, 2, NULL, 0);
	assert_bytes(&b, 0x12, 0);
	buf_free(&b);
}

/* Around the lengths that take another byte, inside another message. */
static void test_nested(void **state)
{
	static const size_t sizes[] = {0, 1, 124, 125, 126, 127, 128, 16380, 16383, 16384, 70000};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct buf got = {}, in = {}, want = {};
		char *fill = xcalloc(1, sizes[i] + 1);
		size_t outer = pb_begin(&got, 1), inner = pb_begin(&got, 11);

		memset(fill, 'x', sizes[i]);
		pb_bytes(&got, 23, fill, sizes[i]);
		pb_end(&got, inner);
		pb_uint(&got, 10, 1);
		pb_end(&got, outer);

		pb_bytes(&in, 23, fill, sizes[i]);
		pb_bytes(&want, 11, in.s, in.len);
		pb_uint(&want, 10, 1);
		buf_reset(&in);
		pb_bytes(&in, 1, want.s, want.len);
		assert_int_equal(got.len, in.len);
		assert_memory_equal(got.s, in.s, in.len);
		assert_int_equal(got.s[got.len], 0);
		buf_free(&got);
		buf_free(&in);
		buf_free(&want);
		free(fill);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_varints),
		cmocka_unit_test(test_fixed_and_bytes),
		cmocka_unit_test(test_nested),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
