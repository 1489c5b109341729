/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whose word is taken for the past without being asked to.
 *
 * What a one-shot command finds by itself (a socket in the run directory, the recording that its
 * answer names) it believes only from root, from its own user, and from the recorder, whose user
 * is known by the kernel's word (SO_PEERCRED).  What others could have written is refused, with
 * a sentence.  A file given with -r is read whoever made it.
 */
#ifndef PROBATE_TRUST_H
#define PROBATE_TRUST_H

#include <sys/stat.h>
#include <sys/types.h>

#include "util.h"

#define TRUST_MAX 5
struct trust {
	uid_t uid[TRUST_MAX];
	u32 n;
};
void trust_add(struct trust *t, uid_t uid);
struct trust trust_base(void); /* root and our own user */

/* Does it belong to one of these, and may nobody else write it?  name is for the sentence. */
bool trust_one(const struct trust *t, const struct stat *st, const char *name, struct buf *why);
/* A recording: its directory and each segment in it, or the file. */
bool trust_recording(const struct trust *t, const char *path, struct buf *why);
/* The same of a directory that is open, and of what is in it. */
bool trust_dir(const struct trust *t, int dir, const char *path, struct buf *why);
/*
 * The run directory: nobody but its owner may write there, and if that is neither root nor we, only
 * root can have put it where it is (a service's, in /run).  Its owner is trusted then, too.
 */
bool trust_run_dir(struct trust *t, const char *path, struct buf *why);
/* Who listens on that connected socket: trusted so far?  Then what it runs as now is, too. */
bool trust_peer(struct trust *t, int sock, struct buf *why);

#endif
