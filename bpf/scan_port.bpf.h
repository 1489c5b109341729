/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who holds the sockets of one port, without a look at any other file.
 *
 * Three quarters of what iter/task_file costs are cache misses on the file, the socket and the
 * sock behind each descriptor.  The tables of TCP and UDP know the sockets of a port at once: their
 * files are noted, and then the slots of each table are only compared with those.
 */
#ifndef PROBATE_SCAN_PORT_BPF_H
#define PROBATE_SCAN_PORT_BPF_H

#include "scan.bpf.h"

#define CHUNK	   64 /* slots read at a time; a table has a multiple of it */
#define CHUNKS_MAX (1 << 14)

/* struct file -> pass that wants it. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, u64);
	__type(value, u64);
} wanted_files SEC(".maps");

u32 files_lost;		 /* more files than the map takes: compare sockets instead */
static u64 chunk[CHUNK]; /* one reader at a time */

static __always_inline void file_note(u64 file)
{
	u64 pass = want.pass;

	noted = 1;
	if (bpf_map_update_elem(&wanted_files, &file, &pass, BPF_ANY))
		files_lost = 1;
}

static __always_inline void file_want(struct sock *sk)
{
	struct socket *socket = sk->sk_socket;
	u64 file = socket ? (u64)socket->file : 0;

	if (want.port && file)
		file_note(file);
}

/* Pointers are kept as numbers: all reads are probe_reads. */
struct slots {
	struct seq_file *seq;
	u64 files, array, cloexec;
	u32 tgid, tid, max, base;
};

static long slot_step(u32 i, struct slots *w)
{
	u64 file = chunk[i & (CHUNK - 1)], *pass, word = 0;
	struct ev_scan_fd e = {};
	struct slot slot;
	struct sock *sk;

	if (!file)
		return 0;
	pass = bpf_map_lookup_elem(&wanted_files, &file);
	if (!pass || *pass != want.pass)
		return 0;
	slot = file_socket_rd((struct file *)file, true);
	sk = slot.sk;
	if (!sk)
		return 0;
	head_fill(&e.h, EV_KIND_SCAN_FD, sizeof(e), NULL);
	e.h.tgid = w->tgid;
	e.h.tid = w->tid;
	e.inode = slot.inode;
	e.cookie = BPF_CORE_READ(sk, __sk_common.skc_cookie.counter);
	sock_common_fill(SOCK_PART(&e), sk, true);
	e.files = w->files;
	e.fd = w->base + i;
	bpf_probe_read_kernel(&word, sizeof(word), (void *)(w->cloexec + w->base / 8));
	e.cloexec = word >> (i & 63) & 1;
	bpf_seq_write(w->seq, &e, sizeof(e));
	return 0;
}

static long chunk_step(u32 i, struct slots *w)
{
	w->base = i * CHUNK;
	if (w->base >= w->max ||
	    bpf_probe_read_kernel(chunk, sizeof(chunk), (void *)(w->array + w->base * 8ull)))
		return 1;
	bpf_loop(CHUNK, slot_step, w, 0);
	return 0;
}

SEC("iter/task")
int scan_holders(struct at_task *ctx)
{
	struct task_struct *t = ctx->task, *leader;
	struct files_struct *files;
	struct slots w = {};
	struct fdtable *fdt;

	if (!t)
		return 0;
	t = task_plain(t);
	files = t->files;
	if (!files || t->flags & PF_KTHREAD)
		return 0;
	leader = t->group_leader;
	if (t->pid != t->tgid && leader->files == files)
		return 0;
	if (table_is_told(t, (u64)files))
		return 0;
	fdt = files->fdt;
	w.seq = ctx->meta->seq;
	w.tgid = t->tgid;
	w.tid = t->pid;
	w.files = (u64)files;
	w.array = (u64)fdt->fd;
	w.cloexec = (u64)fdt->close_on_exec;
	w.max = fdt->max_fds;
	bpf_loop(CHUNKS_MAX, chunk_step, &w, 0);
	return 0;
}

#endif
