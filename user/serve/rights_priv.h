/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of giving up rights share: users and capabilities (rights.c), files
 * (rights_landlock.c). */
#ifndef PROBATE_RIGHTS_PRIV_H
#define PROBATE_RIGHTS_PRIV_H

#include "util.h"

/*
 * The rules: what may be read, and written below the directory `write` is a descriptor of (-1:
 * nowhere).  A descriptor for fence_close(), -EOPNOTSUPP where the kernel has no Landlock, or
 * -errno.
 */
int fence_open(int write);
/* From now on they hold for this thread and for those it starts; no_new_privs must be set.  0 or
 * -errno. */
int fence_close(int fence);

#endif
