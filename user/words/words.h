/* SPDX-License-Identifier: BSD-2-Clause */
/* How a process, a death, a socket, a time is said: in JSON and in text. */
#ifndef PROBATE_WORDS_H
#define PROBATE_WORDS_H

#include "answer.h"
#include "out.h"

/* ---- in JSON (view_json.c) ---------------------------------------------------------------- */

void json_proc(struct json *j, const char *key, const struct model *m, u32 proc);
void json_ref(struct json *j, const char *key, const struct model *m, u32 proc); /* {"pid","comm"} or null */ /* with its exit */
void json_proc_members(struct json *j, const struct model *m, const struct proc *p);
void json_sock(struct json *j, const struct model *m, const struct sock *s); /* members, verdict included */
const char *hidden_where(const struct sock *s); /* what keeps it that no descriptor shows */
void json_sock_local(struct json *j, const char *key, const struct model *m, const struct sock *s);
void json_ep(struct json *j, const char *key, const struct ep *ep); /* port 0: null */
void json_nspid(struct json *j, const char *key, const struct proc *p);
void json_exit(struct json *j, const char *key, const struct model *m, const struct proc *p, bool core);
void json_tristate(struct json *j, const char *key, u8 v); /* 0, 1, 2: not known */

/* ---- in text; all of it safe for a terminal (view_common.c) ----------------------------- */

void text_proc(struct buf *b, const struct model *m, u32 proc);            /* "sleep[9132]" */
void text_sock(struct buf *b, const struct model *m, const struct sock *s); /* "tcp 0.0.0.0:80" */
void text_elsewhere(struct buf *b, const struct model *m, const struct sock *s); /* " netns:4026532561", " (file removed)", or nothing */
void text_local(struct buf *b, const struct model *m, const struct sock *s); /* "0.0.0.0:80" */
void text_args(struct buf *b, const struct model *m, const struct proc *p, size_t max);
void text_words(struct buf *b, const char *args, u16 len, size_t max);     /* NUL-separated, as a shell would */
void text_when(struct buf *b, const struct model *m, u64 ts);              /* "12:00:05.123", the date if another day */
void text_ago(struct buf *b, const struct model *m, u64 ts);               /* " (3 min ago)", or nothing */
void text_uid(struct buf *b, u32 uid); /* "uid 1000", of several "several users" */
void text_death(struct buf *b, const struct model *m, const struct proc *p); /* "killed by SIGKILL from bash[1] at ..." */
void text_killer(struct buf *b, const struct model *m, const struct death *d); /* " from bash[1400]" */
void text_end(struct buf *b, const struct model *m, const struct proc *p);   /* the same without when */
void text_limits(struct out *o, const struct model *m);                    /* what could not be seen, if anything */

bool sock_is_wild(const struct ep *ep);       /* 0.0.0.0 or :: */
bool utf8_wanted(void);                       /* by LC_ALL, LC_CTYPE, LANG */
void warn_limits(const struct model *m); /* the sentences for whoever reads JSON */
int answer_code(const struct model *m, int code); /* code, or EXIT_INCOMPLETE after a loss */

void unreached_words(struct buf *b, const struct model *m, const struct match *x);
void file_words(struct buf *b, const struct query *q, const char *path, bool whole,
		bool connected /* matches are UNREACHED_CONNECTION */);
/* All of them in words (port_text.c). */
void port_words(struct out *o, const struct model *m, const struct match *list, u32 n, u32 here,
		bool ago);

/* One socket in words (view_explain.c).  netns: name its namespace; ago: also say how long ago. */
void explain_sock(struct out *o, const struct model *m, const struct sock *s, bool netns, bool ago);

/* `trace --list`: every public kind of event with its fields and what they mean. */
void trace_list(struct out *o);

#endif
