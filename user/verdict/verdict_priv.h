/* SPDX-License-Identifier: BSD-2-Clause */
/* What the verdicts rest on, for who puts them into words, too. */
#ifndef PROBATE_VERDICT_PRIV_H
#define PROBATE_VERDICT_PRIV_H

#include "model_priv.h"
#include "verdict.h"

bool waits_are_told(const struct model *m, const struct proc *p);
/* Not born to its parent, as far as is known. */
bool proc_is_adopted(const struct proc *parent, const struct proc *p);
bool sock_is_connection(const struct sock *s);
bool sock_is_over(const struct sock *s); /* a connection that has ended */
bool hold_meant(const struct model *m, const struct hold *h, const struct image *creator);

#endif
