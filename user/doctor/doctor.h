/* SPDX-License-Identifier: BSD-2-Clause */
/* What doctor found out (view_doctor.c), for its text and JSON (doctor_print.c). */
#ifndef PROBATE_DOCTOR_H
#define PROBATE_DOCTOR_H

#include <sys/utsname.h>

#include "live.h"
#include "selftest.h"
#include "view.h"

#define HOOKS_MAX  128
#define FAMILY_MAX 256 /* processes of the self-test remembered */

struct doctor {
	const struct opts *opts;
	struct out *out;
	struct utsname kernel;
	struct buf lockdown, why; /* why BPF cannot be used; empty: it can */
	struct buf test_error;
	bool btf;
	u64 caps;
	int unprivileged; /* kernel.unprivileged_bpf_disabled; -1: not there */
	char tier[64];
	bool fd_full;
	bool may_probe;		   /* the iterators may read what they only know the address of */
	struct source_stats stats; /* what the kernel side counted meanwhile */
	struct hook hook[HOOKS_MAX];
	u32 nhooks;
	u32 family[FAMILY_MAX], nfamily;
	bool seen[64];
	struct model *model;
};

/* Was this event to be expected in the mode in use? */
bool doctor_expects(const struct doctor *d, const struct expect *x);
/* A hook that is needed and does not work. */
bool hook_missing(const struct hook *h);

void doctor_json(struct out *o, const struct doctor *d);
void doctor_text(struct out *o, const struct doctor *d);

#endif
