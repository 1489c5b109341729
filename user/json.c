/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JSON, streamed, and the fields of events as JSON and as text.
 *
 * `trace --json` on a busy machine writes hundreds of thousands of lines a second, so digits,
 * escapes and time stamps are written by hand: no printf on the way.
 */
#include <assert.h>
#include <string.h>

#include "out.h"

void json_init(struct json *j, struct buf *b)
{
	*j = (struct json){ .b = b };
}

/* The comma, and "key": when there is a key.  Keys are our own words and need no escapes. */
static void put_key(struct json *j, const char *key, size_t n)
{
	char *p = buf_space(j->b, n + 4), *begin = p;

	if (j->has >> j->depth & 1)
		*p++ = ',';
	j->has |= 1ull << j->depth;
	if (key) {
		*p++ = '"';
		memcpy(p, key, n);
		p += n;
		*p++ = '"';
		*p++ = ':';
	}
	*p = 0;
	j->b->len += p - begin;
}

static void begin(struct json *j, const char *key)
{
	put_key(j, key, key ? strlen(key) : 0);
}

static void open_level(struct json *j, const char *key, char bracket)
{
	begin(j, key);
	buf_add(j->b, &bracket, 1);
	assert(j->depth < 63);
	j->depth++;
	j->has &= ~(1ull << j->depth);
}

static void close_level(struct json *j, char bracket)
{
	assert(j->depth);
	j->depth--;
	/* what stands at top is a document: the next one begins without a comma */
	if (!j->depth)
		j->has = 0;
	buf_add(j->b, &bracket, 1);
}

void json_obj(struct json *j, const char *key)
{
	open_level(j, key, '{');
}

void json_end_obj(struct json *j)
{
	close_level(j, '}');
}

void json_arr(struct json *j, const char *key)
{
	open_level(j, key, '[');
}

void json_end_arr(struct json *j)
{
	close_level(j, ']');
}

static void put_escaped(struct buf *b, unsigned char c)
{
	static const char hex[] = "0123456789abcdef", letters[] = "btn?fr";
	char text[6] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };

	if (c == '"' || c == '\\') {
		text[1] = c;
		buf_add(b, text, 2);
	} else if (c >= '\b' && c <= '\r' && c != '\v') {
		text[1] = letters[c - '\b'];
		buf_add(b, text, 2);
	} else {
		buf_add(b, text, sizeof(text));
	}
}

static void put_string(struct buf *b, const char *s, size_t n)
{
	const unsigned char *u = (const unsigned char *)s;
	size_t from = 0;
	u32 cp;

	buf_add(b, "\"", 1);
	for (size_t i = 0; i < n;) {
		size_t len = u[i] < 0x80 ? 1 : utf8_next(u + i, n - i, &cp);

		if (len > 1 || (len && u[i] >= ' ' && u[i] != '"' && u[i] != '\\' && u[i] != 0x7f)) {
			i += len;
			continue;
		}
		buf_add(b, s + from, i - from);
		if (len)
			put_escaped(b, u[i]);
		else
			buf_add(b, "\xef\xbf\xbd", 3);
		from = ++i;
	}
	buf_add(b, s + from, n - from);
	buf_add(b, "\"", 1);
}

void json_strn(struct json *j, const char *key, const char *s, size_t n)
{
	begin(j, key);
	put_string(j->b, s, n);
}

void json_str(struct json *j, const char *key, const char *s)
{
	if (s)
		json_strn(j, key, s, strlen(s));
	else
		json_null(j, key);
}

static void put_u64(struct buf *b, u64 v)
{
	char digits[20];
	int at = sizeof(digits);

	do
		digits[--at] = '0' + v % 10;
	while (v /= 10);
	buf_add(b, digits + at, sizeof(digits) - at);
}

void json_u64(struct json *j, const char *key, u64 v)
{
	begin(j, key);
	put_u64(j->b, v);
}

void json_s64(struct json *j, const char *key, s64 v)
{
	begin(j, key);
	if (v < 0)
		buf_add(j->b, "-", 1);
	put_u64(j->b, v < 0 ? 0 - (u64)v : (u64)v);
}

void json_bool(struct json *j, const char *key, bool v)
{
	begin(j, key);
	buf_puts(j->b, v ? "true" : "false");
}

void json_null(struct json *j, const char *key)
{
	begin(j, key);
	buf_add(j->b, "null", 4);
}

void json_id(struct json *j, const char *key, u64 v)
{
	if (v)
		json_u64(j, key, v);
	else
		json_null(j, key);
}

void json_time(struct json *j, const char *key, u64 wall_ns)
{
	char text[40];

	if (wall_ns) {
		time_rfc3339(text, wall_ns);
		json_strn(j, key, text, strlen(text));
	} else {
		json_null(j, key);
	}
}

void json_args(struct json *j, const char *key, const char *args, size_t n)
{
	const char *end = args + n;

	if (!args) {
		json_null(j, key);
		return;
	}
	json_arr(j, key);
	while (args < end) {
		size_t len = strnlen(args, end - args);

		json_strn(j, NULL, args, len);
		args += len + 1;
	}
	json_end_arr(j);
}
