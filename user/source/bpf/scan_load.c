/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loading the iterators, which is most of what a one-shot costs.
 *
 * Only those that are needed are loaded, each in an instance of the object with those that were
 * needed first at the same time.  What a kernel may refuse is found out by trying.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "scan_priv.h"
#include "smallbtf.h"

#define INIT_PIDNS 0xeffffffcu /* PROC_PID_INIT_INO */

/* CLOCK_MONOTONIC_COARSE ticks with the jiffies. */
static u32 tick_us(void)
{
	struct timespec t;

	if (clock_getres(CLOCK_MONOTONIC_COARSE, &t) || t.tv_sec || !t.tv_nsec)
		return 4000;
	return (u32)(t.tv_nsec / 1000);
}

static struct bpf_program *object_prog(const struct scan_bpf *o, enum iter i)
{
	struct bpf_program *const all[ITERS] = {
		[ITER_TASK] = o->progs.scan_tasks, [ITER_FILE] = o->progs.scan_fds,
		[ITER_TCP] = o->progs.scan_tcp,	   [ITER_UDP] = o->progs.scan_udp,
		[ITER_UNIX] = o->progs.scan_unix,  [ITER_HOLDERS] = o->progs.scan_holders,
	};

	return all[i];
}

/* What the running kernel may refuse, dearest loss last. */
struct ability {
	bool cast;  /* bpf_rdonly_cast, 6.2 */
	bool regs;  /* bpf_task_pt_regs, 5.15 */
	bool probe; /* probe_read; not under lockdown=confidentiality */
};

/*
 * The object's types are found in a small copy of the kernel's BTF, made once for all tries; it
 * also tells the numbers of the types that are cast to.
 */
struct kernel_types {
	int fd;	    /* -errno: none; use the whole */
	u32 ids[4]; /* task_struct, sock, socket, file */
};

static void types_make(struct kernel_types *k)
{
	static const char *const names[] = {"task_struct", "sock", "socket", "file"};
	struct scan_bpf *o = scan_bpf__open();

	k->fd = o ? smallbtf_make(bpf_object__btf(o->obj), names, ARRAY_SIZE(names), k->ids) : -1;
	scan_bpf__destroy(o);
}

static int object_try(struct scan_bpf **out, u32 iters, struct ability can,
		      const struct kernel_types *k)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts);
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", k->fd);
	if (k->fd >= 0)
		opts.btf_custom_path = path;
	struct scan_bpf *o = scan_bpf__open_opts(&opts);
	if (!o)
		return -errno;
	for (int i = 0; i < ITERS; i++)
		bpf_program__set_autoload(object_prog(o, i), iters >> i & 1);
	bpf_map__set_autocreate(o->maps.unix_out, iters >> ITER_UNIX & 1);
	bpf_map__set_autocreate(o->maps.flights, iters >> ITER_UNIX & 1);
	o->rodata->can_cast = can.cast && k->fd >= 0;
	o->rodata->id_task_struct = k->ids[0];
	o->rodata->id_sock = k->ids[1];
	o->rodata->id_socket = k->ids[2];
	o->rodata->id_file = k->ids[3];
	o->rodata->may_regs = can.regs;
	o->rodata->may_probe = can.probe;
	o->rodata->tick_us = tick_us();
	int err = scan_bpf__load(o);
	if (err)
		scan_bpf__destroy(o);
	else
		*out = o;
	return err;
}

/* Load an instance with the iterators of this mask. */
static int object_load(struct scan *s, u32 iters)
{
	static const struct ability tries[] = {
		{true, true, true},  {false, true, true},  {false, false, true},
		{true, true, false}, {false, true, false}, {false, false, false},
	};
	struct kernel_types k = {0};
	struct scan_bpf *o = NULL;
	int err = -EINVAL;

	/* What one try is refused is no news to anybody when the next succeeds. */
	libbpf_print_fn_t print = libbpf_set_print(NULL);
	types_make(&k);
	for (u32 i = s->refused_probe ? 3 : 0; i < ARRAY_SIZE(tries) && err && err != -EPERM; i++) {
		err = object_try(&o, iters, tries[i], &k);
		if (!err && !tries[i].probe)
			s->refused_probe = true;
	}
	libbpf_set_print(print);
	if (k.fd >= 0)
		close(k.fd);
	if (err)
		return err;
	s->object[s->nobjects++] = o;
	for (int i = 0; i < ITERS; i++)
		if (iters >> i & 1) {
			s->prog[i] = object_prog(o, i);
			s->home[i] = o;
		}
	return 0;
}

