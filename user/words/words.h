/* SPDX-License-Identifier: BSD-2-Clause */
/* How a process, a death, a socket, a time is said: in JSON and in text. */
#ifndef PROBATE_WORDS_H
#define PROBATE_WORDS_H

#include "answer.h"
#include "out.h"

/* ---- advice: why, and what to do ---------------------------------------------------------- */

struct answer {
	enum verdict verdict;
	bool certain;	   /* the whole history was seen */
	struct buf why;	   /* one sentence, safe for a terminal */
	struct buf action; /* one sentence, safe for a terminal */
};
/* The verdict on one socket, in words (advice.c).  answer_free() afterwards. */
void advise_sock(const struct model *m, const struct sock *s, struct answer *out);
void answer_free(struct answer *a);
/* Why a zombie (or a headless process) is not reaped; to action what helps, one sentence (advice_zombie.c). */
enum reason advise_zombie(const struct model *m, const struct proc *p, struct buf *action);
/*
 * What it is stuck in, "is frozen by cgroup /a", and what ends that, "thaw it ..." (stuck_text.c).
 * false: in nothing, and nothing is written.
 */
bool text_stuck(const struct model *m, const struct proc *p, struct buf *in, struct buf *ends);
/* Who is dying: what keeps the kernel from being done with it; nothing where that is not known. */
void text_dying(struct buf *b, const struct model *m, const struct proc *p);
/* "thread 123 of nginx[120] sleeps in accept4() on it": what keeps one that no descriptor shows. */
void text_kept(struct buf *b, const struct model *m, const struct sock *s);

struct end { /* how a process ended */
	u32 signal, cause;
	s32 code;
	bool known, again, core;
};
struct end end_of(const struct death *d); /* NULL: not known */

/* ---- a row each of what is shown and said (rows.c) ---------------------------------------- */

struct verdict_row {
	enum tint tint;
	const char *class; /* in HTML */
	bool news;	   /* a connection with it is worth explaining */
};
const struct verdict_row *verdict_row(enum verdict v);
struct via_row {
	const char *holder;	 /* how a holder has it: "inherited by fork" */
	const char *did, *after; /* what it did, " from ..." between: "forked", " with it" */
	const char *cell;	 /* in a table */
};
const struct via_row *via_row(u8 via);
/* "forked from bash[100] with it"; from: in words, empty where it is not known or itself. */
void text_came(struct buf *b, u8 via, const struct buf *from);

/* ---- in JSON (answer_json.c) ---------------------------------------------------------------- */

void json_proc(struct json *j, const char *key, const struct model *m, u32 proc);
/* {"pid","comm"}; pid 0: null, and comm NULL or empty. */
void json_named(struct json *j, const char *key, const char *comm, u32 pid);
void json_ref(struct json *j, const char *key, const struct model *m, u32 proc);
/* {"pid","comm"} or null */ /* with its exit */
void json_proc_members(struct json *j, const struct model *m, const struct proc *p);
void json_sock(struct json *j, const struct model *m,
	       const struct sock *s);		/* members, verdict included */
const char *hidden_where(const struct sock *s); /* what keeps it that no descriptor shows */
/* Members of an exit but for its ts: code, signal, core where it is wanted, by, cause. */
void json_end(struct json *j, const struct end *e, bool core, const char *killer, u32 killer_pid);
void json_place(struct json *j, const char *key, u32 proto, const struct ep *local,
		const struct unix_name *name);
void json_sock_local(struct json *j, const char *key, const struct model *m, const struct sock *s);
void json_ep(struct json *j, const char *key, const struct ep *ep); /* port 0: null */
void json_nspid(struct json *j, const char *key, const struct proc *p);
void json_exit(struct json *j, const char *key, const struct model *m, const struct proc *p,
	       bool core);
void json_tristate(struct json *j, const char *key, u8 v); /* 0, 1, 2: not known */

/* ---- in text; all of it safe for a terminal (text.c) -------------------------------------- */

