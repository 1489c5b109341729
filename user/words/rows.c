/* SPDX-License-Identifier: BSD-2-Clause */
/* What is shown and said of each verdict and of each way a descriptor comes: a row each. */
#include "words.h"

const struct verdict_row *verdict_row(enum verdict v)
{
	static const struct verdict_row rows[] = {
		[VERDICT_OWNED] = {TINT_NONE, "plain", false},
		[VERDICT_SHARED] = {TINT_NONE, "plain", false},
		[VERDICT_INHERITED] = {TINT_WARN, "plain", true},
		[VERDICT_LEAKED] = {TINT_BAD, "bad", true},
		[VERDICT_PASSED] = {TINT_NONE, "plain", true},
		[VERDICT_HIDDEN] = {TINT_WARN, "bad", true},
		[VERDICT_KERNEL] = {TINT_DIM, "plain", false},
		[VERDICT_ORPHANED] = {TINT_NONE, "plain", false},
		[VERDICT_HELD] = {TINT_DIM, "plain", false},
	};

	_Static_assert(ARRAY_SIZE(rows) == VERDICTS, "a verdict has no row");
	return &rows[v];
}

const struct via_row *via_row(u8 via)
{
	static const struct via_row rows[] = {
		[VIA_NONE] = {"how it came there is not known: only --fd=full watches that",
			      "had it", " from another process", "not known"},
		[VIA_CREATED] = {"made by itself", "created it", "", "made it"},
		[VIA_ACCEPTED] = {"accepted by itself", "accepted it", "", "accepted it"},
		[VIA_FORK] = {"inherited by fork", "forked", " with it", "fork"},
		[VIA_DUP] = {"copied by itself", "copied it", "", "copied it"},
		[VIA_SCM_RIGHTS] = {"received over a UNIX socket (SCM_RIGHTS)",
				    "received it by SCM_RIGHTS", "", "SCM_RIGHTS"},
		[VIA_PIDFD_GETFD] = {"taken out of another process (pidfd_getfd)",
				     "took it with pidfd_getfd", "", "pidfd_getfd"},
		[VIA_IO_URING] = {"installed by io_uring", "got it through io_uring", "",
				  "io_uring"},
		[VIA_SCAN] = {"found there; how it came was not seen",
			      "had it when it was first looked at", "", "was there"},
	};

	_Static_assert(ARRAY_SIZE(rows) == VIA_MAX, "a way has no row");
	return &rows[via < VIA_MAX ? via : VIA_NONE];
}

void text_came(struct buf *b, u8 via, const struct buf *from)
{
	const struct via_row *row = via_row(via);

	buf_puts(b, row->did);
	if (from->len)
		buf_printf(b, " from %s", from->s);
	buf_puts(b, via == VIA_NONE && from->len ? "" : row->after);
}
