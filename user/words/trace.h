/* SPDX-License-Identifier: BSD-2-Clause */
/* Parts of `trace`: what an event says in words, and whose it is. */
#ifndef PROBATE_TRACE_H
#define PROBATE_TRACE_H

#include "words.h"

/* The process a line is about (pid, comm in front); 0: nobody known. */
u32 trace_tgid(const struct model *m, const struct ev *e);
/* Details in words, safe; and how the line is tinted. */
enum tint trace_details(struct buf *b, const struct model *m, const struct ev *e);
/* Who holds the address that this failed bind wanted; proc id or 0. */
u32 trace_in_use_by(const struct model *m, const struct ev *e);
/* The socket that nobody holds and something keeps there, as far as what does was found; or NULL. */
const struct sock *trace_kept_from(const struct model *m, const struct ev *e);
/* Is it a kind that begins with SOCK_FIELDS?  It may then be read as a struct ev_gone. */
bool trace_has_sock(const struct ev *e);

#endif
