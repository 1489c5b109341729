/* SPDX-License-Identifier: BSD-2-Clause */
/* The timeline of a report: lanes and axis (report_figure.c), and who draws what on them. */
#ifndef PROBATE_REPORT_FIGURE_H
#define PROBATE_REPORT_FIGURE_H

#include "report_html.h"

#define LANES_MAX 24
#define ROWS_MAX  4   /* sockets held at the same time that are told apart in a lane */
#define LEFT	  176 /* names */
#define TOP	  34  /* the axis */
#define LANE	  42
#define BAR	  13
#define BAR_TOP	  20 /* of the first bar, in its lane */
#define GAP_LABEL 12
#define CHAR	  6.3 /* width of a letter, about */

/* clang-format off */
enum { SEEN_MADE, SEEN_FORK, SEEN_PASS, SEEN_SCAN, SEEN_ZOMBIE, SEEN_END, SEEN_EXEC, SEEN_LEAK,
       SEEN_MOVE, SEEN_REFUSED, SEEN_LOSS, SEEN_MAX };
/* clang-format on */

struct lane {
	u32 life, rows;
	double y, labelled; /* labelled: how far its labels reach */
};

struct figure {
	struct html *h;
	struct lane lane[LANES_MAX];
	u32 lanes, left_out;
	u8 *row; /* of each tenure, in its lane */
	u64 *key;
	double *x;
	u32 keys, cap;
	u32 seen; /* SEEN_* bits: what the legend explains */
	double width, height;
};

/* Lanes, keys and the axis; false: there is nothing to draw. */
bool figure_make(struct figure *f);
void figure_free(struct figure *f);
double x_of(const struct figure *f, u64 ts);
struct lane *lane_of(struct figure *f, u32 life);		       /* NULL: it has none */
double bar_y(const struct figure *f, const struct lane *l, u32 track); /* top of its last bar */
double row_y(const struct lane *l, u32 row);
bool tenure_there(const struct report *r, u32 id);
u32 bar_kind(const struct tenure *t); /* SEEN_* */
void title_begin(struct figure *f);   /* a group, and what the pointer shows of it */

/* All that stands on the bars (report_marks.c). */
void marks_draw(struct figure *f);

#endif
