/* SPDX-License-Identifier: BSD-2-Clause */
/* Between verify.c and verify_sock.c. */
#ifndef PROBATE_VERIFY_H
#define PROBATE_VERIFY_H

#include "model_priv.h"

#define CHECK(cond, sentence)                                                                      \
	do {                                                                                       \
		if (!(cond))                                                                       \
			return sentence;                                                           \
	} while (0)
#define TRY(call)                                                                                  \
	do {                                                                                       \
		const char *why_ = (call);                                                         \
		if (why_)                                                                          \
			return why_;                                                               \
	} while (0)

const char *verify_socks(const struct model *m);

#endif
