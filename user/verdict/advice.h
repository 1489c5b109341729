/* SPDX-License-Identifier: BSD-2-Clause */
/* Between verdict.c, which decides, and advice.c, which finds the words. */
#ifndef PROBATE_ADVICE_H
#define PROBATE_ADVICE_H

#include "model_priv.h"
#include "verdict.h"

/* Fill why and action of an answer whose verdict and certainty stand. */
void advise_sock(const struct model *m, const struct sock *s, struct answer *out);

enum reason zombie_reason(const struct model *m, const struct proc *p);
bool sock_is_connection(const struct sock *s);
bool sock_is_over(const struct sock *s); /* a connection that has ended */
/* The process did not make it, and the newest scan found somebody waiting on it. */
bool hold_waited(const struct hold *h);
bool hold_meant(const struct model *m, const struct hold *h, const struct image *creator);
bool verdict_certain(const struct model *m, const struct sock *s, enum verdict v);

/* Pieces of sentences: advice_words.c. */
void words_proc(struct buf *b, const struct model *m, u32 id);
void words_maker(struct buf *b, const struct model *m, const struct sock *s);
void words_fate(struct buf *b, const struct model *m, u32 id);
void words_procs(struct buf *b, const struct model *m, const struct holder *rows, u32 n);
void words_stop(struct buf *b, const struct model *m, const struct holder *rows, u32 n);
void words_inherited(struct buf *b, const struct model *m, const struct sock *s,
		     const struct holder *h);

#endif
