// SPDX-License-Identifier: BSD-2-Clause
/* Families about processes, pids and zombies. */
#include "metrics_priv.h"

void collect_process(struct collect *x)
{
	static const char *const adopters[ADOPTERS] = {
		[ADOPTED_INIT] = "init",
		[ADOPTED_NSINIT] = "namespace_init",
		[ADOPTED_SUBREAPER] = "subreaper",
	};
	const u64 *counts = x->in->source->counts;
	struct writer *w = &x->w;

	family_u64(w, METRIC_FORKS, counts[COUNT_FORK]);
	family_u64(w, METRIC_EXECS, counts[COUNT_EXEC]);
	family_begin(w, METRIC_EXITS);
	sample_u64(w, LABELS("success"), counts[COUNT_EXIT_SUCCESS]);
	sample_u64(w, LABELS("failure"), counts[COUNT_EXIT_FAILURE]);
	sample_u64(w, LABELS("signal"), counts[COUNT_EXIT_SIGNAL]);
	sample_u64(w, LABELS("core"), counts[COUNT_EXIT_CORE]);
	family_begin(w, METRIC_PROCESSES);
	for (enum proc_standing s = 0; s < PROC_STANDINGS; s++)
		if (s != PROC_IS_DEAD)
			sample_u64(w, LABELS(name_standing(s)), x->census.procs[s]);
	family_begin(w, METRIC_ORPHANS);
	for (u32 i = 0; i < ADOPTERS; i++)
		sample_u64(w, LABELS(adopters[i]), x->c->orphans[i]);
}

/* A ratio of what could not be read would be wrong, none at all is noticed. */
void collect_pids(struct collect *x)
{
	const struct source_stats *s = x->in->source;

	if (s->pids_limit)
		family_u64(&x->w, METRIC_PIDS_LIMIT, s->pids_limit);
	if (s->pids_used)
		family_u64(&x->w, METRIC_PIDS_USED, s->pids_used);
}

/* Once for those of one key; and who is headless or dying is no zombie. */
static bool reason_is_told(u32 i)
{
	return i == reason_group(i) && i != REASON_HEADLESS && i != REASON_DYING;
}

void collect_zombie(struct collect *x)
{
	const struct oldest *z = x->census.zombies;
	struct writer *w = &x->w;

	family_begin(w, METRIC_ZOMBIES);
	for (u32 i = 0; i < REASONS; i++)
		if (reason_is_told(i))
			sample_u64(w, LABELS(name_reason(i)), z[i].count);
	family_begin(w, METRIC_ZOMBIE_AGE);
	for (u32 i = 0; i < REASONS; i++)
		if (reason_is_told(i))
			sample_ns(w, LABELS(name_reason(i)), age_of(&z[i], x->in->now));
	family_begin(w, METRIC_REAP_SECONDS);
	sample_histogram(w, &x->c->reaps);
}

void collect_program(struct collect *x)
{
	family_begin(&x->w, METRIC_ZOMBIES_PROGRAM);
	labels_tell(&x->census.zombies_program, &x->w);
	family_begin(&x->w, METRIC_LEAKED_PROGRAM);
	labels_tell(&x->census.leaked_program, &x->w);
}

void collect_unit(struct collect *x)
{
	family_begin(&x->w, METRIC_ZOMBIES_UNIT);
	labels_tell(&x->census.zombies_unit, &x->w);
	family_begin(&x->w, METRIC_LEAKED_UNIT);
	labels_tell(&x->census.leaked_unit, &x->w);
}
