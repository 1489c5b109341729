/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing answers: streaming JSON, columns that fit the terminal, colour where it helps. */
#ifndef PROBATE_OUT_H
#define PROBATE_OUT_H

#include "util.h"

/*
 * Output goes to one buffered FILE.  A closed pipe (EPIPE) is not an error: out_dead() says that
 * nobody reads any more and the program ends quietly; any other write error is told once.
 */
struct out {
	FILE *f;
	int fd; /* -1: none, it is in memory */
	bool json;
	bool colour; /* terminal, NO_COLOR unset or empty, TERM not dumb */
	bool tty;
	int width;	  /* columns of the terminal; 80 when it is none (COLUMNS is honoured) */
	int height;	  /* rows of the terminal; 0 when it is none */
	bool fit;	  /* lines are cut to the width: a terminal, or COLUMNS is given */
	bool dead;	  /* nothing more can be written */
	bool failed;	  /* for a reason that was told: the answer is not complete */
	struct buf line;  /* JSON or text line being built */
	u64 realtime_off; /* for FMT_TIME fields: event time + this = wall clock; set by the view */
};
void out_init(struct out *o, FILE *f, bool json);
void out_flush(struct out *o);
/* Learn the size of the terminal anew: people resize it while they watch. */
void out_resize(struct out *o);
bool out_dead(const struct out *o);
bool utf8_wanted(void); /* by LC_ALL, LC_CTYPE, LANG */

/*
 * JSON, streamed: no tree is built.  Commas are placed by the writer.  Strings are escaped;
 * invalid UTF-8 bytes become U+FFFD, so that any reader can read it.
 */
struct json {
	struct buf *b;
	u32 depth;
	u64 has; /* bit a depth: something was written there already */
};
void json_init(struct json *j, struct buf *b);
void json_obj(struct json *j, const char *key); /* key NULL: in an array or at top */
void json_end_obj(struct json *j);
void json_arr(struct json *j, const char *key);
void json_end_arr(struct json *j);
void json_str(struct json *j, const char *key, const char *s); /* NULL: null */
void json_strn(struct json *j, const char *key, const char *s, size_t n);
void json_u64(struct json *j, const char *key, u64 v);
void json_s64(struct json *j, const char *key, s64 v);
void json_bool(struct json *j, const char *key, bool v);
void json_null(struct json *j, const char *key);
void json_id(struct json *j, const char *key, u64 v);	      /* 0: null */
void json_time(struct json *j, const char *key, u64 wall_ns); /* 0: null */
/*
 * Members written by hand: where n bytes may be written, and where the writing ended.  A comma
 * goes before each; the first of an object may do without.
 */
char *json_space(struct json *j, size_t n);
void json_spent(struct json *j, char *end);
void json_args(struct json *j, const char *key, const char *args,
	       size_t n); /* NUL-separated; NULL: null */

/* Write o->line and a newline, reset it; marks the out dead on EPIPE. */
void out_line(struct out *o);
/* Bytes as they are, for what is no text. */
void out_bytes(struct out *o, const void *p, size_t n);
/*
 * Lines of text: control characters other than newlines and our own colours are written out.  A
 * newline is added when the text does not end in one; parts of a line go through o->line.
 */
void out_printf(struct out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Colours by meaning; "" when colour is off. */
enum tint { TINT_NONE, TINT_DIM, TINT_BOLD, TINT_GOOD, TINT_WARN, TINT_BAD };
const char *out_tint(const struct out *o, enum tint t);

/*
 * A table for people: columns are given once, rows as cells; printed when all rows are in, so that
 * columns are as wide as needed.  The last column takes what is left of the width; when all does
 * not fit, columns shrink from the widest, never below `min`, and cells are cut with "...".
 * Cells must be safe already (buf_add_safe).
 */
struct column {
	const char *head;
	u8 min;
	bool right; /* align right */
};
struct table {
	const struct column *cols;
	u32 ncols, nrows;
	struct buf cells; /* NUL-terminated, row after row, a tint byte first */
};
void table_init(struct table *t, const struct column *cols, u32 ncols);
void table_cell(struct table *t, enum tint tint, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void table_print(struct table *t, struct out *o); /* and frees the rows */

/* A paragraph wrapped at the width, each line indented. */
void out_wrap(struct out *o, int indent, const char *text);

#endif
