/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Walk of a whole descriptor table: a scan_fd event for each socket in it, then scan_end.
 *
 * Done at exec (CLOEXEC is over: what is open was kept) and at fork of a threaded process (another
 * thread may have changed the table under the copy).  bpf_loop() needs 5.17; the programs that use
 * it are left out before, and the rest works on.
 */
#ifndef PROBATE_FDWALK_BPF_H
#define PROBATE_FDWALK_BPF_H

#include "filter.bpf.h"
#include "ring.bpf.h"

/* What is found in a table is shown to nobody; of the process asked for it counts all the same. */
static __always_inline bool walk_meant(u32 tgid)
{
	return !want_wide || (want_pid && tgid == want_pid);
}

#define WALK_WORDS 16384 /* 64 descriptors each */

struct walk {
	u64 files;
	u64 fds, open, cloexec; /* arrays of the table */
	u64 bits;		/* of the word being walked: which are open */
	u64 marks;		/* which have close-on-exec */
	u32 first;		/* descriptor of bit 0 */
	u32 tgid, tid;
	u32 lost;
	struct makers makers;
};

static __always_inline void walk_socket(struct walk *w, struct slot s, u32 bit, struct file *file)
{
	struct ev_scan_fd *e;

	if (!port_passes(s.sk, true))
		return;
	e = EV_NEW_FOR(SCAN_FD, scan_fd, w->tgid, w->tid, walk_meant(w->tgid));
	if (!e) {
		w->lost = 1;
		return;
	}
	sock_fill_walked(SOCK_PART(e), s.sk, s.inode);
	e->files = w->files;
	e->fd = w->first + bit;
	e->cloexec = w->marks >> bit & 1;
	e->maker = makers ? file_maker((u64)RD(true, file, f_cred), &w->makers) : 0;
	e->waits = 0;
	EV_SUBMIT(e);
}

/* Nothing of *w is changed here: the verifier would follow each of the 64 values it takes. */
static long walk_bit(u32 bit, struct walk *w)
{
	u64 left = w->bits >> (bit & 63);
	struct file *file = 0;
	struct slot s;

	if (!(left & 1))
		return !left;
	bpf_probe_read_kernel(&file, sizeof(file), (void *)(w->fds + (w->first + bit) * 8ull));
	if (file) {
		s = file_socket_walked(file);
		if (s.sk)
			walk_socket(w, s, bit & 63, file);
	}
	return 0;
}

static long walk_word(u32 i, struct walk *w)
{
	bpf_probe_read_kernel(&w->bits, 8, (void *)(w->open + i * 8ull));
	if (!w->bits)
		return 0;
	bpf_probe_read_kernel(&w->marks, 8, (void *)(w->cloexec + i * 8ull));
	w->first = i * 64;
	bpf_loop(64, walk_bit, w, 0);
	return 0;
}

/* `begin`: the table is told as it was at this time or later. */
static __always_inline void table_walk(struct task_struct *task, u64 begin)
{
	struct files_struct *files = task->files;
	u32 tgid = task->tgid, tid = task->pid;
	struct fdtable *fdt = files->fdt;
	struct walk w = {
		.files = (u64)files,
		.fds = (u64)fdt->fd,
		.open = (u64)fdt->open_fds,
		.cloexec = (u64)fdt->close_on_exec,
		.tgid = tgid,
		.tid = tid,
	};
	u32 words = fdt->max_fds / 64;
	struct ev_scan_end *e;

	if (makers)
		w.makers = task_makers(task);
	bpf_loop(words < WALK_WORDS ? words : WALK_WORDS, walk_word, &w, 0);
	e = EV_NEW_FOR(SCAN_END, scan_end, tgid, tid, walk_meant(tgid));
	if (!e)
		return;
	e->scope = w.lost || words > WALK_WORDS || want_port ? 0 : SCOPE_TABLE;
	e->pid = tgid;
	e->files = (u64)files;
	e->begin = begin;
	EV_SUBMIT(e);
}

#endif
