/* SPDX-License-Identifier: BSD-2-Clause */
/* doctor's findings as text and as JSON, and what follows from them: what cannot be answered. */
#include <linux/capability.h>
#include <string.h>

#include "doctor.h"

static const struct {
	int bit;
	const char *name;
} caps[] = {
	{CAP_BPF, "CAP_BPF"},
	{CAP_PERFMON, "CAP_PERFMON"},
	{CAP_SYS_ADMIN, "CAP_SYS_ADMIN"},
	{CAP_NET_ADMIN, "CAP_NET_ADMIN"},
	{CAP_SYS_PTRACE, "CAP_SYS_PTRACE"},
	{CAP_SYS_RESOURCE, "CAP_SYS_RESOURCE"},
	{CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH"},
	{CAP_SYSLOG, "CAP_SYSLOG"},
};

static bool hook_refused(const struct doctor *d, const char *name)
{
	for (u32 i = 0; i < d->nhooks; i++)
		if (!strcmp(d->hook[i].name, name))
			return d->hook[i].wanted && d->hook[i].error;
	return false;
}

/* What cannot be answered here, NULL at the end. */
static u32 limits_of(const struct doctor *d, const char *out[16])
{
	u32 n = 0;

	if (d->why.len) {
		out[n++] = "Live commands (trace, -w) cannot run here: they need BPF.";
		out[n++] = "One-shot commands read /proc and sock_diag instead: who made a socket, "
			   "sockets "
			   "in flight or in io_uring, and TCP sockets bound but not listening stay "
			   "unknown.";
		return n;
	}
	out[n++] = "What began before probate watches has no creator and no history, only its "
		   "holders.";
	out[n++] = "The kernel keeps no exit time: zombies older than the watch have no age.";
	if (d->fd_full) {
		out[n++] = "Descriptor changes by 32-bit (i386, x32) system calls are found at the "
			   "next "
			   "scan, exec or exit, not as they happen.";
		out[n++] =
			"Who reaped is not seen of a waitid() that does not ask to be told "
			"(infop NULL) and may have reaped any child, none (WNOHANG), or only met "
			"one that stopped.";
		out[n++] =
			"Descriptors that io_uring installs or closes are found at the next scan.";
	} else {
		out[n++] = "fd=lean: dup, close, SCM_RIGHTS and pidfd_getfd are learnt at exec, at "
			   "exit and "
			   "from scans; how a holder got a socket may stay unknown.";
		out[n++] = "fd=lean: who reaped a process, sessions, and whether a holder uses an "
			   "inherited UDP socket are not seen.";
	}
	if (hook_refused(d, "sockops"))
		out[n++] = "No program can be attached to the root of cgroup2 (that takes its "
			   "mount, CAP_NET_ADMIN, and nobody there who wants to be alone): TCP "
			   "states that "
			   "change under a task on which the kernel runs no tracing program are "
			   "missed.";
	out[n++] =
		"What keeps a socket without a descriptor is named if it is a call that a thread "
		"sleeps in, or an io_uring; not if it is a part of the kernel that was given it.";
	if (!d->may_probe)
		out[n++] =
			"The kernel does not let iterators read its memory: names of UNIX sockets, "
			"sockets in flight, close-on-exec of what was there before and pids in "
			"nested namespaces are not known from scans.";
	if (d->lockdown.s && !strcmp(d->lockdown.s, "confidentiality"))
		out[n++] =
			"lockdown=confidentiality: command lines come from /proc, after the fact.";
	return n;
}

/* ---- JSON ---- */

static void hooks_json(struct json *j, const struct doctor *d)
{
	json_arr(j, "hooks");
	for (u32 i = 0; i < d->nhooks; i++) {
		const struct hook *h = &d->hook[i];

		json_obj(j, NULL);
		json_str(j, "name", h->name);
		json_str(j, "what", h->what);
		json_str(j, "tier", h->tier);
		json_bool(j, "attached", h->wanted && !h->error);
		json_str(j, "error", h->error ? name_errno(h->error) : NULL);
		json_bool(j, "fired", h->runs > 0);
		json_end_obj(j);
	}
	json_end_arr(j);
}

static void test_json(struct json *j, const struct doctor *d)
{
	const struct expect *x;
	u32 n = selftest_expected(&x);

	json_arr(j, "selftest");
	for (u32 i = 0; i < n && !d->why.len; i++) {
		if (!doctor_expects(d, &x[i]))
			continue;
		json_obj(j, NULL);
		json_str(j, "event", x[i].name);
		json_bool(j, "seen", d->seen[i]);
		json_end_obj(j);
	}
	json_end_arr(j);
}

void doctor_json(struct out *o, const struct doctor *d)
{
	const char *limits[16];
	u32 n = limits_of(d, limits);
	struct json j;

	json_init(&j, &o->line);
	json_obj(&j, NULL);
	json_str(&j, "kernel", d->kernel.release);
	json_str(&j, "arch", d->kernel.machine);
	json_bool(&j, "btf", d->btf);
	json_str(&j, "lockdown", d->lockdown.s);
	json_arr(&j, "caps");
	for (u32 i = 0; i < ARRAY_SIZE(caps); i++)
		if (d->caps >> caps[i].bit & 1)
			json_str(&j, NULL, caps[i].name);
	json_end_arr(&j);
	json_str(&j, "tier", *d->tier ? d->tier : NULL);
	json_str(&j, "fd", d->why.len ? NULL : d->fd_full ? "full" : "lean");
	json_str(&j, "error", d->why.len ? d->why.s : d->test_error.s);
	hooks_json(&j, d);
	json_obj(&j, "skipped");
	json_u64(&j, "runs", d->stats.skipped);
	json_u64(&j, "made_good", d->stats.made_good);
	json_u64(&j, "lost", d->stats.skipped_lost);
	json_end_obj(&j);
	test_json(&j, d);
	json_arr(&j, "limits");
	for (u32 i = 0; i < n; i++)
		json_str(&j, NULL, limits[i]);
	json_end_arr(&j);
	json_end_obj(&j);
	out_line(o);
}

/* ---- text ---- */

static void facts_text(struct out *o, const struct doctor *d)
{
	struct buf have = {0}, lack = {0};

	for (u32 i = 0; i < ARRAY_SIZE(caps); i++) {
		struct buf *b = d->caps >> caps[i].bit & 1 ? &have : &lack;

		buf_printf(b, "%s%s", b->len ? " " : "", caps[i].name + 4);
	}
	out_printf(o, "kernel        %s %s", d->kernel.release, d->kernel.machine);
	out_printf(o, "BTF           %s",
		   d->btf ? "yes"
			  : "no: the kernel was built without "
			    "CONFIG_DEBUG_INFO_BTF");
	out_printf(o, "lockdown      %s",
		   d->lockdown.s ? d->lockdown.s : "not known (securityfs is not mounted)");
	out_printf(o, "capabilities  %s", have.s ? have.s : "none of use here");
	if (lack.len)
		out_printf(o, "  missing     %s", lack.s);
	if (d->unprivileged >= 0)
		out_printf(o, "unprivileged_bpf_disabled = %d", d->unprivileged);
	out_printf(o, "hooks         %s", d->why.len ? "none: BPF cannot be used" : d->tier);
	if (!d->why.len)
		out_printf(o,
			   "skipped runs  %llu, as the program ran on that CPU already; made good "
			   "%llu, lost %llu",
			   (unsigned long long)d->stats.skipped,
			   (unsigned long long)d->stats.made_good,
			   (unsigned long long)d->stats.skipped_lost);
	buf_free(&have);
	buf_free(&lack);
}

static void hooks_text(struct out *o, const struct doctor *d)
{
	static const struct column cols[] = {
		{"HOOK", 20, false},
		{"TIER", 5, false},
		{"STATE", 8, false},
		{"FOR", 16, false},
	};
	struct table t;

	table_init(&t, cols, ARRAY_SIZE(cols));
	for (u32 i = 0; i < d->nhooks; i++) {
		const struct hook *h = &d->hook[i];

		table_cell(&t, TINT_NONE, "%s", h->name);
		table_cell(&t, TINT_DIM, "%s", h->tier ? h->tier : "");
		if (!h->wanted)
			table_cell(&t, TINT_DIM, "not needed");
		else if (h->error)
			table_cell(&t, hook_missing(h) ? TINT_BAD : TINT_DIM, "refused: %s",
				   name_errno(h->error));
		else
			table_cell(&t, h->runs ? TINT_GOOD : TINT_BAD, "%s",
				   h->runs ? "fires" : "never fired");
		table_cell(&t, TINT_NONE, "%s", h->what ? h->what : "");
	}
	out_printf(o, "%s", "");
	table_print(&t, o);
}

static void test_text(struct out *o, const struct doctor *d)
{
	const struct expect *x;
	u32 n = selftest_expected(&x), wanted = 0, missing = 0;
	struct buf b = {0};

	for (u32 i = 0; i < n; i++) {
		if (!doctor_expects(d, &x[i]))
			continue;
		wanted++;
		if (d->seen[i])
			continue;
		buf_printf(&b, "%s%s", missing++ ? ", " : "", x[i].name);
	}
	out_printf(o, "%s", "");
	if (d->test_error.len)
		out_printf(o, "Self-test: %s", d->test_error.s);
	out_printf(o, "Self-test: %u of %u kinds of event arrived", wanted - missing, wanted);
	if (missing) {
		out_printf(o, "  missing:");
		out_wrap(o, 2, b.s);
	}
	buf_free(&b);
}

void doctor_text(struct out *o, const struct doctor *d)
{
	const char *limits[16];
	u32 n = limits_of(d, limits);

	facts_text(o, d);
	if (d->why.len) {
		out_printf(o, "%s", "");
		out_wrap(o, 0, d->why.s);
	} else {
		hooks_text(o, d);
		test_text(o, d);
	}
	out_printf(o, "%s", "");
	out_printf(o, "Cannot be answered here");
	for (u32 i = 0; i < n; i++)
		out_wrap(o, 2, limits[i]);
}
