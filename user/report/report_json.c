/* SPDX-License-Identifier: BSD-2-Clause */
/* The report as one JSON object.  What happened has a sentence, too: the same as in text. */
#include <stdlib.h>
#include <string.h>

#include "report.h"

static void json_buf(struct json *j, const char *key, struct buf *b)
{
	json_strn(j, key, b->s ? b->s : "", b->len);
	buf_reset(b);
}

static void json_comm(struct json *j, const char *key, const char *comm)
{
	json_str(j, key, *comm ? comm : NULL);
}

static void json_who(struct json *j, const char *key, const struct who *w)
{
	json_named(j, key, w->comm, w->pid);
}

/* A process that has an entry in "processes": found there by pid and start. */
static void json_life(struct json *j, const char *key, const struct report *r,
		      const struct model *m, u32 life, u64 ts)
{
	const struct life *l = life_at(r, life);

	if (!l) {
		json_null(j, key);
		return;
	}
	json_obj(j, key);
	json_u64(j, "pid", l->tgid);
	json_time(j, "start", model_wall(m, l->start));
	json_comm(j, "comm", life_comm(l, ts));
	json_end_obj(j);
}

/* ---- head ---- */

static void json_head(struct json *j, const struct report *r, const struct model *m)
{
	static const char *const subjects[] = {"port", "pid", "machine"};
	const struct cut *cuts;
	struct buf b = {0};

	json_str(j, "subject", subjects[r->subject]);
	json_str(j, "query", r->subject == ON_MACHINE ? NULL : r->opts->arg);
	json_bool(j, "met", r->met || r->subject == ON_MACHINE);
	json_time(j, "from", model_wall(m, r->from));
	json_time(j, "to", model_wall(m, r->to));
	json_u64(j, "events", r->events);
	json_u64(j, "lost", r->lost);
	if (r->held)
		json_u64(j, "held_back", r->held);
	json_bool(j, "history", m->watching_since != 0);
	json_bool(j, "complete",
		  !m->lost_since && !m->damaged && !m->nheld && !model_cuts(m, &cuts));
	say_limits(&b, r, m);
	json_arr(j, "limits");
	for (char *s = b.s, *end; s && (end = strchr(s, '\n')); s = end + 1)
		if (end > s)
			json_strn(j, NULL, s, end - s);
	json_end_arr(j);
	buf_free(&b);
}

/* What `port` answers, as far as the report is about one; else the leaked sockets. */
static void json_end_state(struct json *j, const struct report *r, const struct model *m)
{
	struct match *list = NULL;
	u32 here = 0, n = r->subject == ON_PORT ? matches_of(m, &r->query, &list, &here) : 0;

	json_obj(j, "end");
	if (r->subject == ON_PORT)
		json_bool(j, "held", here > 0);
	json_arr(j, "sockets");
	for (u32 i = 0; i < n && i < TRACKS_MAX; i++) {
		json_obj(j, NULL);
		json_sock(j, m, list[i].sock);
		json_end_obj(j);
	}
	for (u32 id = 0, k = 0;
	     r->subject == ON_MACHINE && k < TRACKS_MAX && (id = sock_next(m, id));) {
		if (verdict_of(m, sock_at(m, id)) != VERDICT_LEAKED)
			continue;
		k++;
		json_obj(j, NULL);
		json_sock(j, m, sock_at(m, id));
		json_end_obj(j);
	}
	json_end_arr(j);
	json_end_obj(j);
	free(list);
}

/* ---- sockets ---- */

static void json_tenures(struct json *j, const struct report *r, const struct model *m, u32 track)
{
	static const char *const ends[] = {NULL, "exit", "exec", "close", "scan"};
	u32 *ids, n = tenures_of(r, track, &ids);

	json_arr(j, "holders");
	for (u32 i = 0; i < n; i++) {
		const struct tenure *t = tenure_at(r, ids[i]);

		json_obj(j, NULL);
		json_life(j, "process", r, m, t->life, t->to ? t->to : r->to);
		json_time(j, "from", model_wall(m, t->from));
		json_time(j, "to", model_wall(m, t->to));
		json_str(j, "ended_by", ends[t->end]);
		json_str(j, "via", name_via(t->via));
		json_life(j, "got_from", r, m, t->got_from, t->from);
		json_tristate(j, "used", t->used);
		if (t->fd < 0)
			json_null(j, "fd");
		else
			json_s64(j, "fd", t->fd);
		json_tristate(j, "cloexec", t->cloexec);
		json_end_obj(j);
	}
	json_end_arr(j);
	free(ids);
}

