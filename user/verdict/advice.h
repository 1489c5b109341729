/* SPDX-License-Identifier: BSD-2-Clause */
/* Between verdict.c, which decides, and advice.c, which finds the words. */
#ifndef PROBATE_ADVICE_H
#define PROBATE_ADVICE_H

#include "model_priv.h"
#include "verdict.h"

/* Fill why and action of an answer whose verdict and certainty stand. */
void advise_sock(const struct model *m, const struct sock *s, struct answer *out);

bool waits_are_told(const struct model *m, const struct proc *p);
/* Not born to its parent, as far as is known. */
bool proc_is_adopted(const struct proc *parent, const struct proc *p);
enum reason zombie_reason(const struct model *m, const struct proc *p);
bool sock_is_connection(const struct sock *s);
bool sock_is_over(const struct sock *s); /* a connection that has ended */
/* The process did not make it, and the newest scan found somebody waiting on it. */
bool hold_waited(const struct hold *h);
bool hold_meant(const struct model *m, const struct hold *h, const struct image *creator);

/* What is spoken of, and where to. */
struct speech {
	const struct model *m;
	const struct sock *s;
	const struct holder *rows;
	u32 n;
	struct answer *out;
};
/* What each holder does with it: advice_hold.c. */
void say_inherited(const struct speech *sp);
void add_stray(struct buf *b, const struct speech *sp);
/* Who let a leak slip, and how not to: advice_slip.c. */
void advise_slip(struct buf *b, const struct speech *sp);

/* What keeps one that no descriptor shows: advice_hidden.c. */
void say_hidden(const struct speech *sp);

/* Pieces of sentences: advice_words.c. */
void add_unsure(struct buf *b, const struct answer *a);
void creator_story(struct buf *b, const struct speech *sp);
void words_program(struct buf *b, const struct model *m, const struct image *i);
void words_proc(struct buf *b, const struct model *m, u32 id);
void words_at(struct buf *b, const struct model *m, u64 ts);
void words_maker(struct buf *b, const struct model *m, const struct sock *s);
void words_fate(struct buf *b, const struct model *m, u32 id);
void words_procs(struct buf *b, const struct model *m, const struct holder *rows, u32 n);
void words_stop(struct buf *b, const struct model *m, const struct holder *rows, u32 n);
void words_inherited(struct buf *b, const struct model *m, const struct sock *s,
		     const struct holder *h);

#endif
