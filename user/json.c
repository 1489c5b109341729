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
	*j = (struct json){.b = b};
}

/* The comma, and "key": when there is a key; room for `room` bytes more.  Where to write them. */
static char *member(struct json *j, const char *key, size_t n, size_t room)
{
	char *p = buf_space(j->b, n + 4 + room);

	if (j->keyed) {
		j->keyed = false;
		return p;
	}
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
	return p;
}

static char *begin(struct json *j, const char *key, size_t room)
{
	return member(j, key, key ? strlen(key) : 0, room);
}

static void end(struct json *j, char *p)
{
	*p = 0;
	j->b->len = p - j->b->s;
}

void json_key(struct json *j, const char *key, size_t n)
{
	end(j, member(j, key, n, 0));
	j->keyed = true;
}

static void open_level(struct json *j, const char *key, char bracket)
{
	char *p = begin(j, key, 1);

	*p++ = bracket;
	end(j, p);
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

static char *put_escaped(char *p, unsigned char c)
{
	static const char hex[] = "0123456789abcdef", letters[] = "btn?fr";

	*p++ = '\\';
	if (c == '"' || c == '\\') {
		*p++ = c;
	} else if (c >= '\b' && c <= '\r' && c != '\v') {
		*p++ = letters[c - '\b'];
	} else {
		memcpy(p, "u00", 3);
		p[3] = hex[c >> 4];
		p[4] = hex[c & 15];
		p += 5;
	}
	return p;
}

#define WORST 6 /* bytes a byte can become: \u00xx */

static char *put_string(char *p, const unsigned char *s, size_t n)
{
	u32 cp;

	*p++ = '"';
	for (size_t i = 0; i < n;) {
		size_t len = 1;

		if (s[i] >= ' ' && s[i] < 0x7f && s[i] != '"' && s[i] != '\\') {
			*p++ = s[i++];
			continue;
		}
		if (s[i] < 0x80) {
			p = put_escaped(p, s[i]);
		} else {
			len = utf8_next(s + i, n - i, &cp);
			memcpy(p, len ? (const char *)s + i : "\xef\xbf\xbd", len ? len : 3);
			p += len ? len : 3;
		}
		i += len ? len : 1;
	}
	*p++ = '"';
	return p;
}

void json_strn(struct json *j, const char *key, const char *s, size_t n)
{
	char *p = begin(j, key, n * WORST + 2);

	end(j, put_string(p, (const unsigned char *)s, n));
}

void json_str(struct json *j, const char *key, const char *s)
{
	if (s)
		json_strn(j, key, s, strlen(s));
	else
		json_null(j, key);
}

static char *put_u64(char *p, u64 v)
{
	char digits[20];
	int at = sizeof(digits);

	do
		digits[--at] = '0' + v % 10;
	while (v /= 10);
	memcpy(p, digits + at, sizeof(digits) - at);
	return p + sizeof(digits) - at;
}

void json_u64(struct json *j, const char *key, u64 v)
{
	char *p = begin(j, key, 20);

	end(j, put_u64(p, v));
}

void json_s64(struct json *j, const char *key, s64 v)
{
	char *p = begin(j, key, 21);

	if (v < 0)
		*p++ = '-';
	end(j, put_u64(p, v < 0 ? 0 - (u64)v : (u64)v));
}

static void put_word(struct json *j, const char *key, const char *word, size_t n)
{
	char *p = begin(j, key, n);

	memcpy(p, word, n);
	end(j, p + n);
}

void json_bool(struct json *j, const char *key, bool v)
{
	put_word(j, key, v ? "true" : "false", v ? 4 : 5);
}

void json_null(struct json *j, const char *key)
{
	put_word(j, key, "null", 4);
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
