/* stub */
#include <time.h>
#include "procfs.h"
void procfs_clock(sink_fn sink, void *ctx)
{
	struct ev_clock e = {.h = {.kind = EV_KIND_CLOCK, .size = sizeof(e)}};
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	e.realtime = t.tv_sec * NS_PER_S + t.tv_nsec;
	e.h.ts = time_boot_ns();
	sink(ctx, &e.h, sizeof(e));
}
