/* SPDX-License-Identifier: BSD-2-Clause */
/* What the fuzz targets share: the way of an event, what is asked of the model, mutations. */
#ifndef PROBATE_FUZZ_H
#define PROBATE_FUZZ_H

#include "model.h"
#include "view.h"

/* A promise of ours is broken: said on descriptor 2, and the input is kept by libFuzzer. */
_Noreturn void fuzz_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
#define MUST(what, ...)                                                                            \
	do {                                                                                       \
		if (!(what))                                                                       \
			fuzz_fail(__VA_ARGS__);                                                    \
	} while (0)

/* Sentences about bad input are not printed; sanitizers and libFuzzer write to descriptor 2. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
size_t LLVMFuzzerMutate(u8 *data, size_t size, size_t max);

/* Bytes as a file without a name; its path in `path`. */
int file_of(const u8 *data, size_t n, char path[64]);

/* ---- the way of an event (flow.c): as pipe.c has it ----------------------------------------- */

struct show;
struct about { /* what a report is about */
	u16 port;
	u32 pid;
};
struct flow {
	struct model *m;
	struct show *shows; /* views that follow */
	u64 applied;
	bool marked;
	size_t dear; /* events after which the model was verified */
};
void flow_open(struct flow *f, const struct about *about); /* NULL: no report, all else follows */
void flow_event(void *flow, const struct ev *e, size_t bytes); /* a sink */
void flow_close(struct flow *f); /* asks everything of the model first */
/* The good ones of events that lie back to back, each alone in memory. */
void events_each(const u8 *data, size_t n, sink_fn sink, void *ctx);
/* Text form and back again: the same event. */
void event_there_and_back(const struct ev *e);

/* ---- what is asked (look.c) ------------------------------------------------------------------ */

struct show *shows_open(const struct about *about);
void shows_event(struct show *s, const struct model *m, const struct ev *e);
void shows_settle(struct show *s, const struct model *m);
void shows_close(struct show *s, const struct model *m);
/* Every one-shot answer, and every holder's chain. */
void look(const struct model *m);

/* ---- mutations (events.c, blocks.c) ---------------------------------------------------------- */

struct chance {
	u64 state;
};
u32 chance_of(struct chance *c, u32 n); /* 0 .. n-1 */

/*
 * Some of the events that are in data back to back, each aligned, are changed as the schema says
 * they may be; bytes of the result, or 0 when there is no room.
 */
size_t events_mutate(struct chance *c, u8 *data, size_t n, size_t max, size_t align);
/* The same with blocks of a recording, whose sums are made right again. */
size_t blocks_mutate(struct chance *c, u8 *data, size_t n, size_t max);
/* Blocks of both, mixed. */
size_t blocks_cross(struct chance *c, const u8 *a, size_t na, const u8 *b, size_t nb, u8 *out,
		    size_t max);

#endif
