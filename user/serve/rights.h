/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Giving up rights.  When everything that needs them is open, the exporter becomes a user without
 * any: what reaches it over the network must not be worth anything.
 *
 *   rights_drop   before any thread is started: groups, gid, uid, every capability (bounding and
 *                 ambient set too), no_new_privs, Landlock: files may be read below /proc and
 *                 /sys/fs/cgroup, and written below the recording's directory; no TCP bind or
 *                 connect where Landlock knows of them
 *   rights_seal   when all threads are there: a seccomp filter on each of them
 */
#ifndef PROBATE_RIGHTS_H
#define PROBATE_RIGHTS_H

#include "util.h"

/*
 * Who is made for it (contrib/probate.sysusers).  Where there is no such user: nobody, who owns
 * nothing; but a recording that nobody owns, every process of nobody's could change, so who writes
 * one stays root, without capabilities, and Landlock must hold it to the recording's directory.
 */
#define RIGHTS_USER "probate"
#define RIGHTS_ELSE "nobody"

struct rights {
	const char *user;  /* to become when started as root; NULL: as above */
	const char *write; /* directory that stays writable (a recording); NULL, or a file: none */
};

/*
 * A recording's directory that was made by us is the user's before we become it: to be called as
 * root.  0, or -errno with one sentence.
 */
int rights_give(int dir, const struct rights *r, struct buf *err);
u32 rights_uid(const struct rights *r); /* who we shall be; 0 also where there is no such user */
bool rights_stays_root(const struct rights *r); /* though nobody asked for it */
/*
 * Before anything is done: is there such a user, and may it write there?  0, or -errno (-ENOENT: no
 * such user) with one sentence.
 */
int rights_check(const struct rights *r, struct buf *err);
/*
 * 0, or -errno with one sentence; then we are neither who we were nor who we should be, and the
 * program must end.  Landlock that the kernel does not have is passed over.  Whoever is not root
 * keeps their uid.
 */
int rights_drop(const struct rights *r, struct buf *err);
/* 0, or -errno with one sentence. */
int rights_seal(struct buf *err);

#endif
