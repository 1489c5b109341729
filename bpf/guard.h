/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Programs of which there are two copies (guard.bpf.h), included by both sides. */
#ifndef PROBATE_GUARD_H
#define PROBATE_GUARD_H

enum guard {
	GUARD_NONE,
	GUARD_FORK,
	GUARD_EXEC,
	GUARD_EXIT,
	GUARD_FREE,
	GUARD_STATE,
	GUARD_DESTROY,
	GUARD_MAX
};

#endif
