/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace: every event as it happens, one line each.
 *
 * JSON lines are made from the field tables, so a field added to the schema appears by itself.
 * Text lines are for reading: who, and what in words.  Nothing is kept between lines but the time
 * stamp of the second, which is the dearest part of a line to write.
 */
#include <stdlib.h>
#include <string.h>

#include "put.h"
#include "trace_filter.h"

struct trace {
	const struct opts *opts;
	struct out *out;
	u64 second;	/* of `stamp` */
	char stamp[40]; /* "2026-11-21T12:00:00." and nine digits to be filled in */
	struct buf text;
};

#define FRACTION  20				    /* where they begin */
#define HEAD_ROOM (160 + PUT_STRING_ROOM(COMM_LEN)) /* of what every line begins with */
#define WHO_WIDTH 16

static void *trace_open(const struct opts *o, struct out *out)
{
	struct trace *t = xcalloc(1, sizeof(*t));

	t->opts = o;
	t->out = out;
	return t;
}

static char *put_stamp(struct trace *t, char *p, u64 wall)
{
	if (!wall)
		return put_literal(p, "\"ts\":null");
	if (wall / NS_PER_S != t->second || !t->stamp[0]) {
		t->second = wall / NS_PER_S;
		time_rfc3339(t->stamp, wall);
	}
	p = put_literal(p, "\"ts\":\"");
	p = put_bytes(p, t->stamp, FRACTION);
	*p++ = (char)('0' + wall % NS_PER_S / 100000000);
	p = put_eight(p, wall % 100000000);
	return put_literal(p, "Z\"");
}

static char *put_id(char *p, u32 v)
{
	return v ? put_u64(p, v) : put_literal(p, "null");
}

/* What every line begins with: "ts":...,"event":...,"pid":...,"tid":...,"comm":... */
static void put_head(struct trace *t, struct json *j, const struct model *m, const struct ev *e)
{
	u32 tgid = trace_tgid(m, e);
	const struct proc *proc = proc_at(m, proc_find(m, tgid));
	const char *comm = proc ? proc_comm(m, proc) : "";
	char *p = json_space(j, HEAD_ROOM);

	p = put_stamp(t, p, model_wall(m, e->ts));
	p = put_literal(p, ",\"event\":\"");
	p = put_word(p, event_kind(e->kind)->public);
	p = put_literal(p, "\",\"pid\":");
	p = put_id(p, tgid);
	p = put_literal(p, ",\"tid\":");
	p = put_id(p, tgid == e->tgid ? e->tid : 0);
	p = put_literal(p, ",\"comm\":");
	p = *comm ? put_string(p, comm, strlen(comm)) : put_literal(p, "null");
	json_spent(j, p);
}

/* Why, and who killed it: the process if it is known, its bare pid if not. */
static void put_killer(struct json *j, const struct model *m, const struct ev *e)
{
	const struct ev_exit *x = (const struct ev_exit *)e;
	const struct proc *p = proc_at(m, proc_find_start(m, e->tgid, x->start));
	const struct death *d = p ? death_at(m, p->death) : NULL;

	json_str(j, "cause", d && x->signal ? name_cause(death_cause(d)) : NULL);
	if (!d || d->killer || !d->killer_pid) {
		json_ref(j, "by", m, d ? d->killer : 0);
		return;
	}
	json_obj(j, "by");
	json_u64(j, "pid", d->killer_pid);
	json_null(j, "comm");
	json_end_obj(j);
}

/* What a kind has beyond its fields. */
static void put_more(struct json *j, const struct model *m, const struct ev *e)
{
	const struct ev_bind *b = (const struct ev_bind *)e;
	const struct ev_unix_bind *u = (const struct ev_unix_bind *)e;
	u32 sig = e->kind == EV_KIND_EXIT     ? ((const struct ev_exit *)e)->signal
		  : e->kind == EV_KIND_SIGNAL ? ((const struct ev_signal *)e)->signal
					      : 0;
	s32 error = e->kind == EV_KIND_BIND	   ? b->error
		    : e->kind == EV_KIND_UNIX_BIND ? u->error
						   : 0;

	if (e->kind == EV_KIND_EXIT || e->kind == EV_KIND_SIGNAL)
		json_str(j, "signal_name", sig ? name_signal(sig) : NULL);
	if (e->kind == EV_KIND_EXIT)
		put_killer(j, m, e);
	if (e->kind == EV_KIND_SIGNAL)
		json_str(j, "cause", name_cause(signal_cause(m, (const struct ev_signal *)e)));
	if (error && !strcmp(name_errno(error), "EADDRINUSE"))
		json_ref(j, "in_use_by", m, trace_in_use_by(m, e));
}

static void trace_json(struct trace *t, const struct model *m, const struct ev *e)
{
	struct json j;

	json_init(&j, &t->out->line);
	json_obj(&j, NULL);
	put_head(t, &j, m, e);
	json_fields(&j, e, m->realtime_off);
	put_more(&j, m, e);
	json_end_obj(&j);
	out_line(t->out);
}

