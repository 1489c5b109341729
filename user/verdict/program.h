/* SPDX-License-Identifier: BSD-2-Clause */
/* What an image is a run of: an executable, or what an interpreter was told to run. */
#ifndef PROBATE_PROGRAM_H
#define PROBATE_PROGRAM_H

#include "model.h"

enum program_kind {
	PROGRAM_UNKNOWN, /* an interpreter, and its command line does not tell of what */
	PROGRAM_FILE,	 /* name: the executable, or an interpreter at its prompt */
	PROGRAM_SCRIPT,	 /* name: path of the script, archive or directory */
	PROGRAM_MODULE,	 /* name: module or class, with dots */
	PROGRAM_INLINE,	 /* name: the text itself (sh -c, python -c) */
};

struct program {
	enum program_kind kind;
	const char *name; /* in the image's text, NUL-terminated; NULL: none */
	const struct interpreter
		*by; /* who runs it; NULL: itself, or an interpreter not known here */
	bool cut;    /* name is an argument list's last, which was cut */
};

/* Arguments of an image: NUL-separated strings, the last one terminated too. */
struct argv {
	const char *at, *end;
	bool cut;
};

/* The interpreter of that name (a path or a base name, a version may follow); NULL: none known. */
const struct interpreter *interpreter_find(const char *path);
/* What it was told to run, by its arguments after argv[0]. */
struct program interpreter_program(const struct interpreter *in, struct argv args);
/* What an image whose exe is known runs; it borrows from the image. */
struct program program_of(const struct model *m, const struct image *i);
/* The next argument, NULL at the end. */
const char *argv_next(struct argv *args);

#endif
