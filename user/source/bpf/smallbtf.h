/* SPDX-License-Identifier: BSD-2-Clause */
/* The few types of the kernel's BTF that an object is relocated against, for a faster load. */
#ifndef PROBATE_SMALLBTF_H
#define PROBATE_SMALLBTF_H

#include "util.h"

struct btf;

/*
 * A memfd with the structs and enums of the running kernel that have a name used in `object`, and
 * whatever those contain; -errno.  ids[i] becomes the kernel's own id of struct names[i], 0: it
 * has none.
 */
int smallbtf_make(const struct btf *object, const char *const *names, u32 n, u32 *ids);

#endif
