// SPDX-License-Identifier: BSD-2-Clause
/* What the model costs when there is very much of something: memory a hold, and that it comes back.
 */
#include <malloc.h>

#include "feed.h"

#define TCP4 SOCK_PROTO(2, 1, 6)

/* ---- the world ---- */

struct crowd {
	struct model *m;
	u64 ts;
};

#define GIVE(c, lower, KIND, pid, ...)                                      \
	do {                                                                \
		const struct ev_##lower e_ = {.h = {.kind = EV_KIND_##KIND, \
						    .size = sizeof(e_),     \
						    .tgid = (pid),          \
						    .tid = (pid),           \
						    .ts = ++(c)->ts},       \
					      __VA_ARGS__};                 \
		model_apply((c)->m, &e_.h);                                 \
	} while (0)

static struct crowd crowd_new(void)
{
	struct crowd c = {.m = model_new(), .ts = NS_PER_S};

	GIVE(&c, source, SOURCE, 0, .caps = SRC_EVENTS | SRC_FD);
	GIVE(&c, scan_task, SCAN_TASK, 1, .start = 1, .files = FILES(1));
	return c;
}

static void give_socket(struct crowd *c, u32 pid, s32 fd, u64 inode)
{
	GIVE(c, socket, SOCKET, pid, .inode = inode, .cookie = inode, .proto = TCP4, .state = 7,
	     .netns = 5, .files = FILES(pid), .fd = fd);
}

static void give_dup(struct crowd *c, u32 pid, s32 fd, u64 inode)
{
	GIVE(c, install, INSTALL, pid, .inode = inode, .cookie = inode, .proto = TCP4, .state = 7,
	     .netns = 5, .files = FILES(pid), .fd = fd, .via = VIA_DUP, .from_fd = 0);
}

static void give_fork(struct crowd *c, u32 pid, u32 child)
{
	GIVE(c, fork, FORK, pid, .start = c->ts, .files = FILES(child), .parent_files = FILES(pid),
	     .child = child, .parent = pid, .exit_signal = 17);
}

static void give_end(struct crowd *c, u32 pid)
{
	const struct proc *p = proc_at(c->m, proc_find(c->m, pid)), *parent;
	u64 start = p->start;

	parent = proc_at(c->m, p->parent);
	GIVE(c, exit, EXIT, pid, .start = start, .parent = parent->tgid, .code = 0);
	GIVE(c, wait, WAIT, parent->tgid, .nr = pid);
}

/* ---- memory ---- */

#ifndef __SANITIZE_ADDRESS__ /* which has a malloc of its own */

static size_t memory(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

/* `socks` sockets, each in `dups` slots of each of `tables` tables. */
static void hold_memory(u32 socks, u32 dups, u32 tables)
{
	struct crowd c = crowd_new();
	u32 before, holds;
	size_t empty, full, after;

	give_fork(&c, 1, 2);
	for (u32 s = 0; s < socks; s++)
		give_socket(&c, 2, (s32)s, 1000 + s);
	for (u32 pid = 3; pid < tables + 2; pid++) /* before there is anything to hand down */
		give_fork(&c, 1, pid);
	give_fork(&c, 1, 50000);
	before = c.m->holds.live;
	empty = memory();
	for (u32 pid = 2; pid < tables + 2; pid++)
		for (u32 s = 0; s < socks; s++)
			for (u32 d = pid == 2; d < dups; d++)
				give_dup(&c, pid, (s32)(d * socks + s), 1000 + s);
	holds = c.m->holds.live - before;
	full = memory();
	print_message("%u sockets, %u of each in %u tables: %.1f bytes a hold\n", socks, dups,
		      tables, (double)(full - empty) / holds);
	assert_true(holds + before == socks * dups * tables);
	assert_true(full - empty <= 96ull * holds);
	for (u32 pid = tables + 1; pid > 2; pid--)
		give_end(&c, pid);
	assert_int_equal(c.m->holds.live, socks * dups);
	after = memory();
	assert_true(after < empty + socks * dups * 128ull + (1 << 20));
	model_free(c.m);
}

static void memory_of_dups(void **state)
{
	(void)state;
	hold_memory(1, 20000, 50);
}

static void memory_of_heirs(void **state)
{
	(void)state;
	hold_memory(1000, 1, 1000);
}

#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
#ifndef __SANITIZE_ADDRESS__
		cmocka_unit_test(memory_of_dups),
		cmocka_unit_test(memory_of_heirs),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