static void json_story(struct json *j, const struct report *r, const struct model *m, u32 track)
{
	struct happen *h;
	u32 n = story_of(r, track, &h);
	struct buf b = {0};

	json_arr(j, "story");
	for (u32 i = 0; i < n; i++) {
		json_obj(j, NULL);
		json_time(j, "ts", model_wall(m, h[i].ts));
		json_str(j, "what", happen_name(h[i].kind));
		say_happen(&b, r, m, track, &h[i]);
		json_buf(j, "text", &b);
		json_end_obj(j);
	}
	json_end_arr(j);
	buf_free(&b);
	free(h);
}

static void json_tracks(struct json *j, const struct report *r, const struct model *m)
{
	u32 *ids, n = tracks_sorted(r, &ids);

	json_arr(j, "sockets");
	for (u32 i = 0; i < n; i++) {
		const struct track *t = track_at(r, ids[i]);

		json_obj(j, NULL);
		json_str(j, "proto", name_proto(t->proto));
		json_place(j, "local", t->proto, &t->local, &t->name);
		json_ep(j, "remote", &t->remote);
		json_id(j, "inode", t->inode);
		json_id(j, "cookie", t->cookie);
		json_id(j, "netns", t->netns);
		json_u64(j, "uid", t->uid);
		json_time(j, "opened", model_wall(m, t->opened));
		json_time(j, "gone", model_wall(m, t->gone));
		json_life(j, "creator", r, m, t->maker, t->opened);
		json_u64(j, "connections", t->conns);
		json_bool(j, "transferred", t->moved);
		json_bool(j, "leaked", t->leaked);
		json_str(j, "verdict", name_verdict(t->verdict));
		json_tenures(j, r, m, ids[i]);
		json_story(j, r, m, ids[i]);
		json_end_obj(j);
	}
	json_end_arr(j);
	free(ids);
}

/* ---- processes ---- */

static void json_runs(struct json *j, const struct model *m, const struct life *l)
{
	json_arr(j, "images");
	for (u32 i = 0; i < l->runs; i++) {
		const struct run *run = &l->run[i];

		json_obj(j, NULL);
		json_time(j, "ts", model_wall(m, run->ts));
		json_comm(j, "comm", run->comm);
		json_str(j, "exe", run->exe_len && *run->text ? run->text : NULL);
		json_args(j, "args", run->args_len ? run->text + run->exe_len : NULL,
			  run->args_len);
		json_end_obj(j);
	}
	json_end_arr(j);
	json_u64(j, "images_left_out", l->runs_cut);
}

static void json_death(struct json *j, const struct model *m, const struct life *l)
{
	const struct end e = life_end(l);

	if (!l->dead) {
		json_null(j, "exit");
		return;
	}
	json_obj(j, "exit");
	json_time(j, "ts", model_wall(m, l->exited));
	json_end(j, &e, true, l->killer.comm, l->killer.pid);
	json_end_obj(j);
}

static void json_lives(struct json *j, const struct report *r, const struct model *m)
{
	static const char *const roles[] = {"creator", "holder", "ancestor", "subject", "child"};
	u32 *ids, n = lives_sorted(r, &ids);

	json_arr(j, "processes");
	for (u32 i = 0; i < n; i++) {
		const struct life *l = life_at(r, ids[i]);

		json_obj(j, NULL);
		json_u64(j, "pid", l->tgid);
		json_time(j, "start", model_wall(m, l->start));
		json_comm(j, "comm", life_comm(l, ~0ull));
		json_arr(j, "roles");
		for (u32 k = 0; k < ARRAY_SIZE(roles); k++)
			if (l->roles & 1u << k)
				json_str(j, NULL, roles[k]);
		json_end_arr(j);
		json_life(j, "forked_by", r, m, l->forked ? l->birth : 0, l->start);
		json_who(j, "parent", &l->parent);
		json_time(j, "adopted", model_wall(m, l->adopted));
		json_runs(j, m, l);
		json_str(j, "state", !l->dead ? "running" : l->freed ? "dead" : "zombie");
		json_death(j, m, l);
		json_time(j, "reaped", model_wall(m, l->freed));
		json_who(j, "reaper", &l->reaper);
		json_end_obj(j);
	}
	json_end_arr(j);
	free(ids);
}

/* ---- the rest ---- */

