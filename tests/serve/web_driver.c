// SPDX-License-Identifier: BSD-2-Clause
/*
 * The HTTP side by itself, with pages that are made up: its tests need neither root nor BPF.
 *
 * web_driver [--listen ADDRESS]... [--path PATH] [--config FILE] [--systemd]
 *
 * Says its URL on the first line, then obeys lines on stdin, each answered by a line: "ready",
 * "unready REASON", "hold" (no page is made), "go", "size BYTES" (of a page), "requests", "rss".
 * The end of stdin is its end.  Runs under the exporter's own filter of system calls, but for
 * sanitizers, which need more.
 */
#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "notify.h"
#include "rights.h"
#include "web.h"

struct driver {
	struct web *web;
	u64 page_bytes;
	u32 made; /* pages */
	bool hold;
};

static void page_give(struct driver *d, enum web_page page)
{
	static const char *const names[WEB_PAGES] = {"text", "openmetrics", "landing"};
	struct buf body = {};

	buf_printf(&body, "# page %s %u\n", names[page], ++d->made);
	while (body.len < d->page_bytes)
		buf_printf(&body, "probate_driver{n=\"%zu\"} %zu\n", body.len, body.len * 7919);
	web_answer(d->web, page, &body);
	assert(!body.s);
}

static void rss_say(void)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (!f || fscanf(f, "%*u %lu", &pages) != 1)
		pages = 0;
	if (f)
		fclose(f);
	printf("%lu\n", pages * (unsigned long)sysconf(_SC_PAGESIZE) / 1024);
}

static void requests_say(const struct driver *d)
{
	u64 n[6];

	web_requests(d->web, n);
	printf("%llu %llu %llu %llu %llu\n", (unsigned long long)n[1], (unsigned long long)n[2],
	       (unsigned long long)n[3], (unsigned long long)n[4], (unsigned long long)n[5]);
}

static void obey(struct driver *d, char *line)
{
	char *arg = strchr(line, ' ');

	if (arg)
		*arg++ = 0;
	if (!strcmp(line, "requests") || !strcmp(line, "rss")) {
		strcmp(line, "rss") ? requests_say(d) : rss_say();
		return;
	}
	if (!strcmp(line, "ready") || !strcmp(line, "unready"))
		web_ready(d->web, *line == 'r', arg);
	else if (!strcmp(line, "hold") || !strcmp(line, "go"))
		d->hold = *line == 'h';
	else if (!strcmp(line, "size") && arg)
		parse_u64(arg, UINT32_MAX, &d->page_bytes);
	else
		die(EXIT_USAGE, "what is '%s'?", line);
	puts("ok");
}

/* false: stdin has ended. */
static bool line_turn(struct driver *d)
{
	static char text[512];
	static size_t len;
	ssize_t n = read(STDIN_FILENO, text + len, sizeof(text) - 1 - len);
	char *end;

	if (n <= 0)
		return false;
	len += (size_t)n;
	text[len] = 0;
	while ((end = strchr(text, '\n'))) {
		*end = 0;
		obey(d, text);
		len -= (size_t)(end + 1 - text);
		memmove(text, end + 1, len + 1);
	}
	fflush(stdout);
	return true;
}

static void loop(struct driver *d)
{
	struct pollfd p[2] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.events = POLLIN}};
	enum web_page page;

	do {
		p[1].fd = d->hold ? -1 : web_fd(d->web);
		p[0].revents = p[1].revents = 0;
		poll(p, 2, -1);
		while (!d->hold && web_asked(d->web, &page))
			page_give(d, page);
	} while (!p[0].revents || line_turn(d));
}

static void seal(void)
{
#ifndef __SANITIZE_ADDRESS__
	struct buf err = {};

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (rights_seal(&err))
		die(EXIT_CANNOT, "%s", err.s);
#endif
}

static void options_read(struct web_opts *o, int argc, char **argv)
{
	static const struct option all[] = {
		{"listen", required_argument, NULL, 'l'}, {"path", required_argument, NULL, 'p'},
		{"config", required_argument, NULL, 'c'}, {"allow", required_argument, NULL, 'a'},
		{"systemd", no_argument, NULL, 's'},	  {}};
	int c;

	while ((c = getopt_long(argc, argv, "", all, NULL)) != -1) {
		if (c == 'l')
			o->listen[o->nlisten++] = optarg;
		else if (c == 'p')
			o->path = optarg;
		else if (c == 'c')
			o->config = optarg;
		else if (c == 'a')
			o->allow[o->nallow++] = optarg;
		else if (c == 's')
			o->systemd = true;
		else
			exit(EXIT_USAGE);
	}
}

int main(int argc, char **argv)
{
	struct driver d = {.page_bytes = 200};
	struct notify *notify = notify_open();
	struct web_opts o = {};
	struct buf err = {};
	int e;

	options_read(&o, argc, argv);
	e = web_open(&d.web, &o, &err);
	if (e)
		die(e == -EINVAL ? EXIT_USAGE : EXIT_CANNOT, "%s", err.s);
	if (web_start(d.web, &err))
		die(EXIT_CANNOT, "%s", err.s);
	seal();
	notify_ready(notify, web_url(d.web));
	notify_alive(notify, 1);
	puts(web_url(d.web));
	fflush(stdout);
	loop(&d);
	notify_stopping(notify);
	web_close(d.web);
	notify_close(notify);
	buf_free(&err);
	return 0;
}
