/* SPDX-License-Identifier: BSD-2-Clause */
/* Between verdict.c, which decides, and advice.c, which finds the words. */
#ifndef PROBATE_ADVICE_H
#define PROBATE_ADVICE_H

#include "model_priv.h"
#include "verdict.h"

/* Fill why and action of an answer whose verdict and certainty stand. */
void advise_sock(const struct model *m, const struct sock *s, struct answer *out);

enum reason zombie_reason(const struct model *m, const struct proc *p);
const struct image *creator_image(const struct model *m, const struct sock *s);
bool hold_meant(const struct model *m, const struct hold *h, const struct image *creator);
bool verdict_certain(const struct model *m, const struct sock *s, enum verdict v);

#endif
