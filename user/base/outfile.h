/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file that is written to because its name was given.
 *
 * Who may write into the directory could have put something of theirs under that name: a symbolic
 * link, a named pipe that somebody else reads, a file that is open elsewhere.  So no link is followed,
 * and what is there is written to only if it is our own; a file of ours is not written over but
 * replaced, as others may have it open.
 */
#ifndef PROBATE_OUTFILE_H
#define PROBATE_OUTFILE_H

#include <stdio.h>

#include "util.h"

enum outfile_what {
	OUTFILE_NEW,	/* nothing is there */
	OUTFILE_OURS,	/* a regular file of ours, under this name alone */
	OUTFILE_STREAM, /* our named pipe; a character device of ours or root's */
};

/* What is there; 0, or -errno with one sentence: it must not be written to. */
int outfile_look(const char *path, enum outfile_what *what, struct buf *err);
/* A stream that outfile_look() found: a descriptor, or -errno with one sentence. */
int outfile_stream(const char *path, struct buf *err);
/* A new file in the place of whatever file of ours is there: a descriptor, or -errno. */
int outfile_create(const char *path);

/*
 * Output that ends: it is written aside and takes its name when it is whole; until then, and when
 * the program ends before, what was there stays as it is, and nothing is left behind.
 * at_once: into the file itself, for what goes on until it is stopped.
 */
struct outfile;
struct outfile *outfile_open(const char *path, bool at_once, struct buf *err);
FILE *outfile_file(struct outfile *f);
/* Closes it.  0, or -errno with one sentence: there is nothing new under the name. */
int outfile_commit(struct outfile *f, struct buf *err);
void outfile_drop(struct outfile *f);

#endif
