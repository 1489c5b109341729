/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which source a command reads: a file, the kernel by BPF, or /proc where BPF is refused.
 *
 * A one-shot is answered from /proc rather than not at all, and says so; what must be live stops
 * with one sentence about what is missing.
 */
#include <string.h>

#include "choose.h"
#include "options.h"
#include "live.h"
#include "rec.h"

bool source_is_live(const struct view *v, const struct opts *o)
{
	return v->live_only || o->watch;
}

static struct source *open_proc(const struct opts *o, const struct source_opts *so, const char *why)
{
	struct source *s;
	struct buf err = {};

	if (source_open_proc(&s, so, &err) < 0)
		die(EXIT_CANNOT, "%s", err.s);
	if (!o->quiet)
		warn("%s; answering from /proc, which shows no history and neither sockets in "
		     "flight nor those of processes that may not be read",
		     why);
	buf_free(&err);
	return s;
}

/*
 * What the kernel may leave out without hiding anything that is to be shown.  Numbers do not tell
 * who killed whom, and a look at each SIGCHLD makes a fork with its end 1 % slower.
 */
static struct filter kernel_filter(const struct view *v, const struct opts *o)
{
	struct filter f = o->filter;

	if (v->daemon && !o->record)
		f.kinds = ~(1ull << EV_KIND_SIGNAL);
	if (o->record) /* keeps what is sent, not what is shown */
		return o->wide ? (struct filter){.kinds = f.kinds, .tree = f.tree} : f;
	f.wide = o->wide && (f.pid || f.has_uid || f.port || f.comm[0]);
	f.shown = o->kinds & KINDS_TOLD ? 0 : o->kinds;
	return f;
}

/* Where BPF cannot be used at all, why and what to do says more than which step of ours failed. */
static void explain(struct buf *err, int refused)
{
	struct buf why = {};

	if (live_probe(&why) < 0 && why.len) {
		buf_reset(err);
		buf_add(err, why.s, why.len);
	}
	if (!err->len)
		buf_puts(err, strerror(-refused));
	while (err->len && strchr(".\n", err->s[err->len - 1]))
		err->s[--err->len] = 0;
	buf_free(&why);
}

struct source *source_choose(const struct view *v, const struct opts *o)
{
	const bool live = source_is_live(v, o);
	/*
	 * With descriptor events what happens is in them; sockets of nobody (TIME_WAIT has no event)
	 * matter to who asks for sockets, now or later of a recording, and names of UNIX sockets come
	 * by no other way without.
	 */
	const bool socks = !v->live_only || v->daemon || o->fd == FD_LEAN || o->record;
	struct want want = {.scope = v->scope};
	struct source_opts so = {
		.first = live ? NULL : &want,
		.fd = o->fd,
		.ring_bytes = o->ring_bytes,
		.filter = kernel_filter(v, o),
		.events = live,
		.rescan = SCOPE_TASKS | SCOPE_FDS | (socks ? SCOPE_SOCKS : 0),
		.high_rate = !v->daemon, /* somebody watches */
		/* What goes on for days asks who made what it found there. */
		.makers = v->daemon || v->records,
		.patient = v->daemon,
		.counting = v->daemon,
		.spare = !o->record,
		.count_runs = v->daemon && o->collectors & 1u << COLLECTOR_BPF,
	};
	struct source *s = NULL;
	struct buf err = {};
	int refused;

	if (v->want)
		v->want(o, &want);
	if (o->replay) {
		const char *path = rec_from_pipe(o->replay) ? "-" : o->replay;

		if ((rec_is_recording(path) ? source_open_recording : source_open_story)(&s, path,
											 &err) < 0)
			die(EXIT_USAGE, "%s", err.s);
		return s;
	}
	if (o->no_bpf && so.events)
		die(EXIT_CANNOT, "%s needs live events, which only BPF gives: leave --no-bpf out%s",
		    v->name, v->live_only ? "" : ", or -w");
	if (o->no_bpf)
		return open_proc(o, &so, "BPF is not used (--no-bpf)");
	refused = source_open_bpf(&s, &so, &err);
	if (refused)
		explain(&err, refused);
	if (refused && so.events)
		die(EXIT_CANNOT, "%s", err.s);
	if (refused)
		s = open_proc(o, &so, err.s);
	buf_free(&err);
	return s;
}
