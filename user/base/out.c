/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines to one buffered FILE, colours, paragraphs.
 *
 * Whoever reads may leave at any time (`probate trace | head`): a broken pipe is remembered and
 * told to nobody.  SIGPIPE is ignored by main.  A write that a signal ends goes on where it was, or
 * the reader, who may only be slow, gets half a line: stdio would forget the rest, so it writes
 * through fd_write().  Who never reads is left when the end is due (life.h).
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "life.h"
#include "out.h"

#define WIDTH_DEFAULT 80
#define WIDTH_MAX     1000
#define LINE_KEPT     (1u << 20)  /* of memory; of a million descriptors there is a long line */
#define BUFFER_BYTES  (256 << 10) /* of a file or pipe; flushed after each batch of events */

/* COLUMNS, else the terminal's, else 0. */
static int width_of(int fd)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	u64 n;

	if (columns && parse_u64(columns, WIDTH_MAX, &n) && n)
		return n;
	if (fd >= 0 && isatty(fd) && !ioctl(fd, TIOCGWINSZ, &size) && size.ws_col)
		return size.ws_col;
	return 0;
}

/* Of one that does not block, too.  How much; less than n: errno says why. */
static ssize_t fd_write(void *out, const char *s, size_t n)
{
	const int fd = (int)(intptr_t)out; /* no struct: exit() flushes, too */
	struct pollfd ready = {.fd = fd, .events = POLLOUT};
	size_t done = 0;

	while (done < n) {
		ssize_t got = write(fd, s + done, n - done);

		if (got >= 0)
			done += (size_t)got;
		else if (errno == EAGAIN)
			poll(&ready, 1, -1);
		else if (errno != EINTR)
			break;
		if (got < 0 && stop_due()) {
			errno = EINTR;
			break;
		}
	}
	return (ssize_t)done;
}

void out_init(struct out *o, FILE *f, bool json)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	int fd = fileno(f);

	*o = (struct out){.f = f, .fd = fd, .json = json, .tty = fd >= 0 && isatty(fd)};
	if (fd >= 0) {
		o->f = fopencookie((void *)(intptr_t)fd, "w",
				   (cookie_io_functions_t){.write = fd_write});
		if (!o->f)
			die(EXIT_CANNOT, "out of memory");
		setvbuf(o->f, NULL, o->tty ? _IOLBF : _IOFBF, BUFFER_BYTES);
	}
	o->width = width_of(fd);
	o->fit = o->width || o->tty;
	if (!o->width)
		o->width = WIDTH_DEFAULT;
	o->colour = o->tty && !json && (!no_color || !*no_color) && term && *term &&
		    strcmp(term, "dumb");
}

void out_resize(struct out *o)
{
	struct winsize size;

	if (!o->tty || ioctl(o->fd, TIOCGWINSZ, &size) || !size.ws_col)
		return;
	o->height = size.ws_row;
	if (!getenv("COLUMNS"))
		o->width = size.ws_col;
}

static void write_failed(struct out *o)
{
	int error = errno;

	if (!o->dead && error != EPIPE && error != EINTR) {
		warn("cannot write: %s", strerror(error));
		o->failed = true;
	}
	o->dead = true;
}

static void write_bytes(struct out *o, const char *s, size_t n)
{
	if (!o->dead && n && fwrite_unlocked(s, 1, n, o->f) != n)
		write_failed(o);
}

void out_flush(struct out *o)
{
	if (!o->dead && fflush(o->f))
		write_failed(o);
	if (!o->line.len && o->line.cap > LINE_KEPT)
		buf_free(&o->line);
}

bool out_dead(const struct out *o)
{
	if (!o->dead && stop_due())
		stop_cut();
	return o->dead || stop_due();
}

void out_bytes(struct out *o, const void *p, size_t n)
{
	write_bytes(o, p, n);
}

void out_line(struct out *o)
{
	buf_add(&o->line, "\n", 1);
	write_bytes(o, o->line.s, o->line.len);
	buf_reset(&o->line);
}

/* Length of a newline or of a colour (ESC [ digits ; m) at s; 0: it is neither. */
static size_t passes(const char *s)
{
	size_t n;

	if (*s == '\n')
		return 1;
	if (s[0] != '\033' || s[1] != '[')
		return 0;
	n = 2 + strspn(s + 2, "0123456789;");
	return s[n] == 'm' ? n + 1 : 0;
}

void out_printf(struct out *o, const char *fmt, ...)
{
	struct buf raw = {};
	va_list ap;
	char *text;
	size_t n;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		die(EXIT_CANNOT, "out of memory");
	va_end(ap);
	for (const char *s = text; *s; s += n) {
		n = passes(s);
		if (n) {
			buf_add(&raw, s, n);
			continue;
		}
		n = 1;
		while (s[n] && s[n] != '\n' && s[n] != '\033')
			n++;
		buf_add_safe(&raw, s, n, 0);
	}
	if (!raw.len || raw.s[raw.len - 1] != '\n')
		buf_puts(&raw, "\n");
	write_bytes(o, raw.s, raw.len);
	buf_free(&raw);
	free(text);
}

const char *out_tint(const struct out *o, enum tint t)
{
	static const char *const tints[] = {
		[TINT_NONE] = "\033[0m",  [TINT_DIM] = "\033[2m",   [TINT_BOLD] = "\033[1m",
		[TINT_GOOD] = "\033[32m", [TINT_WARN] = "\033[33m", [TINT_BAD] = "\033[1;31m",
	};

	return o->colour ? tints[t] : "";
}

void out_wrap(struct out *o, int indent, const char *text)
{
	struct buf word = {};
	int col = 0;

	buf_reset(&o->line);
	for (text += strspn(text, " \n"); *text; text += strspn(text, " \n")) {
		size_t n = strcspn(text, " \n");
		int width;

		buf_reset(&word);
		buf_add_safe(&word, text, n, 0);
		width = text_width(word.s, word.len);
		if (col && col + 1 + width > o->width) {
			out_line(o);
			col = 0;
		}
		if (col)
			buf_puts(&o->line, " ");
		else
			buf_printf(&o->line, "%*s", indent, "");
		col += col ? 1 + width : indent + width;
		buf_add(&o->line, word.s, word.len);
		text += n;
	}
	if (col)
		out_line(o);
	buf_free(&word);
}

bool utf8_wanted(void)
{
	static const char *const vars[] = {"LC_ALL", "LC_CTYPE", "LANG"};
	const char *v = NULL;

	for (u32 i = 0; i < ARRAY_SIZE(vars) && (!v || !*v); i++)
		v = getenv(vars[i]);
	return v &&
	       (strstr(v, "UTF-8") || strstr(v, "utf8") || strstr(v, "utf-8") || strstr(v, "UTF8"));
}
