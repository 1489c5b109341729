/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why a dead process is not reaped, one row a reason: all that is said of it stands here.
 *
 *   key     what programs read; rows that they need not tell apart share one and stand together
 *   why     of the parent, "it ..."
 *   in short, what helps
 *   the sentence: %c is the zombie, %p its parent, %t its tracer, %n the zombie's pid in its own pid
 *           namespace, %C its pid, %x its exit signal, %w whom the parent waits for and in which
 *           thread, %q what the parent is stuck in and %f what ends that, %a who gets the zombie
 *           when the parent is gone, %h how the parent reaps as a rule, %i that the parent is an init, %k what keeps a dying one
 */
#ifndef PROBATE_REASON_H
#define PROBATE_REASON_H

#define REASON_TABLE(R)                                                                            \
	R(PARENT_NOT_WAITING, "parent_not_waiting", "it does not wait for them",                   \
	  "Restart the parent", "%p has not waited for %c%h: fix or restart it; %a.")              \
	R(CATCHES_ONLY, "parent_not_waiting",                                                      \
	  "it catches SIGCHLD, which by itself reaps nothing, and does not wait for them",         \
	  "Restart the parent",                                                                    \
	  "%p catches SIGCHLD, as every Go and Node program does, but has not waited for %c: let " \
	  "it wait for each child that it starts (in Go cmd.Wait(); waitpid(-1) there takes the "  \
	  "children of os/exec away); restart it to get rid of %c: %a.")                           \
	R(OWN_OF_INIT, "parent_not_waiting",                                                       \
	  "it is PID 1 of its namespace and does not wait for a child of its own",                 \
	  "Fix the parent",                                                                        \
	  "%p is PID 1 of its pid namespace and has not waited for %c (pid %n in there), a child " \
	  "of its own%h: fix it; an init in front of it does not help. Restarting it is the only " \
	  "way to be rid of %c.")                                                                  \
	R(INIT_NEVER_WAITS, "parent_not_waiting",                                                  \
	  "it is PID 1 of its namespace and has never waited for any child",                       \
	  "Fix the parent, or run it below an init",                                               \
	  "%p is PID 1 of its pid namespace and has never waited for any child, %c (pid %n in "    \
	  "there) included. Whether it forked %c or adopted it was not seen: its own children it " \
	  "has to wait for itself, those of others an init such as tini in front of it reaps "     \
	  "(docker run --init); restart it to be rid of %c.")                                      \
	R(SIGCHLD_BLOCKED, "parent_not_waiting",                                                   \
	  "SIGCHLD is blocked in it and pending, so it has not been told of them",                 \
	  "Wait, or restart the parent",                                                           \
	  "%p blocks SIGCHLD, and one is pending: it has not been told that %c died%h. If it is "  \
	  "busy with something that ends, as make is with a shell command, it gets to %c after "   \
	  "that; if it stays so, let it unblock the signal, or take it (signalfd, sigwait); "      \
	  "restarting it helps for now: %a.")                                                      \
	R(PARENT_MISSES_SOME, "parent_misses_some", "it reaps others, but not all",                \
	  "Restart the parent",                                                                    \
	  "%p was seen to reap others, but not %c: if it waits for the children that it knows, "   \
	  "one by one, as Go programs do, it has forgotten this one; if it calls waitpid(-1) "     \
	  "once in its SIGCHLD handler, one signal can stand for several exits, so call it there " \
	  "until it returns 0; restart it to get rid of %c: %a.")                                  \
	R(PERHAPS_MISSES, "parent_misses_some", "it has reaped before, but not these",             \
	  "Restart the parent",                                                                    \
	  "%p catches SIGCHLD and has reaped children before, but not %c; how was not watched. "   \
	  "Perhaps it reaps in the handler, where one signal can stand for several exits: then "   \
	  "call waitpid(-1, &st, WNOHANG) there until it returns 0 (not in a Go program, whose "   \
	  "os/exec waits for each child by itself); restart it to get rid of %c: %a.")             \
	R(WAITS_FOR_OTHER, "waits_for_other", "it sleeps waiting for another child",               \
	  "Wait, or restart the parent",                                                           \
	  "%p is blocked in a wait for another child%w, and gets to %c after that; if it does "    \
	  "not, restart it and let it wait for any child.")                                        \
	R(WAITS_IN_CIRCLE, "waits_for_other",                                                      \
	  "it waits for PID 1 of their pid namespace, which waits until they are reaped",          \
	  "Restart the parent",                                                                    \
	  "%p is blocked in a wait for PID 1 of the pid namespace of %c%w, which has ended and "   \
	  "waits until %c is reaped: neither goes on by itself. Let %p wait for %c first, or for " \
	  "any child; end it to resolve this now: %a.")                                            \
	R(WAITS_FOR_GROUP, "waits_for_other",                                                      \
	  "it sleeps waiting for children of another process group",                               \
	  "Wait, or restart the parent",                                                           \
	  "%p is blocked in a wait for another process group%w, of which %c is none; if it does "  \
	  "not get to it after that, restart it and let it wait for any child.")                   \
	R(WAITS_FOR_STOPS, "waits_for_other",                                                      \
	  "it waits for children to stop or go on, not to exit", "Restart the parent",             \
	  "%p sleeps in a wait%w that asks for children that stop or go on, not for those that "   \
	  "exit (no WEXITED): so it never gets %c; fix or restart it; %a.")                        \
	R(WAITS_FOR_CLONES, "waits_for_other",                                                     \
	  "it waits with __WCLONE, which passes over children that send SIGCHLD",                  \
	  "Restart the parent",                                                                    \
	  "%p sleeps in a wait%w with __WCLONE, which sees only children made by clone() with "    \
	  "another exit signal than SIGCHLD: so it never gets %c; fix it (__WALL takes both), or " \
	  "restart it; %a.")                                                                       \
	R(WAITS_IN_THREAD, "waits_for_other", "another thread of it waits, with __WNOTHREAD",      \
	  "Restart the parent",                                                                    \
	  "%p sleeps in a wait%w with __WNOTHREAD, which sees only the children of that very "     \
	  "thread, and %c is another's: wait in the thread that forked it, or without that "       \
	  "option; restart it to get rid of %c: %a.")                                              \
	R(PARENT_STOPPED, "parent_stopped", "it is stopped, so it cannot wait",                    \
	  "Continue the parent", "%p %q, and reaps nothing: %f.")                                  \
	R(PARENT_TRACED, "parent_stopped", "its tracer has stopped it, so it cannot wait",         \
	  "Let its tracer go on", "%p %q, and reaps nothing: %f.")                                 \
	R(PARENT_BLOCKED, "parent_blocked", "it is blocked in the kernel, so it cannot wait",      \
	  "Wait", "%p %q, and cannot reap now: %f.")                                               \
	R(PARENT_FROZEN, "parent_blocked", "its cgroup is frozen, so it cannot wait",              \
	  "Thaw the parent", "%p %q, and reaps nothing: %f.")                                      \
	R(PARENT_VFORK, "parent_blocked", "it is in vfork, so it cannot wait",                     \
	  "End the child that it waits for in vfork", "%p %q, so it reaps nothing: %f.")           \
	R(PARENT_DYING, "parent_blocked", "it is dying itself, and cannot wait", "Wait",           \
	  "%p %q, so %c goes when that is done: %f.")                                              \
	R(TRACED, "traced", "a tracer holds the zombie and has not let go", "End the tracer",      \
	  "%t traces %c and has to wait for it before its parent can: detach or end the tracer.")  \
	R(TRACED_THREAD, "traced",                                                                 \
	  "a tracer holds a dead thread of the zombie and has not let go", "End the tracer",       \
	  "A thread of %c is dead, too, but its tracer %t has not waited for it, and before that " \
	  "nobody can reap the process: detach or end the tracer.")                                \
	R(NO_EXIT_SIGNAL, "no_exit_signal",                                                        \
	  "the child has no exit signal; only __WCLONE or __WALL finds it", "Restart the parent",  \
	  "%c was made by clone() without an exit signal, so %p is not told of its death: it has " \
	  "to wait with __WALL or __WCLONE; ending %p frees it, as %a.")                           \
	R(OTHER_EXIT_SIGNAL, "no_exit_signal",                                                     \
	  "the child's exit signal is not SIGCHLD; only __WCLONE or __WALL finds it",              \
	  "Restart the parent",                                                                    \
	  "%c was made by clone() with %x as its exit signal, so an ordinary wait of %p passes "   \
	  "it "                                                                                    \
	  "over: it has to wait with __WALL or __WCLONE; ending %p frees it, as %a.")              \
	R(INIT_NOT_REAPING, "init_not_reaping",                                                    \
	  "it is PID 1 of its namespace, inherits orphans, and does not reap",                     \
	  "Run it below an init",                                                                  \
	  "%p is PID 1 of its container (%c is pid %n in there) and does not reap what it "        \
	  "adopts: run an init such as tini in front of it (docker run --init), and restart the "  \
	  "container to be rid of it.")                                                            \
	R(INIT_PERHAPS, "init_not_reaping",                                                        \
	  "it is PID 1 of its namespace and has reaped others, but not these",                     \
	  "Run it below an init, or fix it",                                                       \
	  "%p is PID 1 of its container (%c is pid %n in there) and has reaped others, but not "   \
	  "this one. Whether it forked or adopted it was not seen: for what it adopts run an "     \
	  "init "                                                                                  \
	  "such as tini in front of it (docker run --init), for its own children it has to wait "  \
	  "itself; restart the container to be rid of it.")                                        \
	R(SUBREAPER_NOT_REAPING, "subreaper_not_reaping",                                          \
	  "it asked for orphans as a subreaper, and does not reap them", "Restart the parent",     \
	  "%p declared itself a subreaper (PR_SET_CHILD_SUBREAPER) and adopted %c, but does not "  \
	  "wait for it: fix or restart it; %a.")                                                   \
	R(SUBREAPER_PERHAPS, "subreaper_not_reaping",                                              \
	  "it asked for orphans as a subreaper, and has reaped others, but not these",             \
	  "Restart the parent",                                                                    \
	  "%p declared itself a subreaper (PR_SET_CHILD_SUBREAPER) and does not wait for %c; "     \
	  "whether it forked or adopted it was not seen: fix or restart it; %a.")                  \
	R(HEADLESS, "headless", "the main thread ended, others live on", "Nothing",                \
	  "%c is no zombie: its main thread has ended, but other threads live on and hold all it " \
	  "has; to end it, kill the process (kill %C).")                                           \
	R(DYING, "dying", "it has ended, but the kernel is not done with it", "Wait",              \
	  "%c is no zombie yet: it has ended, but the kernel is not done with it%k.")              \
	R(RECENT, "recent", "it died just now; this is normal", "Wait",                            \
	  "%c has only just died: give %p%i a moment to reap it%h.")

enum reason {
#define R(ID, key, why, brief, remedy) REASON_##ID,
	REASON_TABLE(R)
#undef R
		REASONS
};
const char *name_reason(enum reason r);	 /* its key */
const char *reason_why(enum reason r);	 /* of the parent: "it does not wait for them" */
const char *reason_brief(enum reason r); /* what helps, in a few words */
enum reason reason_group(enum reason r); /* the first one of the same key */

#endif
