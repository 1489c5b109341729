// SPDX-License-Identifier: BSD-2-Clause
/* The table of families as data, and as a list for people and programs. */
#include <string.h>

#include "metric_write.h"

#define NAME_COLUMN 56

const struct metric_def metric_defs[METRICS] = {
#define M(ID, name, type, labels, collector, help)                                                 \
	[METRIC_##ID] = {name, labels, help, METRIC_##type, COLLECTOR_##collector},
	METRIC_TABLE(M)
#undef M
};

const struct collector_def collector_defs[COLLECTORS] = {
#define C(ID, name, on, help) [COLLECTOR_##ID] = {name, help, on},
	COLLECTOR_TABLE(C)
#undef C
};

u32 collectors_default(void)
{
	u32 bits = 0;

	for (u32 i = 0; i < COLLECTORS; i++)
		bits |= (u32)collector_defs[i].on << i;
	return bits;
}

/* ---- --list ---------------------------------------------------------------------------------- */

static void list_text(struct out *o, const struct metric_def *d)
{
	char name[NAME_ROOM];
	struct buf b = {};
	bool labels = *d->labels;

	metric_name(d, name);
	buf_printf(&b, "%s%s%s%s", name, labels ? "{" : "", d->labels, labels ? "}" : "");
	out_printf(o, "    %-*s  %s", NAME_COLUMN, b.s, metric_type_name(d->type));
	out_wrap(o, 8, d->help);
	buf_free(&b);
}

static void list_json(struct out *o, const struct metric_def *d)
{
	char name[NAME_ROOM];
	struct json j;

	metric_name(d, name);
	json_init(&j, &o->line);
	json_obj(&j, NULL);
	json_str(&j, "name", name);
	json_str(&j, "type", metric_type_name(d->type));
	json_arr(&j, "labels");
	for (const char *s = d->labels; *s; s += strcspn(s, ",") + (s[strcspn(s, ",")] == ','))
		json_strn(&j, NULL, s, strcspn(s, ","));
	json_end_arr(&j);
	json_str(&j, "collector", collector_defs[d->collector].name);
	json_bool(&j, "default", collector_defs[d->collector].on);
	json_str(&j, "help", d->help);
	json_end_obj(&j);
	out_line(o);
}

static void list_collector(struct out *o, u32 c)
{
	if (!o->json)
		out_printf(o, "%s%scollector.%s%s%s: %s", c ? "\n" : "", out_tint(o, TINT_BOLD),
			   collector_defs[c].name, out_tint(o, TINT_NONE),
			   collector_defs[c].on ? "" : " (off by default)", collector_defs[c].help);
	for (u32 i = 0; i < METRICS; i++) {
		const struct metric_def *d = &metric_defs[i];

		if (d->collector == c)
			(o->json ? list_json : list_text)(o, d);
	}
}

void metrics_list(struct out *o)
{
	for (u32 c = 0; c < COLLECTORS; c++)
		list_collector(o, c);
}
