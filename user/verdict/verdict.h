/* SPDX-License-Identifier: BSD-2-Clause */
/* What the model's facts mean: pure functions, model in, verdict out. */
#ifndef PROBATE_VERDICT_H
#define PROBATE_VERDICT_H

#include "model.h"
#include "reason.h"

#define VERDICT_TABLE(V)                                                                           \
	V(OWNED, "owned")	  /* the creator is alive and the only holder */                   \
	V(SHARED, "shared")	  /* the creator is alive and others hold it too */                \
	V(INHERITED, "inherited") /* the creator is gone; a holder got it by fork and uses it */   \
	V(LEAKED, "leaked")	  /* the creator is gone; nobody who holds it means to */          \
	V(PASSED, "passed")	  /* given on purpose, the creator let go */                       \
	V(HIDDEN, "hidden")	  /* referenced, but from no process's table */                    \
	V(KERNEL, "kernel")	  /* the kernel's own */                                           \
	V(ORPHANED, "orphaned")	  /* closed by all; the kernel finishes the close */               \
	V(HELD, "held")		  /* made before anything was watching */

enum verdict {
#define V(ID, name) VERDICT_##ID,
	VERDICT_TABLE(V)
#undef V
		VERDICTS
};
const char *name_verdict(enum verdict v);

/* The verdict on one socket. */
enum verdict verdict_of(const struct model *m, const struct sock *s);
/* Was everything that led to it seen, from the socket's birth on? */
bool verdict_certain(const struct model *m, const struct sock *s, enum verdict v);
/*
 * In flight: the UNIX socket at the end of the way (its queue may itself be in flight, and so on)
 * that some process holds; 0: none is, and nobody can receive it.  *steps: queues on the way.
 */
u32 queue_reached(const struct model *m, const struct sock *s, u32 *steps);
/* Why is this zombie (or headless process) not reaped? */
enum reason zombie_reason(const struct model *m, const struct proc *p);
/* The same, but for its age: why, should it turn out not to have been young when it was reaped. */
enum reason zombie_reason_if_stays(const struct model *m, const struct proc *p);
/* Dead for less than this it says nothing about its parent. */
u64 zombie_young_ns(const struct model *m, const struct proc *p);

/* For model_new(&verdict_judge). */
extern const struct judge verdict_judge;
u32 death_cause(const struct death *d); /* enum cause, also of old recordings */

/* What its creator ran when it made it; NULL: not known. */
const struct image *creator_image(const struct model *m, const struct sock *s);

/* Do both images run the same program?  Of interpreters what counts is what they were told to run. */
enum same { SAME_NO, SAME_YES, SAME_UNKNOWN };
enum same program_same(const struct model *m, const struct image *a, const struct image *b);

/* ---- states and places (standing.c) ---- */

/* How a process stands: running, ended in some way, or there and not able to go on. */
#define PROC_STANDING_TABLE(S)                                                                     \
	S(RUNNING, "running")                                                                      \
	S(DEAD, "dead")                                                                            \
	S(DYING, "dying") /* it ended and is no zombie yet */                                      \
	S(ZOMBIE, "zombie")                                                                        \
	S(HEADLESS, "headless") /* its main thread ended, others live on */                        \
	S(DUMPING, "dumping core")                                                                 \
	S(FROZEN, "frozen")                                                                        \
	S(EXIT_STOPPED, "exit-stop")                                                               \
	S(TRACE_STOPPED, "ptrace-stopped")                                                         \
	S(STOPPED, "stopped")                                                                      \
	S(IN_VFORK, "vfork-wait")                                                                  \
	S(BLOCKED, "blocked")                                                                      \
	S(KILLED, "killed") /* SIGKILL is pending */
enum proc_standing {
#define S(ID, name) PROC_IS_##ID,
	PROC_STANDING_TABLE(S)
#undef S
		PROC_STANDINGS
};
enum proc_standing proc_standing(const struct proc *p);
const char *name_standing(enum proc_standing s);
const char *proc_state(const struct proc *p); /* the name of its standing */
/* Since when it is dead, as seen or by when it last ran; 0: not known. */
u64 dead_since(const struct model *m, const struct proc *p);
/* How a socket stands, in the words of ss. */
#define SOCK_STANDING_TABLE(S)                                                                     \
	S(AS_TCP, NULL) /* a state of TCP's, by its number */                                      \
	S(LISTENING, "LISTEN")                                                                     \
	S(BOUND, "BOUND")                                                                          \
	S(UNCONNECTED, "UNCONN")                                                                   \
	S(ESTABLISHED, "ESTABLISHED")                                                              \
	S(TIME_WAIT, "TIME_WAIT")                                                                  \
	S(CLOSED, "CLOSE")
enum sock_standing {
#define S(ID, name) SOCK_IS_##ID,
	SOCK_STANDING_TABLE(S)
#undef S
};
enum sock_standing sock_standing(const struct sock *s);
const char *
sock_state(const struct sock *s); /* the name of its standing; NULL: a number nobody knows */
bool sock_is_portless(
	const struct sock *s);		  /* of a family or type without ports: netlink, raw ... */
bool sock_is_offer(const struct sock *s); /* listens or is bound: what `ports` lists */

/* ---- what bind() would meet (bind.c) ---- */

#define BIND_REUSEADDR 1
#define BIND_REUSEPORT 2
bool sock_keeps_port(const struct sock *s);
/* Would a bind of that address, on the port that the socket keeps, get into its way? */
bool bind_overlaps(const struct ep *asked, const struct sock *s);
/* BIND_* bits: options of which each alone lets such a bind pass; SO_REUSEPORT for the socket's uid ... */
u8 bind_passes(const struct sock *s);
bool bind_any_uid(const struct sock *s); /* ... or for any */
/* Did that one keep this bind, which failed, from its address? */
bool bind_conflicts(const struct ev_bind *b, const struct sock *s);
/* Could the source read which options a socket has? */
bool bind_options_known(const struct model *m);
/* In another network namespace than who asks: no matter to a bind in this one. */
bool sock_is_elsewhere(const struct model *m, const struct sock *s);
/* Name of the container a process is in: short id from its cgroup, else its pid namespace; NULL: none. */
const char *proc_container(const struct model *m, const struct proc *p, char out[32]);
/* The same by the path of its cgroup alone. */
const char *cgroup_container(const char *path, char out[32]);
/* Name of the innermost systemd unit in it, n bytes of path; NULL: none. */
const char *cgroup_unit(const char *path, size_t *n);
/* A TCP connection that stays open only because processes inherited it, none of which waits on it. */
bool sock_is_stuck(const struct model *m, const struct sock *s);
/*
 * Is it leaked, or does it look so?  Suspected is what is on offer, whose creator is not known, and that
 * nobody who holds it made or waits on: every answer asks here.  v: its verdict.
 */
enum blame { BLAME_NONE, BLAME_SUSPECTED, BLAME_LEAKED };
enum blame sock_blame(const struct model *m, const struct sock *s, enum verdict v);

#endif