static void json_refusals(struct json *j, const struct report *r, const struct model *m)
{
	struct buf b = {0};

	json_arr(j, "refused");
	for (u32 i = 0; i < r->refusals; i++) {
		const struct refusal *f = &r->refusal[i];

		json_obj(j, NULL);
		json_time(j, "first", model_wall(m, f->from));
		json_time(j, "last", model_wall(m, f->to));
		json_u64(j, "count", f->count);
		json_who(j, "process", &f->last);
		json_str(j, "proto", name_proto(f->proto));
		json_place(j, "local", f->proto, &f->local, &f->name);
		json_str(j, "error", name_errno(f->error));
		json_who(j, "held_by", &f->holder);
		if (f->kept[0])
			json_str(j, "kept", f->kept);
		say_refusal(&b, m, f);
		json_buf(j, "text", &b);
		json_end_obj(j);
	}
	json_end_arr(j);
	buf_free(&b);
}

static void json_handovers(struct json *j, const struct report *r, const struct model *m)
{
	json_arr(j, "transfers");
	for (u32 i = 0; i < r->handovers; i++) {
		const struct handover *h = &r->handover[i];

		json_obj(j, NULL);
		json_time(j, "ts", model_wall(m, h->ts));
		json_str(j, "proto", name_proto(h->proto));
		json_str(j, "local", h->local);
		json_who(j, "from", &h->from);
		json_who(j, "to", &h->to);
		json_u64(j, "holders", h->holders);
		json_bool(j, "died", h->died);
		json_end_obj(j);
	}
	json_end_arr(j);
}

static void json_crops(struct json *j, const struct report *r, const struct model *m)
{
	struct buf b = {0};

	json_arr(j, "zombies");
	for (u32 i = 0; i < r->crops; i++) {
		const struct crop *c = &r->crop[i];

		json_obj(j, NULL);
		json_comm(j, "comm", c->comm);
		json_who(j, "parent", &c->parent);
		json_str(j, "reason", name_reason(crop_reason(c)));
		json_u64(j, "count", c->count);
		json_u64(j, "left", c->left);
		json_arr(j, "pids");
		for (u32 k = 0; k < c->count && k < CROP_PIDS; k++)
			json_u64(j, NULL, c->pid[k]);
		json_end_arr(j);
		json_time(j, "first", model_wall(m, c->first));
		json_time(j, "last", model_wall(m, c->last));
		json_u64(j, "longest_ms", c->longest / NS_PER_MS);
		say_crop(&b, c);
		json_buf(j, "text", &b);
		json_end_obj(j);
	}
	json_end_arr(j);
	buf_free(&b);
}

static void json_gaps(struct json *j, const struct report *r, const struct model *m)
{
	json_arr(j, "losses");
	for (u32 i = 0; i < r->gaps; i++) {
		const struct gap *g = &r->gap[i];

		json_obj(j, NULL);
		json_time(j, "ts", model_wall(m, g->ts));
		json_u64(j, "count", g->count);
		json_bool(j, "unwatched", g->unwatched);
		if (g->damaged)
			json_bool(j, "damaged", true);
		json_time(j, "repaired", model_wall(m, g->repaired));
		json_u64(j, "dropped", g->dropped);
		json_u64(j, "added", g->added);
		json_end_obj(j);
	}
	json_end_arr(j);
}

static void json_programs(struct json *j, const struct report *r)
{
	json_arr(j, "busiest");
	for (u32 i = 0; i < r->programs; i++) {
		const struct program *p = &r->program[i];

		json_obj(j, NULL);
		json_comm(j, "comm", p->comm);
		json_u64(j, "events", p->events);
		json_u64(j, "forks", p->forks);
		json_u64(j, "execs", p->execs);
		json_u64(j, "sockets", p->sockets);
		json_u64(j, "connections", p->conns);
		json_end_obj(j);
	}
	json_end_arr(j);
}

void report_json(struct out *o, const struct report *r, const struct model *m)
{
	struct cut_row rows[CUT_ROWS];
	struct json j;

	json_init(&j, &o->line);
	json_obj(&j, NULL);
	json_head(&j, r, m);
	json_end_state(&j, r, m);
	json_tracks(&j, r, m);
	json_handovers(&j, r, m);
	json_refusals(&j, r, m);
	json_crops(&j, r, m);
	json_lives(&j, r, m);
	json_programs(&j, r);
	json_gaps(&j, r, m);
	cut_rows(r, rows);
	json_obj(&j, "left_out");
	for (u32 i = 0; i < CUT_ROWS; i++)
		json_u64(&j, rows[i].key, rows[i].n);
	json_end_obj(&j);
	json_end_obj(&j);
	out_line(o);
}
