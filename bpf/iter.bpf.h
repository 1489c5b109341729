/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Contexts of the iterators.  Their layout is fixed by the verifier, so plain structs of our own
 * do: each type that is relocated costs a search through the kernel's BTF (0.7 ms).
 */
#ifndef PROBATE_ITER_BPF_H
#define PROBATE_ITER_BPF_H

struct meta {
	struct seq_file *seq;
};
#define AT(name, type, field)                                                                      \
	struct at_##name {                                                                         \
		struct meta *meta;                                                                 \
		struct type *field;                                                                \
	}
AT(task, task_struct, task);
AT(tcp, sock_common, sk_common);
AT(udp, udp_sock, udp_sk);
AT(unix, unix_sock, unix_sk);
struct at_task_file {
	struct meta *meta;
	struct task_struct *task;
	u64 fd; /* u32 and padding */
	struct file *file;
};

#endif