/* "sleep[9132]"; "pid 9132" where its name is not known. */
void text_named(struct buf *b, const char *comm, u32 pid);
void text_proc(struct buf *b, const struct model *m, u32 proc);
void text_pid(struct buf *b, const struct model *m, u32 tgid); /* its newest life */
void text_unix(struct buf *b, const struct unix_name *n);      /* "/run/a.sock", "@abstract" */
/* "0.0.0.0:80", "/run/a.sock", "(unnamed)"; name NULL: none. */
void text_place(struct buf *b, u32 proto, const struct ep *local, const struct unix_name *name);
/* "tcp 127.0.0.1:80 -> 127.0.0.1:4711"; remote NULL or without a port: left out. */
void text_ends(struct buf *b, u32 proto, const struct ep *local, const struct unix_name *name,
	       const struct ep *remote);
void text_sock(struct buf *b, const struct model *m, const struct sock *s); /* "tcp 0.0.0.0:80" */
void text_elsewhere(struct buf *b, const struct model *m,
		    const struct sock *s); /* " netns:4026532561", " (file removed)", or nothing */
void text_netns(struct buf *b, const struct model *m,
		const struct sock *s); /* "network namespace 4026532561 (container 0123456789ab)" */
void text_lives_there(struct buf *b, const struct model *m,
		      const struct sock *s); /* " (container ...)", or nothing */
/* "rtnl:4711", "*:icmp": of a family or type without ports, as ss calls it; false: it is none, or has none. */
bool text_portless(char out[64], u32 proto, const struct ep *local);
/* How many there are that a list of ports passes over. */
void text_portless_more(struct out *o, const struct model *m);
void text_local(struct buf *b, const struct model *m, const struct sock *s); /* "0.0.0.0:80" */
void text_args(struct buf *b, const struct model *m, const struct proc *p, size_t max);
void text_words(struct buf *b, const char *args, u16 len,
		size_t max); /* NUL-separated, as a shell would */
void text_when(struct buf *b, const struct model *m,
	       u64 ts); /* "12:00:05.123", the date if another day */
/* Why it is not known who made it: the rest of a sentence, about "that". */
bool made_before(const struct model *m, const struct sock *s); /* anything was watching */
const char *maker_unknown(const struct model *m, const struct sock *s);
void text_ago(struct buf *b, const struct model *m, u64 ts); /* " (3 min ago)", or nothing */
void text_uid(struct buf *b, u32 uid); /* "uid 1000", of several "several users" */
/*
 * What sent the signal that killed it: " from bash[1400]", " from a timer of its own"; nothing where
 * that is not known.  who: the process behind it in words, empty when there is none (death_text.c).
 */
void text_cause(struct buf *b, u32 cause, u32 signal, bool again, const struct buf *who);
/* "exited with code 1", "died", or by what signal it was killed and from whom, " from bash[1], core dumped" */
void text_end(struct buf *b, const struct end *e, const struct buf *who);
void text_death(struct buf *b, const struct model *m, const struct death *d);
void text_killer(struct buf *who, const struct model *m,
		 const struct death *d); /* who, of text_end() */
/* The same with when, " at 12:00:03"; "still running". */
void text_fate(struct buf *b, const struct model *m, const struct proc *p);
void text_limits(struct out *o, const struct model *m); /* what could not be seen, if anything */

void warn_limits(const struct model *m);	  /* the sentences for whoever reads JSON */
int answer_code(const struct model *m, int code); /* code, or EXIT_INCOMPLETE after a loss */

void text_unreached(struct buf *b, const struct model *m, const struct match *x);
void text_file(struct buf *b, const struct query *q, const char *path, bool whole,
	       bool connected /* matches are UNREACHED_CONNECTION */);
/* All of them in words (port_text.c). */
void text_port(struct out *o, const struct model *m, const struct match *list, u32 n, u32 here,
	       bool ago);

/* One socket in words (explain_text.c).  netns: name its namespace; ago: also say how long ago. */
void explain_sock(struct out *o, const struct model *m, const struct sock *s, bool netns, bool ago);

/* `trace --list`: every public kind of event with its fields and what they mean. */
void trace_list(struct out *o);

#endif
