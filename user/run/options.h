/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line: options, operands, and the sentences about wrong ones. */
#ifndef PROBATE_OPTIONS_H
#define PROBATE_OPTIONS_H

#include "view.h"

/* All commands, in the order of the help; NULL at the end (command/commands.c). */
extern const struct view *const views[];

/*
 * An option.  A command has a list of its own, those of all are option_common (option.c); each list
 * ends with a row without a name.
 */
struct option_def {
	char letter;	   /* 0: none */
	const char *name;  /* in the lists of two commands it takes the same */
	const char *value; /* what it takes, for the help; NULL: nothing */
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
	u32 at;	 /* where the value goes in struct opts */
	u32 bit; /* which of it, of TAKE_BIT and TAKE_NO_BIT */
	void (*set)(struct opts *o, const char *value); /* TAKE_OWN */
	bool once;					/* not for daemons */
};
/* Where a value goes, checked to be of the type that the row says. */
#define AT(type, field)                                                                            \
	offsetof(struct opts, field) +                                                             \
		0 * sizeof(struct {                                                                \
			_Static_assert(__builtin_types_compatible_p(                               \
					       type, __typeof__(((struct opts *)0)->field)),       \
				       #field);                                                    \
			int none;                                                                  \
		})
#define FLAG(field)	  .take = TAKE_FLAG, .at = AT(bool, field)
#define TEXT(field)	  .take = TAKE_TEXT, .at = AT(const char *, field)
#define SIZE(field)	  .take = TAKE_SIZE, .at = AT(u64, field)
#define AGE(field)	  .take = TAKE_AGE, .at = AT(u64, field)
#define PID(field)	  .take = TAKE_PID, .at = AT(u32, field)
#define BIT(field, nr)	  .take = TAKE_BIT, .at = AT(u32, field), .bit = nr
#define NO_BIT(field, nr) .take = TAKE_NO_BIT, .at = AT(u32, field), .bit = nr
#define OWN(function)	  .take = TAKE_OWN, .set = function

extern const struct option_def option_common[], option_limits[];

/* The row of that name which is for this command, or for v NULL for any; NULL: there is none. */
const struct option_def *option_find(const struct view *v, const char *name);
/* Put a value where it belongs; ends the program when it makes no sense. */
void option_take(const struct option_def *d, struct opts *o, const char *value);
/* A process number that someone wrote; ends the program when it is none. */
u32 pid_value(const char *what, const char *value);
/* What `port` and `pid` take besides options, and others with them. */
void operand_query(struct opts *o, const char *word);
void operand_pid(struct opts *o, const char *word);

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