/* "comm[pid]"; or only its number when nothing else is known. */
static void add_who(struct buf *b, const struct model *m, u32 tgid)
{
	if (tgid)
		text_pid(b, m, tgid);
	else
		buf_puts(b, "-");
}

/* Details begin in a column of their own, as long as that does not push them out of the line. */
static void pad_who(struct trace *t, size_t begun, bool cut)
{
	struct buf *line = &t->out->line;
	size_t used = text_width(line->s, line->len);
	size_t who = text_width(line->s + begun, line->len - begun);
	size_t pad = who < WHO_WIDTH ? WHO_WIDTH - who : 0;
	size_t wide = used + 2 + text_width(t->text.s, t->text.len);

	if (!cut && t->out->fit && wide + pad > (size_t)t->out->width)
		pad = wide < (size_t)t->out->width ? t->out->width - wide : 0;
	buf_printf(line, "%*s", (int)pad + 2, "");
}

static void trace_text(struct trace *t, const struct model *m, const struct ev *e)
{
	struct buf *line = &t->out->line;
	struct out *o = t->out;
	char clock[16] = "--:--:--.---";
	size_t used;
	enum tint tint;

	if (model_wall(m, e->ts))
		time_clock(clock, model_wall(m, e->ts));
	buf_printf(line, "%s  %-8s  ", clock, event_kind(e->kind)->public);
	used = line->len;
	add_who(line, m, trace_tgid(m, e));
	buf_reset(&t->text);
	tint = trace_details(&t->text, m, e);
	pad_who(t, used, e->kind == EV_KIND_EXEC); /* argv is long and cut in any case */
	used = text_width(line->s, line->len);
	if (tint != TINT_NONE)
		buf_puts(line, out_tint(o, tint));
	if (t->text.len)
		buf_add_safe(line, t->text.s, t->text.len,
			     !o->fit			   ? 0
			     : (size_t)o->width > used + 8 ? o->width - used
							   : 8);
	if (tint != TINT_NONE)
		buf_puts(line, out_tint(o, TINT_NONE));
	out_line(o);
}

/* What the model told is a remark in the raw form: whoever reads it back has a model too. */
static void trace_raw(struct trace *t, const struct ev *e)
{
	const struct kind *k = event_kind(e->kind);

	if (k->class == CLASS_TOLD)
		buf_puts(&t->out->line, "# ");
	event_text(&t->out->line, e);
	out_line(t->out);
}

/*
 * That the recording is not whole is said by who reads it, and by the exit code; that events were
 * lost which were not to be shown is seen to.
 */
static bool lost_none(const struct trace *t, const struct ev *e)
{
	const struct ev_lost *x = (const void *)e;

	return e->kind == EV_KIND_LOST && !x->count && (x->damaged || !t->opts->replay);
}

static void trace_event(void *view, const struct model *m, const struct ev *e)
{
	struct trace *t = view;

	if (t->opts->raw) {
		if (trace_frames(t->opts, e) || trace_shown(t->opts, m, e))
			trace_raw(t, e);
		return;
	}
	if (!event_kind(e->kind)->public || lost_none(t, e) || !trace_shown(t->opts, m, e))
		return;
	if (t->opts->json)
		trace_json(t, m, e);
	else
		trace_text(t, m, e);
}

static int trace_finish(void *view, const struct model *m)
{
	(void)view;
	return answer_code(m, EXIT_ANSWERED);
}

static void trace_close(void *view)
{
	struct trace *t = view;

	buf_free(&t->text);
	free(t);
}

/* ---- --list --------------------------------------------------------------------------------- */

static void list_kind(struct out *o, const struct kind *k)
{
	out_printf(o, "%s%s%s: %s", out_tint(o, TINT_BOLD), k->public, out_tint(o, TINT_NONE),
		   k->doc);
	for (u32 i = 0; i < k->nfields; i++) {
		const struct field *f = &k->fields[i];

		if (f->fmt != FMT_HIDE)
			out_printf(o, "    %-14.*s %s", (int)f->name_len, f->name, f->doc);
	}
}

void trace_list(struct out *o)
{
	out_printf(o, "Every event has ts, event, pid, tid and comm, and what its kind adds.\n\n");
	for (unsigned int n = 1; n < EV_KIND_MAX; n++) {
		const struct kind *k = event_kind(n);

		if (k && k->public)
			list_kind(o, k);
	}
}

const struct view view_trace = {
	.name = "trace",
	.usage = "[FILTER=VALUE...] [-- COMMAND [ARG...]]",
	.help = "live events, one line each; or run a command and follow all it starts",
	.scope = SCOPE_TASKS | SCOPE_FDS | SCOPE_SOCKS,
	.live_only = true,
	.runs = true,
	.options = trace_options,
	.operands = {0, UINT32_MAX, trace_operand, NULL},
	.list = trace_list,
	.open = trace_open,
	.event = trace_event,
	.finish = trace_finish,
	.close = trace_close,
};
