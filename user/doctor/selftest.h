/* SPDX-License-Identifier: BSD-2-Clause */
/* One of everything probate watches, done on purpose, so that doctor can prove each hook fires. */
#ifndef PROBATE_SELFTEST_H
#define PROBATE_SELFTEST_H

#include "event.h"

/* What the actions must show up as. */
struct expect {
	const char *name; /* "install (dup)" */
	u16 kind;
	u8 via;	     /* of install; 0: any */
	bool fd;     /* only with full descriptor events */
	bool anyone; /* whoever ran then is named in the event, not who caused it */
};
u32 selftest_expected(const struct expect **out);

/* Does it all in child processes and waits for them; about 0.4 s.  0, or -errno. */
int selftest_run(void);

#endif
