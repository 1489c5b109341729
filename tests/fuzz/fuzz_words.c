// SPDX-License-Identifier: BSD-2-Clause
/* What people write: ports, moments, stretches of time, kinds of events. */
#include <stdlib.h>

#include "fuzz.h"
#include "options.h"
#include "when.h"

#define END (1795262400ull * NS_PER_S)

int LLVMFuzzerTestOneInput(const u8 *data, size_t n)
{
	char *s = xmalloc(n + 1);
	struct buf why = {};
	struct query q = {};
	struct ep ep;
	u64 v, kinds;

	memcpy(s, data, n);
	s[n] = 0;
	MUST(query_parse(s, &q, &why) || why.len, "nothing says why it is no port");
	MUST(q.name.len <= UNIX_LEN, "the name is too long");
	buf_reset(&why);
	MUST(when_parse(s, END, &v, &why) || why.len, "nothing says why it is no moment");
	buf_reset(&why);
	MUST(when_parse(s, 0, &v, &why) || why.len, "nothing says why it is no moment");
	buf_reset(&why);
	if (kinds_parse(s, &kinds, &why))
		kinds_needed(kinds);
	else
		MUST(why.len, "nothing says why they are no kinds");
	span_parse(s, &v);
	ep_parse(s, n, &ep);
	buf_free(&why);
	free(s);
	return 0;
}
