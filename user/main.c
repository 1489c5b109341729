/* SPDX-License-Identifier: BSD-2-Clause */
/* The process around one command. */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "options.h"
#include "outfile.h"
#include "pipe.h"

/*
 * Arrays so large go back to the system when they are freed.  Left to itself glibc learns from the
 * first of them that such are freed, and keeps the next on its heap, below what is still in use.
 */
#define LARGE_BYTES (4 << 20)

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

/* What goes on until it is stopped is there to be read meanwhile. */
static struct outfile *output_open(const struct view *v, const struct opts *o)
{
	struct buf err = {};
	struct outfile *f;

	if (!o->out_path)
		return NULL;
	f = outfile_open(o->out_path, !o->replay && (v->live_only || o->watch), &err);
	if (!f)
		die(EXIT_USAGE, "%s", err.s);
	return f;
}

/* An answer that could not be written in full does not take the place of an older one. */
static void output_close(struct outfile *f, const struct out *out)
{
	struct buf err = {};

	if (f && out_dead(out))
		outfile_drop(f);
	else if (f && outfile_commit(f, &err))
		die(EXIT_INCOMPLETE, "%s", err.s);
}

int main(int argc, char **argv)
{
	struct opts opts = {};
	const struct view *view;
	struct outfile *file;
	struct out out;
	int code = EXIT_ANSWERED;

	standard_files();
#ifdef __GLIBC__
	mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
#endif
	pipe_signals();
	tzset();
	view = options_parse(argc, argv, &opts);
	if (!view && fflush(stdout) && errno != EPIPE)
		die(EXIT_INCOMPLETE, "cannot write: %s", strerror(errno));
	if (!view)
		return EXIT_ANSWERED;
	file = output_open(view, &opts);
	out_init(&out, file ? outfile_file(file) : stdout, opts.json);
	if (opts.list)
		view->list(&out);
	else
		code = pipe_run(view, &opts, &out);
	out_flush(&out);
	output_close(file, &out);
	buf_free(&out.line);
	return out.failed ? EXIT_INCOMPLETE : code;
}
