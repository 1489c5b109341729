// SPDX-License-Identifier: BSD-2-Clause
/* Families about probate itself. */
#include "metrics_priv.h"

/* The kernel tells these times in hundredths; and 53 bits hold today's date in microseconds. */
static u64 seconds_ns(double s)
{
	return s > 0 ? (u64)(s * 1e6 + 0.5) * 1000 : 0;
}

static void tell_events(struct collect *x)
{
	const struct source_stats *s = x->in->source;
	u64 lost = 0;

	family_begin(&x->w, METRIC_EVENTS);
	for (u32 i = 0; i < EV_KIND_MAX; i++)
		if (kind_is_read(i))
			sample_u64(&x->w, LABELS(event_kind(i)->id), x->c->events[i]);
	for (u32 i = 0; i < EV_KIND_MAX; i++)
		lost += s->lost[i];
	family_begin(&x->w, METRIC_LOST);
	sample_u64(&x->w, LABELS("ring"), lost - s->skipped_lost);
	sample_u64(&x->w, LABELS("skipped"), s->skipped_lost);
	sample_u64(&x->w, LABELS("damaged"), x->in->self->damaged);
	sample_u64(&x->w, LABELS("recorder"), x->in->self->recorder_dropped);
	family_begin(&x->w, METRIC_LOST_KIND);
	for (u32 i = 0; i < EV_KIND_MAX; i++)
		if (kind_is_read(i))
			sample_u64(&x->w, LABELS(event_kind(i)->id), s->lost[i]);
	family_begin(&x->w, METRIC_SKIPPED);
	sample_u64(&x->w, LABELS("made_good"), s->made_good);
	sample_u64(&x->w, LABELS("lost"), s->skipped_lost);
}

static void tell_source(struct collect *x)
{
	const struct source_stats *s = x->in->source;
	struct writer *w = &x->w;

	family_u64(w, METRIC_RING_SIZE, s->ring_bytes);
	family_u64(w, METRIC_RING_USED, s->ring_waiting);
	family_u64(w, METRIC_RING_PEAK, s->ring_peak);
	family_begin(w, METRIC_DRAIN_SECONDS);
	sample_histogram(w, &s->delay);
	family_u64(w, METRIC_SCANS, s->scans);
	family_ns(w, METRIC_SCAN_SECONDS, s->scan_ns);
	family_begin(w, METRIC_REPAIRS);
	sample_u64(w, LABELS("new"), x->c->repairs[REPAIR_NEW]);
	sample_u64(w, LABELS("over"), x->c->repairs[REPAIR_OVER]);
}

static void tell_model(struct collect *x)
{
	const struct model *m = x->in->m;
	const struct {
		const char *kind;
		u64 n;
	} objects[] = {
		{"process", m->procs.live},   {"image", m->images.live},
		{"death", m->deaths.live},    {"table", m->fdtabs.live},
		{"hold", m->holds.live},      {"socket", m->socks.live},
		{"name", m->names.live},      {"origin", m->origins.live},
		{"cgroup", m->cgroups.count},
	};

	family_begin(&x->w, METRIC_MODEL);
	for (u32 i = 0; i < ARRAY_SIZE(objects); i++)
		sample_u64(&x->w, LABELS(objects[i].kind), objects[i].n);
	family_u64(&x->w, METRIC_BLIND, m->blind);
}

static void tell_requests(struct collect *x)
{
	static const char *const codes[] = {NULL, "1xx", "2xx", "3xx", "4xx", "5xx"};

	family_begin(&x->w, METRIC_REQUESTS);
	for (u32 i = 1; i < ARRAY_SIZE(codes); i++)
		sample_u64(&x->w, LABELS(codes[i]), x->in->self->requests[i]);
}

static void tell_process(struct collect *x)
{
	const struct self *s = x->in->self;
	struct writer *w = &x->w;

	family_ns(w, METRIC_CPU_SECONDS, seconds_ns(s->cpu_seconds));
	family_u64(w, METRIC_RESIDENT, s->resident_bytes);
	family_u64(w, METRIC_VIRTUAL, s->virtual_bytes);
	family_ns(w, METRIC_START_TIME, seconds_ns(s->start_seconds));
	family_u64(w, METRIC_OPEN_FDS, s->open_fds);
	family_u64(w, METRIC_MAX_FDS, s->max_fds);
}

/* The last family: of this collector, too, the time is known but for this line. */
static void tell_times(struct collect *x)
{
	family_begin(&x->w, METRIC_COLLECT_SECONDS);
	x->took[COLLECTOR_SELF] = collect_clock() - x->begun;
	for (u32 i = 0; i < COLLECTORS; i++)
		if (x->in->collectors >> i & 1)
			sample_ns(&x->w, LABELS(collector_defs[i].name), x->took[i]);
}

void collect_self(struct collect *x)
{
	const struct model *m = x->in->m;
	const struct self *s = x->in->self;

	family_begin(&x->w, METRIC_BUILD_INFO);
	sample_u64(&x->w, LABELS(PROBATE_VERSION, s->tier, s->fd), 1);
	if (model_wall(m, m->watching_since)) /* else it is not known */
		family_ns(&x->w, METRIC_WATCHING, model_wall(m, m->watching_since));
	tell_events(x);
	tell_source(x);
	family_ns(&x->w, METRIC_LAG, s->lag_ns);
	tell_model(x);
	family_u64(&x->w, METRIC_RECORDED, s->recorded_bytes);
	family_u64(&x->w, METRIC_RECORD_FAULTS, s->recorder_faults);
	family_u64(&x->w, METRIC_HELD_BACK, s->held_back);
	family_ns(&x->w, METRIC_RECORD_SINCE, s->recorded_since_ns);
	family_ns(&x->w, METRIC_STATE_SAVED, s->state_saved_ns);
	tell_requests(x);
	tell_process(x);
	tell_times(x);
}

void collect_bpf(struct collect *x)
{
	const struct source_stats *s = x->in->source;

	family_begin(&x->w, METRIC_BPF_SECONDS);
	for (u32 i = 0; i < s->programs; i++)
		sample_ns(&x->w, LABELS(s->program[i].name), s->program[i].run_ns);
	family_begin(&x->w, METRIC_BPF_RUNS);
	for (u32 i = 0; i < s->programs; i++)
		sample_u64(&x->w, LABELS(s->program[i].name), s->program[i].runs);
}
