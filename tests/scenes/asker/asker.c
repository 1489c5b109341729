// SPDX-License-Identifier: BSD-2-Clause
/*
 * asker: many questions about one recording.
 *
 *   asker FILE    reads what `port` is asked, a line each; answers as `probate -r FILE --json port` does
 *
 * The command itself answers one question a run, most of which is reading the recording.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "commands.h"
#include "view.h"

static void take(void *ctx, const struct ev *e, size_t bytes)
{
	(void)bytes;
	model_apply(ctx, e);
}

static void ask(const struct model *m, struct out *out, char *question)
{
	struct opts o = {.json = true, .replay = "", .arg = question};
	struct buf why = {};
	void *view;

	if (!query_parse(question, &o.query, &why))
		die(2, "%s: %s", question, why.s);
	view = view_port.open(&o, out);
	view_port.finish(view, m);
	view_port.close(view);
	out_flush(out);
}

int main(int argc, char **argv)
{
	struct model *m = model_new(&verdict_judge);
	struct buf err = {};
	struct source *in;
	char line[256];
	struct out out;
	int n;

	if (argc != 2)
		die(2, "usage: asker FILE < QUESTIONS");
	if (source_open_recording(&in, argv[1], &err))
		die(1, "%s", err.s);
	while ((n = in->ops->poll(in, 0, take, m)) != -ENODATA)
		if (n < 0)
			die(1, "%s is damaged", argv[1]);
	out_init(&out, stdout, true);
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = 0;
		ask(m, &out, line);
	}
	in->ops->close(in);
	model_free(m);
	buf_free(&out.line);
	return 0;
}
