/* SPDX-License-Identifier: BSD-2-Clause */
/* The process around one command. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "options.h"
#include "pipe.h"

/* Started with 0, 1 or 2 closed, the first file opened would take its place and be written to. */
static void standard_files(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
		if (fd < 0)
			_exit(EXIT_CANNOT);
	} while (fd <= 2);
	close(fd);
}

static FILE *open_output(const struct opts *o)
{
	FILE *f = o->out_path ? fopen(o->out_path, "we") : stdout;

	if (!f)
		die(EXIT_USAGE, "cannot write %s: %s", o->out_path, strerror(errno));
	return f;
}

int main(int argc, char **argv)
{
	struct opts opts = {};
	const struct view *view;
	struct out out;
	int code = EXIT_ANSWERED;

	standard_files();
	pipe_signals();
	tzset();
	view = options_parse(argc, argv, &opts);
	if (!view && fflush(stdout) && errno != EPIPE)
		die(EXIT_INCOMPLETE, "cannot write: %s", strerror(errno));
	if (!view)
		return EXIT_ANSWERED;
	out_init(&out, open_output(&opts), opts.json);
	if (opts.list)
		(view->daemon ? metrics_list : trace_list)(&out);
	else
		code = pipe_run(view, &opts, &out);
	out_flush(&out);
	if (!out_dead(&out) && opts.out_path && fclose(out.f))
		die(EXIT_INCOMPLETE, "cannot write %s: %s", opts.out_path, strerror(errno));
	buf_free(&out.line);
	return out.failed ? EXIT_INCOMPLETE : code;
}
