/* SPDX-License-Identifier: BSD-2-Clause */
/* Which options a command has, and the help. */
#include <string.h>

#include "options.h"

static bool common_is_for(const struct option_def *d, const struct view *v)
{
	if (v->daemon && d->once)
		return false;
	return strcmp(d->name, "watch") || v->watchable || v->live_only;
}

static const struct option_def *row_find(const struct option_def *list, const char *name)
{
	for (; list && list->name; list++)
		if (!strcmp(list->name, name))
			return list;
	return NULL;
}

const struct option_def *option_find(const struct view *v, const char *name)
{
	const struct option_def *d = row_find(option_common, name);

	if (d)
		return !v || common_is_for(d, v) ? d : NULL;
	if (v) {
		d = row_find(v->options, name);
		return d || !v->limits ? d : row_find(option_limits, name);
	}
	for (size_t i = 0; !d && views[i]; i++)
		d = option_find(views[i], name);
	return d;
}

static int option_text(const struct option_def *d, char out[64])
{
	return snprintf(out, 64, "--%s%s%s", d->name, d->value ? " " : "",
			d->value ? d->value : "");
}

static void rows_width(const struct option_def *d, const struct view *v, int *width)
{
	char text[64];

	for (; d && d->name; d++) {
		int n = option_find(v, d->name) ? option_text(d, text) : 0;

		*width = n > *width ? n : *width;
	}
}

static void rows_print(FILE *f, const struct option_def *d, const struct view *v, int width)
{
	char text[64];

	for (; d && d->name; d++) {
		if (!option_find(v, d->name))
			continue;
		option_text(d, text);
		fprintf(f, "  %c%c%s %-*s %s\n", d->letter ? '-' : ' ', d->letter ? d->letter : ' ',
			d->letter ? "," : " ", width, text, d->help);
	}
}

/* v NULL: what all commands have. */
static void options_print(FILE *f, const struct view *v)
{
	const struct option_def *lists[] = {option_common, v ? v->options : NULL,
					    v && v->limits ? option_limits : NULL};
	int width = 15;

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		rows_width(lists[i], v, &width);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		rows_print(f, lists[i], v, width);
}

void usage_print(FILE *f, const struct view *v)
{
	if (v) {
		fprintf(f, "usage: probate %s%s%s\n\n%s\n\n", v->name, *v->usage ? " " : "",
			v->usage, v->help);
		options_print(f, v);
		return;
	}
	fputs("usage: probate [OPTION...] COMMAND [ARGUMENT...]\n\n"
	      "Who inherits what when a process dies: its children, and the ports it held.\n\n",
	      f);
	for (size_t i = 0; views[i]; i++)
		fprintf(f, "  %-9s %s\n", views[i]->name, views[i]->help);
	fputc('\n', f);
	options_print(f, NULL);
	fputs("\n\"probate COMMAND --help\" tells the options of a command.\n"
	      "Exit codes: 0 answered, 1 the opposite answer (port: nothing holds it; ports "
	      "--leaked:\n"
	      "something leaked), 2 wrong usage, 3 cannot run here, 4 the answer may be "
	      "incomplete.\n",
	      f);
}
