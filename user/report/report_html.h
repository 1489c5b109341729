/* SPDX-License-Identifier: BSD-2-Clause */
/* Parts of the HTML form of a report.  What is hostile is made safe for text first, then escaped.
 */
#ifndef PROBATE_REPORT_HTML_H
#define PROBATE_REPORT_HTML_H

#include "report.h"

struct html {
	struct out *o;
	const struct report *r;
	const struct model *m;
	struct buf s; /* a sentence in the making: empty between two calls */
};

/* Markup of our own into the line; nothing in it may come from outside. */
void html_raw(struct html *h, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Text, escaped. */
void html_puts(struct html *h, const char *text);
/* The sentence in h->s, escaped, and begin a new one. */
void html_say(struct html *h);
void html_line(struct html *h);					      /* write the line */
void html_markup(struct html *h, const char *markup);		      /* a whole line of our own */
void html_section(struct html *h, const char *id, const char *title); /* until </section> */
/* An instant for people, with the exact one in its attributes; `none` when it is 0. */
void html_time(struct html *h, u64 ts, const char *none);

/* A figure: processes as lanes, what they held as bars (report_svg.c). */
void html_timeline(struct html *h);

/* Sections (report_parts.c); nothing where there is nothing. */
void html_sockets(struct html *h);
void html_lists(struct html *h);
void html_processes(struct html *h);
void html_programs(struct html *h);

#endif
