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
#include "put.h"

char *put_head_of(char *p, u64 v)
{
	return put_u64(p, v);
}

void json_init(struct json *j, struct buf *b)
{
	*j = (struct json){.b = b};
}

/* The comma, and "key": when there is a key; room for `room` bytes more.  Where to write them. */
static char *begin(struct json *j, const char *key, size_t room)
{
	size_t n = key ? strlen(key) : 0;
	char *p = buf_space(j->b, n + 4 + room);

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

static void end(struct json *j, char *p)
{
	*p = 0;
	j->b->len = p - j->b->s;
}

char *json_space(struct json *j, size_t n)
{
	return buf_space(j->b, n);
}

void json_spent(struct json *j, char *end_of)
{
	char *p = j->b->s + j->b->len;

	if (end_of == p)
		return;
	if (*p == ',' && !(j->has >> j->depth & 1)) {
		memmove(p, p + 1, (size_t)(end_of - p - 1));
		end_of--;
	}
	j->has |= 1ull << j->depth;
	end(j, end_of);
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

static char *put_code(char *p, u32 cp)
{
	static const char hex[] = "0123456789abcdef";

	*p++ = 'u';
	for (int shift = 12; shift >= 0; shift -= 4)
		*p++ = hex[cp >> shift & 15];
	return p;
}

static char *put_escaped(char *p, u32 c)
{
	static const char letters[] = "btn?fr";

	*p++ = '\\';
	if (c == '"' || c == '\\') {
		*p++ = (char)c;
	} else if (c >= '\b' && c <= '\r' && c != '\v') {
		*p++ = letters[c - '\b'];
	} else {
		p = put_code(p, c);
	}
	return p;
}

#define EACH(byte) (0x0101010101010101ull * (byte))

/* Does one of eight bytes need more than being copied?  Some doubtful ones may be called so. */
static bool is_odd(u64 w)
{
	u64 quote = w ^ EACH('"'), slash = w ^ EACH('\\'), del = w ^ EACH(0x7f);
	u64 low = (w - EACH(' ')) | (quote - EACH(1)) | (slash - EACH(1)) | (del - EACH(1));

	return ((low & ~w) | w) & EACH(0x80);
}

static bool is_plain(unsigned char c)
{
	return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

/* Many a reader takes more than a newline for the end of a line; and of these some steer terminals. */
static bool breaks_line(u32 cp)
{
	return (cp >= 0x80 && cp < 0xa0) || cp == 0x2028 || cp == 0x2029;
}

/* One character that is not plain; how many bytes it has. */
static size_t put_odd(char **p, const unsigned char *s, size_t n)
{
	size_t len;
	u32 cp;

	if (*s < 0x80) {
		*p = put_escaped(*p, *s);
		return 1;
	}
	len = utf8_next(s, n, &cp);
	if (len && breaks_line(cp))
		*p = put_escaped(*p, cp);
	else
		*p = put_bytes(*p, len ? (const char *)s : "\xef\xbf\xbd", len ? len : 3);
	return len ? len : 1;
}

char *put_string(char *p, const char *s, size_t n)
{
	const unsigned char *at = (const unsigned char *)s, *end = at + n;
	u64 eight;

	*p++ = '"';
	while (at < end) {
		while (end - at >= 8 && (memcpy(&eight, at, 8), !is_odd(eight))) {
			memcpy(p, &eight, 8);
			p += 8;
			at += 8;
		}
		while (at < end && is_plain(*at))
			*p++ = (char)*at++;
		if (at < end)
			at += put_odd(&p, at, (size_t)(end - at));
	}
	*p++ = '"';
	return p;
}

char *put_time(char *p, u64 wall_ns)
{
	char text[40];

	time_rfc3339(text, wall_ns);
	return put_string(p, text, strlen(text));
}

void json_strn(struct json *j, const char *key, const char *s, size_t n)
{
	char *p = begin(j, key, PUT_STRING_ROOM(n));

	end(j, put_string(p, s, n));
}

void json_str(struct json *j, const char *key, const char *s)
{
	if (s)
		json_strn(j, key, s, strlen(s));
	else
		json_null(j, key);
}

void json_u64(struct json *j, const char *key, u64 v)
{
	char *p = begin(j, key, 28);

	end(j, put_u64(p, v));
}

void json_s64(struct json *j, const char *key, s64 v)
{
	char *p = begin(j, key, 29);

	end(j, put_s64(p, v));
}

static void add_word(struct json *j, const char *key, const char *word, size_t n)
{
	char *p = begin(j, key, n);

	memcpy(p, word, n);
	end(j, p + n);
}

void json_bool(struct json *j, const char *key, bool v)
{
	add_word(j, key, v ? "true" : "false", v ? 4 : 5);
}

void json_null(struct json *j, const char *key)
{
	add_word(j, key, "null", 4);
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
	if (wall_ns)
		end(j, put_time(begin(j, key, 40), wall_ns));
	else
		json_null(j, key);
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
