/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * All live programs as one object.
 *
 * They are one translation unit because libbpf's linker refuses two objects that declare the same
 * kernel function (bpf_rdonly_cast in core.bpf.h); mended in libbpf 1.5.
 */
#include "proc.bpf.c"
#include "signal.bpf.c"
#include "reap.bpf.c"
#include "sock.bpf.c"
#include "file.bpf.c"
#include "pass.bpf.c"

/* Has the compiler describe every kind in BTF: a test holds it against user space's tables. */
#define K(n, ID, lower, pub, class, doc) const struct ev_##lower *btf_##lower;
EV_TABLE(K)
#undef K

char LICENSE[] SEC("license") = "Dual BSD/GPL";
