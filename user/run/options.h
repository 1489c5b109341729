/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line: options, operands, and the sentences about wrong ones. */
#ifndef PROBATE_OPTIONS_H
#define PROBATE_OPTIONS_H

#include "view.h"

/* All commands, in the order of the help; NULL at the end. */
extern const struct view *const views[];

/* All options (option.c). */
struct option_def {
	char letter; /* 0: none */
	const char *name;
	const char *value; /* what it takes, for the help; NULL: nothing */
	const char *views; /* commands it is for, separated by spaces; NULL: all */
	const char *help;
	enum {
		TAKE_OWN,
		TAKE_FLAG,
		TAKE_TEXT,
		TAKE_SIZE,
		TAKE_AGE,
		TAKE_PID,
		TAKE_BIT,
		TAKE_NO_BIT
	} take;
	u32 at;	  /* where the value goes in struct opts */
	u32 bit;  /* which of it, of TAKE_BIT and TAKE_NO_BIT */
	void (*set)(struct opts *o, const char *value); /* TAKE_OWN */
};
#define OPTIONS (36 + 2 * COLLECTORS)
extern const struct option_def option_defs[OPTIONS];
/* Put a value where it belongs; ends the program when it makes no sense. */
void option_take(const struct option_def *d, struct opts *o, const char *value);
bool option_is_for(const struct option_def *d, const struct view *v);
/* A process number that someone wrote; ends the program when it is none. */
u32 pid_value(const char *what, const char *value);

/*
 * Fill *o from the command line and return the command.  NULL: help or the version was printed and
 * nothing is left to do.  A command line that makes no sense ends the program with one sentence.
 */
const struct view *options_parse(int argc, char **argv, struct opts *o);

/* "8801", "tcp/8801", "127.0.0.1:80", "[::1]:80", "unix:/path", "unix:@name"; false, *why says. */
bool query_parse(const char *s, struct query *q, struct buf *why);

/* Public names, comma-separated, to a set of kinds (event_bit); false, *why says. */
bool kinds_parse(const char *list, u64 *kinds, struct buf *why);
/* The raw kinds a source must let through so that these public kinds can be told; 0: all. */
u64 kinds_needed(u64 kinds);
#define KINDS_TOLD (0x3ffull << 40) /* bits of what the model tells */

/* The name out of n that a mistyped word most likely meant; NULL: none is near. */
const char *nearest_name(const char *word, const char *const *names, size_t n);

void usage_print(FILE *f, const struct view *v); /* NULL: the whole program */

#endif