int iter_need(struct scan *s, enum iter i)
{
	if (!s->prog[i] && !s->error[i])
		s->error[i] = object_load(s, 1u << i);
	return s->error[i];
}

/* The iterators a pass is sure to need. */
static u32 iters_of(const struct want *w)
{
	bool port = w->port && w->scope & SCOPE_FDS && w->scope & SCOPE_SOCKS;
	u32 iters = port ? 1u << ITER_HOLDERS : 0;

	if (w->scope & (SCOPE_TASKS | SCOPE_SOCKS))
		iters |= 1u << ITER_TASK;
	if (w->scope & SCOPE_FDS && !port)
		iters |= 1u << ITER_FILE;
	if (w->scope & SCOPE_SOCKS && w->family != AF_UNIX)
		iters |= 1u << ITER_TCP | 1u << ITER_UDP;
	if (w->scope & SCOPE_SOCKS && !w->port)
		iters |= 1u << ITER_UNIX;
	return iters;
}

/*
 * Load what a first scan needs, or what of it this kernel takes: the walks of queues and of one
 * port's holders need bpf_loop (5.17) and probe_read.
 */
static int open_load(struct scan *s, u32 iters)
{
	const u32 choosy = 1u << ITER_UNIX | 1u << ITER_HOLDERS;
	int err = object_load(s, iters);

	if (!err || err == -EPERM || !(iters & choosy))
		return err;
	if (iters & 1u << ITER_HOLDERS)
		iters |= 1u << ITER_FILE;
	for (int i = 0; i < ITERS; i++)
		if (iters & choosy & 1u << i)
			s->error[i] = err;
	return object_load(s, iters & ~choosy);
}

int scan_open_for(struct scan **out, const struct want *first, struct buf *err)
{
	struct scan *s = xcalloc(1, sizeof(*s));
	static const struct want all = {.scope = SCOPE_TASKS | SCOPE_FDS | SCOPE_SOCKS};
	int e = open_load(s, iters_of(first ? first : &all));

	if (e) {
		if (e == -ENOMEM)
			buf_puts(err, "not enough memory to load the BPF iterators");
		else
			buf_printf(err, "the kernel refuses the BPF iterators (%s); %s",
				   strerror(-e),
				   e == -EPERM || e == -EACCES
					   ? "run as root, or with CAP_BPF and CAP_PERFMON"
					   : "they are used from Linux 5.15 on");
		free(s);
		return e;
	}
	s->netns = ns_inum("/proc/self/ns/net");
	s->init_pidns = ns_inum("/proc/self/ns/pid") == INIT_PIDNS;
	s->netns_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (s->netns_fd >= 0 && setns(s->netns_fd, CLONE_NEWNET)) {
		close(s->netns_fd);
		s->netns_fd = -1;
	}
	*out = s;
	return 0;
}

int scan_open(struct scan **out, struct buf *err)
{
	return scan_open_for(out, NULL, err);
}

void scan_close(struct scan *s)
{
	if (!s)
		return;
	for (u32 i = 0; i < s->nobjects; i++)
		scan_bpf__destroy(s->object[i]);
	keep_close(s);
	if (s->netns_fd >= 0)
		close(s->netns_fd);
	free(s);
}

/* ---- for doctor -------------------------------------------------------------------------- */

static u64 prog_runs(const struct bpf_program *prog)
{
	struct bpf_prog_info info = {};
	u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len))
		return 0;
	return info.run_cnt;
}

u32 scan_hooks(struct scan *s, struct hook *out, u32 max)
{
	static const struct {
		const char *name, *what;
	} all[ITERS] = {
		[ITER_TASK] = {"iter/task", "every process that is there"},
		[ITER_FILE] = {"iter/task_file", "every descriptor of a socket"},
		[ITER_TCP] = {"iter/tcp", "TCP sockets no descriptor shows"},
		[ITER_UDP] = {"iter/udp", "UDP sockets no descriptor shows"},
		[ITER_UNIX] = {"iter/unix", "UNIX names, and sockets in flight"},
		[ITER_HOLDERS] = {"iter/task", "who holds the sockets of one port"},
	};
	u32 n = 0;

	for (; n < ITERS && n < max; n++) {
		int err = iter_need(s, n);
		out[n] = (struct hook){.what = all[n].what, .tier = "base"};
		snprintf(out[n].name, sizeof(out[n].name), "%s", all[n].name);
		out[n].wanted = n != ITER_HOLDERS || !s->sidestepped;
		out[n].error = err;
		out[n].runs = err ? 0 : prog_runs(s->prog[n]);
	}
	return n;
}
