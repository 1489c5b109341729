/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of an answer's two sentences, why and action, say to each other. */
#ifndef PROBATE_ADVICE_H
#define PROBATE_ADVICE_H

#include "verdict_priv.h"
#include "words.h"

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
void text_program(struct buf *b, const struct model *m, const struct image *i);
void text_at(struct buf *b, const struct model *m, u64 ts);
void text_maker(struct buf *b, const struct model *m, const struct sock *s);
void text_procs(struct buf *b, const struct model *m, const struct holder *rows, u32 n);
void text_stop(struct buf *b, const struct model *m, const struct holder *rows, u32 n);
void text_inherited(struct buf *b, const struct model *m, const struct sock *s,
		    const struct holder *h);

#endif
