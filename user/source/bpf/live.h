/* SPDX-License-Identifier: BSD-2-Clause */
/* What doctor asks of the BPF source beyond struct source.  Only live.c and scan.c include libbpf. */
#ifndef PROBATE_LIVE_H
#define PROBATE_LIVE_H

#include "source.h"

struct hook {
	char name[48];	  /* "tp_btf/sched_process_fork", "iter/task_file" */
	const char *what; /* what it is for: "a process is born" */
	const char *tier; /* "base", "upper" */
	bool wanted;	  /* of the fd mode in use */
	int error;	  /* 0: loaded and attached; else -errno */
	u64 runs;	  /* how often it ran since attach; needs live_count_runs() */
};
/* Hooks of an open BPF source; returns how many were written. */
u32 live_hooks(struct source *s, struct hook *out, u32 max);
/* The number in events of a process that has this pid in our pid namespace. */
u32 live_tgid(struct source *s, u32 pid);
/* Do its iterators get at names, queues and close-on-exec, which only probe_read reaches? */
bool live_may_probe(const struct source *s);
/* Ask the kernel to count program runs until the returned fd is closed; -errno. */
int live_count_runs(void);
/* Is the kernel's BTF there?  0, -ENOENT, -EACCES, or -ENOEXEC: it is no BTF (an empty file). */
int live_btf(void);
/* Can BPF be used at all?  0, or -errno with one sentence and what to do. */
int live_probe(struct buf *why);

#endif
