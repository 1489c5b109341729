// SPDX-License-Identifier: BSD-2-Clause
/*
 * Everything here is touched by a signal handler or read by another thread: C11 atomics, all of
 * them free of locks.  The order of two of them never matters, so they are relaxed.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "life.h"

/* Time on a processor since the signal, or in all if some of it was on one, or in any case. */
struct limit {
	u64 cpu_ns, wall_ns, last_ns;
};
#define SOME_NS	 (50 * NS_PER_MS)
#define LATE_NS	 (700 * NS_PER_MS) /* a pipe that is still full then stays so */
#define AGAIN_NS NS_PER_S	   /* a signal after that is a new wish: to end at once */
#define TICK_US	 50000		   /* what sleeps in a system call is woken that often */
#define HOOK_NS	 (100 * NS_PER_MS)

#define get(x)	  atomic_load_explicit(&(x), memory_order_relaxed)
#define set(x, v) atomic_store_explicit(&(x), (v), memory_order_relaxed)

static atomic_int asked, null_fd = -1, out_fd = -1;
static atomic_bool sent, abandon, answering, cut;
static _Atomic u64 asked_ns, asked_cpu_ns, beat_ns, caught_ts;
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "used in a signal handler");

static const struct limit leave = {400 * NS_PER_MS, 800 * NS_PER_MS, 3 * NS_PER_S};
static const struct limit force = {600 * NS_PER_MS, 950 * NS_PER_MS, 4 * NS_PER_S};

/* Of the loop's thread alone. */
static void (*hook)(void *);
static void *hook_ctx;
static u64 hooked_ns;

static u64 mono_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (u64)t.tv_sec * NS_PER_S + (u64)t.tv_nsec;
}

/* ---- the end --------------------------------------------------------------------------------- */

/*
 * What a terminal sends comes from the kernel, and goes to CMD as well as to us; but when it hangs
 * up, it tells the leader of the session alone.
 */
static void on_signal(int sig, siginfo_t *info, void *context)
{
	const struct itimerval tick = {{0, TICK_US}, {0, TICK_US}};
	const int error = errno;
	u64 now = mono_ns(CLOCK_MONOTONIC);

	(void)context;
	if (!get(asked)) {
		set(asked_ns, now);
		set(asked_cpu_ns, mono_ns(CLOCK_THREAD_CPUTIME_ID));
		set(sent, info->si_code <= 0 || (sig == SIGHUP && getsid(0) == getpid()));
		set(asked, sig);
		setitimer(ITIMER_REAL, &tick, NULL);
	} else if (now - get(asked_ns) > AGAIN_NS) {
		signal(sig, SIG_DFL);
		raise(sig); /* comes when this returns */
	}
	errno = error;
}

static bool used_up(struct limit l)
{
	u64 wall = mono_ns(CLOCK_MONOTONIC) - get(asked_ns);
	u64 cpu = mono_ns(CLOCK_THREAD_CPUTIME_ID) - get(asked_cpu_ns);

	return cpu > l.cpu_ns || (wall > l.wall_ns && cpu > SOME_NS) || wall > l.last_ns;
}

static bool reader_sleeps(int out)
{
	struct pollfd p = {.fd = out, .events = POLLOUT};

	return out >= 0 && poll(&p, 1, 0) == 0;
}

/* Interrupts what sleeps.  A write that goes on byte by byte would be begun again, so it gets room.
 */
static void on_tick(int sig)
{
	static const char why[] = "probate: told to end while still busy: the answer is cut off\n";
	const int error = errno, out = get(out_fd), null = get(null_fd);
	u64 since = mono_ns(CLOCK_MONOTONIC) - get(asked_ns);

	(void)sig;
	if (since > LATE_NS && null >= 0 && reader_sleeps(out)) {
		set(cut, true);
		set(out_fd, -1);
		dup2(null, out);
	}
	if (get(abandon) && used_up(force)) {
		if (write(STDERR_FILENO, why, sizeof(why) - 1) < 0)
			_exit(EXIT_INCOMPLETE);
		_exit(EXIT_INCOMPLETE);
	}
	errno = error;
}

/* Without SA_RESTART: what sleeps is to see it. */
void stop_catch(int out)
{
	struct sigaction stop = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
	struct sigaction tick = {.sa_handler = on_tick}, old;

	sigaddset(&stop.sa_mask, SIGALRM);
	if (out >= 0) {
		set(null_fd, open("/dev/null", O_WRONLY | O_CLOEXEC));
		set(out_fd, out);
	}
	sigaction(SIGALRM, &tick, NULL);
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	if (!sigaction(SIGHUP, NULL, &old) && old.sa_handler != SIG_IGN) /* nohup */
		sigaction(SIGHUP, &stop, NULL);
}

int stop_asked(void)
{
	return get(asked);
}

bool stop_sent(void)
{
	return get(sent);
}

bool stop_due(void)
{
	return get(asked) && !get(answering) && used_up(leave);
}

void stop_abandon(bool may)
{
	set(abandon, may);
}

void stop_answering(void)
{
	set(answering, true);
}

void stop_cut(void)
{
	set(cut, true);
}

bool stop_was_cut(void)
{
	return get(cut);
}

/* ---- signs of life --------------------------------------------------------------------------- */

bool life_slice(void)
{
	u64 now = mono_ns(CLOCK_MONOTONIC_COARSE);

	set(beat_ns, now);
	if (hook && now - hooked_ns >= HOOK_NS) {
		hooked_ns = now;
		hook(hook_ctx);
	}
	return stop_due();
}

void life_hook(void (*fn)(void *ctx), void *ctx)
{
	hook = fn;
	hook_ctx = ctx;
}

void life_caught_up(u64 ts)
{
	if (ts > get(caught_ts))
		set(caught_ts, ts);
}

static u64 since(u64 now, u64 then)
{
	return then && now > then ? now - then : 0;
}

u64 life_still_ns(void)
{
	return since(mono_ns(CLOCK_MONOTONIC_COARSE), get(beat_ns));
}

u64 life_lag_ns(void)
{
	return since(mono_ns(CLOCK_BOOTTIME), get(caught_ts));
}
