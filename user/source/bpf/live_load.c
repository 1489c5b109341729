/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loading and attaching the kernel side.
 *
 * libbpf loads an object whole or not at all.  So when one program is refused (an older kernel
 * lacks its hook or a helper), its name is taken out of libbpf's log, the program is left out and
 * the object is opened anew.  Only fork, exec and exit cannot be done without.
 *
 * libbpf's print function has no argument of its own: the log is the one static variable here.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "live_priv.h"
#include "procfs.h"
#include "live.skel.h"

#ifndef __NR_close_range
#define __NR_close_range 436
#endif
#ifndef __NR_clone3
#define __NR_clone3 435
#endif
#ifndef __NR_pidfd_getfd
#define __NR_pidfd_getfd 438
#endif
/* Newer architectures have no vfork and dup2. */
#ifndef __NR_vfork
#define __NR_vfork (~0u)
#endif
#ifndef __NR_dup2
#define __NR_dup2 (~0u)
#endif

#define SYS(call, action, what)                                                                    \
	{                                                                                          \
		"sys_" #call, "sys_exit " #call, what, SYS_##action, .full = true                  \
	}

/* The second copy of a program right after it: what the first is skipped for is not lost. */
/* clang-format off */
#define TWICE(prog, tracepoint, what, ID, ...)                                                     \
	{prog, "tp_btf/" tracepoint, what,                                                         \
	 .misses = EV_KIND_##ID, .guard = GUARD_##ID, __VA_ARGS__},                                \
	{prog "_2", "tp_btf/" tracepoint " again", what ", amid another",                          \
	 .second = true, __VA_ARGS__}
/* clang-format on */

const struct live_prog live_progs[] = {
	TWICE("proc_fork", "sched_process_fork", "a process is born", FORK, .vital = true),
	{"proc_fork_walk", "tp_btf/sched_process_fork walk",
	 "what a child of a threaded process got", .misses = EV_KIND_SCAN_FD},
	TWICE("proc_exec", "sched_process_exec", "a process runs a new program", EXEC,
	      .vital = true),
	{"proc_exec_walk", "tp_btf/sched_process_exec walk", "what an exec kept open",
	 .misses = EV_KIND_SCAN_FD},
	TWICE("proc_exit", "sched_process_exit", "a process dies", EXIT, .vital = true),
	TWICE("proc_free", "sched_process_free", "a dead process is gone", FREE,
	      .kind = EV_KIND_FREE),
	{"proc_rename", "tp_btf/task_rename", "a process changes its name", .kind = EV_KIND_RENAME,
	 .misses = EV_KIND_RENAME},
	{"proc_signal", "tp_btf/signal_generate", "who killed whom", .kind = EV_KIND_SIGNAL,
	 .misses = EV_KIND_SIGNAL},
	TWICE("sock_state", "inet_sock_set_state", "TCP states", STATE),
	{"sock_ops", "sockops", "TCP states, told by the socket", .full = true, .cgroup = true,
	 .counts = true},
	TWICE("sock_destroy", "tcp_destroy_sock", "the end of TCP sockets", DESTROY, .full = true),
	{"sys_enter", "tp_btf/sys_enter", "what a close takes away", .full = true,
	 .misses = EV_KIND_CLOSE},
	{"sys_exit", "tp_btf/sys_exit", "every descriptor event", .full = true},
	SYS(socket, SOCKET, "a socket is made"),
	SYS(socketpair, SOCKETPAIR, "a pair of sockets is made"),
	SYS(bind, BIND, "a socket is bound"),
	SYS(listen, LISTEN, "a socket listens"),
	SYS(connect, CONNECT, "a socket connects"),
	SYS(accept, ACCEPT, "a connection is accepted"),
	SYS(sendmsg, SENDMSG, "a socket is sent (SCM_RIGHTS)"),
	SYS(sendmmsg, SENDMMSG, "sockets are sent (SCM_RIGHTS)"),
	SYS(recvmsg, RECVMSG, "a socket is received (SCM_RIGHTS)"),
	SYS(recvmmsg, RECVMMSG, "sockets are received (SCM_RIGHTS)"),
	SYS(recvfrom, RECVFROM, "a datagram socket is used"),
	SYS(read, READ, "a datagram socket is read from"),
	SYS(close, CLOSE, "a descriptor is closed"),
	SYS(close_range, CLOSE_RANGE, "descriptors are closed"),
	SYS(dup, DUP, "a descriptor is copied"),
	SYS(fcntl, FCNTL, "F_DUPFD, F_SETFD"),
	SYS(ioctl, IOCTL, "FIOCLEX, FIONCLEX"),
	SYS(pidfd_getfd, PIDFD_GETFD, "a descriptor is taken from another process"),
	SYS(unshare, UNSHARE, "a descriptor table is split"),
	SYS(wait4, WAIT4, "who reaped"),
	SYS(waitid, WAITID, "who reaped"),
	SYS(setsid, SETSID, "a session begins"),
	SYS(setpgid, SETPGID, "a process changes its group"),
	SYS(prctl, PRCTL, "a subreaper declares itself"),
	SYS(epoll_ctl, EPOLL_CTL, "a listener is waited on"),
	SYS(io_uring_setup, IO_URING_SETUP, "a ring, whose requests nobody watches"),
};
const u32 live_nprogs = ARRAY_SIZE(live_progs);
_Static_assert(ARRAY_SIZE(live_progs) <= LIVE_PROGS_MAX, "room for every program");

static struct buf log_text;

static int log_print(enum libbpf_print_level level, const char *fmt, va_list args)
{
	char line[4096];
	int n;

	if (level == LIBBPF_DEBUG)
		return 0;
	n = vsnprintf(line, sizeof(line), fmt, args);
	if (n > 0)
		buf_add(&log_text, line, n < (int)sizeof(line) ? (size_t)n : sizeof(line) - 1);
	return n;
}

/* ---- what this kernel has ---------------------------------------------------------------- */

struct kernel {
	bool can_cast;		     /* kfunc bpf_rdonly_cast, 6.2 */
	bool group_dead;	     /* second argument of sched_process_exit, 6.15 or so */
	bool absent[LIVE_PROGS_MAX]; /* tracepoints that do not exist, by index in live_progs */
};

/* Has the kernel the tracepoint of "tp_btf/<name>[ more]"? */
static bool tracepoint_exists(const struct btf *btf, const char *hook)
{
	const char *name = strchr(hook, '/');
	char type[96];

	if (!name)
		return true;
	snprintf(type, sizeof(type), "btf_trace_%.*s", (int)strcspn(name + 1, " "), name + 1);
	return btf__find_by_name_kind(btf, type, BTF_KIND_TYPEDEF) > 0;
}

/* Arguments of a tracepoint's typedef'd function pointer; the first is the kernel's own. */
static u32 tracepoint_args(const struct btf *btf, const char *type)
{
	int id = btf__find_by_name_kind(btf, type, BTF_KIND_TYPEDEF);
	const struct btf_type *t = id > 0 ? btf__type_by_id(btf, id) : NULL;

	while (t && (btf_is_typedef(t) || btf_is_ptr(t)))
		t = btf__type_by_id(btf, t->type);
	return t && btf_is_func_proto(t) ? btf_vlen(t) - 1 : 0;
}

static int kernel_look(struct kernel *k)
{
	struct btf *btf = btf__load_vmlinux_btf();

	if (!btf)
		return -errno;
	k->can_cast = btf__find_by_name_kind(btf, "bpf_rdonly_cast", BTF_KIND_FUNC) > 0;
	k->group_dead = tracepoint_args(btf, "btf_trace_sched_process_exit") >= 2;
	for (u32 i = 0; i < live_nprogs; i++)
		k->absent[i] = !tracepoint_exists(btf, live_progs[i].hook);
	btf__free(btf);
	return 0;
}

/* ---- configuration ----------------------------------------------------------------------- */

static const struct {
	u32 nr;
	u8 action;
} sys_numbers[] = {
#define S(id, call, prog) {(u32)__NR_##call, SYS_##id},
	SYS_TABLE(S)
#undef S
};

static u32 ring_bytes(size_t asked)
{
	u32 n = (u32)sysconf(_SC_PAGESIZE);

	if (!asked)
		asked = 8 << 20;
	while (n < asked && n < 1u << 30)
		n *= 2;
	return n;
}

static void filter_put(struct live_bpf__rodata *ro, const struct filter *f)
{
	ro->want_kinds = f->kinds ? f->kinds : ~0ull;
	ro->want_pid = f->pid;
	ro->want_has_uid = f->has_uid;
	ro->want_uid = f->uid;
	ro->want_port = f->port;
	ro->want_has_comm = f->comm[0];
	memcpy(&ro->want_comm, f->comm, COMM_LEN);
	ro->want_wide = f->wide;
	ro->shown_kinds = f->shown ? f->shown : ~0ull;
}

/* Room for all that can be at once, as far as that is reasonable: a bucket takes 16 bytes. */
#define TREE_MAX (1u << 18)
#define MINE_MAX (1u << 20)

static void filter_room(struct live *l, const struct filter *f)
{
	bool by_task = f->pid || f->comm[0] || f->tree;

	bpf_map__set_max_entries(l->skel->maps.tree, f->tree ? TREE_MAX : 1);
	bpf_map__set_max_entries(l->skel->maps.mine, by_task ? MINE_MAX : 1);
}

static void config_put(struct live *l, const struct source_opts *o, const struct kernel *k)
{
	struct live_bpf__rodata *ro = l->skel->rodata;
	u32 bytes = ring_bytes(o->ring_bytes);

	filter_put(ro, &o->filter);
	ro->can_cast = k->can_cast;
	ro->exit_tells_group_dead = k->group_dead;
	ro->lean = !l->full;
	ro->counting = o->counting;
	ro->makers = o->makers;
	ro->ring_mark = bytes / 2;
	if ((u32)sysconf(_SC_PAGESIZE) > ro->stack_bytes)
		ro->stack_bytes = (u32)sysconf(_SC_PAGESIZE);
	ro->nr_vfork = (u32)__NR_vfork;
	ro->nr_clone = __NR_clone;
	ro->nr_clone3 = __NR_clone3;
	ro->nr_close = __NR_close;
	ro->nr_accept = __NR_accept;
	ro->nr_accept4 = __NR_accept4;
	ro->nr_dup2 = (u32)__NR_dup2;
	ro->nr_dup3 = __NR_dup3;
	ro->nr_unshare = __NR_unshare;
	ro->nr_close_range = __NR_close_range;
	for (u32 i = 0; i < ARRAY_SIZE(sys_numbers); i++) {
		if (sys_numbers[i].nr < SYS_MAX)
			ro->sys_actions[sys_numbers[i].nr] = sys_numbers[i].action;
	}
	bpf_map__set_max_entries(l->skel->maps.ring, bytes);
	filter_room(l, &o->filter);
	for (u32 i = 0; i < live_nprogs; i++) {
		const struct live_prog *p = &live_progs[i];
		struct bpf_program *prog = bpf_object__find_program_by_name(l->skel->obj, p->name);

		bpf_program__set_autoload(prog, !l->error[i] && live_wants(l, p));
		bpf_program__set_autoattach(prog, !p->action);
	}
}

/* ---- load -------------------------------------------------------------------------------- */

/* Index of the program that libbpf's log complains about, or -1. */
static int prog_blamed(void)
{
	const char *at = log_text.s, *name;
	int found = -1;

	while (at && (at = strstr(at, "prog '"))) {
		name = at + 6;
		at = name + strcspn(name, "'");
		if (strncmp(at, "': failed to", 12))
			continue;
		for (u32 i = 0; i < live_nprogs; i++) {
			if (strlen(live_progs[i].name) == (size_t)(at - name) &&
			    !strncmp(live_progs[i].name, name, (size_t)(at - name)))
				found = (int)i;
		}
	}
	return found;
}

static int load_once(struct live *l, const struct source_opts *o, const struct kernel *k)
{
	int err;

	buf_reset(&log_text);
	l->skel = live_bpf__open();
	if (!l->skel)
		return -errno;
	config_put(l, o, k);
	err = live_bpf__load(l->skel);
	if (err) {
		live_bpf__destroy(l->skel);
		l->skel = NULL;
	}
	return err;
}

/* Load, leaving out one program more after each refusal. */
static int load_what_goes(struct live *l, const struct source_opts *o, const struct kernel *k,
			  struct buf *err)
{
	for (;;) {
		int e = load_once(l, o, k);
		int i = e ? prog_blamed() : -1;

		if (!e)
			return 0;
		if (i < 0 || l->error[i] || live_progs[i].vital) {
			live_why(err, e, i < 0 ? NULL : live_progs[i].hook, log_text.s);
			return e;
		}
		l->error[i] = e;
	}
}

/* The actions of the program sys_<call>; several calls may share one. */
static const struct {
	const char *prog;
	u8 action;
} sys_programs[] = {
#define S(id, call, program) {"sys_" #program, SYS_##id},
	SYS_TABLE(S)
#undef S
};

u64 live_fired(const struct live *l, const char *prog)
{
	u64 n = 0;

	for (u32 i = 0; i < ARRAY_SIZE(sys_programs); i++) {
		if (!strcmp(sys_programs[i].prog, prog))
			n += l->skel->bss->sys_fired[sys_programs[i].action];
	}
	return n;
}

static int tail_calls_put(struct live *l)
{
	int map = bpf_map__fd(l->skel->maps.sys_progs);

	for (u32 i = 0; i < ARRAY_SIZE(sys_programs); i++) {
		struct bpf_program *prog =
			bpf_object__find_program_by_name(l->skel->obj, sys_programs[i].prog);
		int fd = prog ? bpf_program__fd(prog) : -1;
		u32 key = sys_programs[i].action;

		if (fd >= 0 && bpf_map_update_elem(map, &key, &fd, 0))
			return -errno;
	}
	return 0;
}

/*
 * At the root of the cgroups, where a program of somebody else that wants to be alone there may
 * forbid it.  The link ends with us.
 */
static struct bpf_link *cgroup_attach(struct bpf_program *prog)
{
	int fd = procfs_cgroup_root(), error;
	struct bpf_link *link;

	if (fd < 0) {
		errno = -fd;
		return NULL;
	}
	link = bpf_program__attach_cgroup(prog, fd);
	error = errno;
	close(fd);
	errno = error;
	return link;
}

/* Attach in the order of the table: a walk comes right after its own hook. */
static int attach_all(struct live *l, struct buf *err)
{
	for (u32 i = 0; i < live_nprogs; i++) {
		const struct live_prog *p = &live_progs[i];
		struct bpf_program *prog = bpf_object__find_program_by_name(l->skel->obj, p->name);

		if (p->action || l->error[i] || !live_wants(l, p))
			continue;
		l->link[i] = p->cgroup ? cgroup_attach(prog) : bpf_program__attach(prog);
		if (l->link[i] && p->cgroup)
			l->skel->bss->ops_on = 1;
		if (l->link[i])
			continue;
		l->error[i] = -errno;
		if (p->vital) {
			live_why(err, l->error[i], p->hook, NULL);
			return l->error[i];
		}
	}
	return 0;
}

int live_load(struct live *l, const struct source_opts *o, struct buf *err)
{
	struct kernel k = {};
	libbpf_print_fn_t before = libbpf_set_print(log_print);
	int e = kernel_look(&k);

	if (e)
		live_why(err, e, NULL, NULL);
	for (u32 i = 0; !e && i < live_nprogs; i++) {
		if (k.absent[i])
			l->error[i] = -ENOENT;
	}
	if (!e)
		e = load_what_goes(l, o, &k, err);
	if (!e && l->full) {
		e = tail_calls_put(l);
		if (e)
			live_why(err, e, "the table of system calls", NULL);
	}
	if (!e) {
		l->skel->bss->tree_on = o->filter.tree != 0; /* nothing passes before it is known */
		e = attach_all(l, err);
	}
	for (u32 i = 0; i < live_nprogs; i++)
		l->deaf |= live_progs[i].full && !live_progs[i].cgroup && l->error[i];
	libbpf_set_print(before);
	buf_free(&log_text);
	return e;
}

void live_unload(struct live *l)
{
	for (u32 i = 0; i < live_nprogs; i++)
		bpf_link__destroy(l->link[i]);
	if (l->skel)
		live_bpf__destroy(l->skel);
	l->skel = NULL;
}
