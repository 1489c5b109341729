/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the landing page share.
 *
 * landing.c       head, figures, tables, foot       landing_sock.c  rows of sockets
 * landing_html.c  style, escaping, tables           landing_dead.c  rows of zombies
 */
#ifndef PROBATE_LANDING_PRIV_H
#define PROBATE_LANDING_PRIV_H

#include "landing.h"

#define ROWS_MAX   100 /* of a table: a page, not a dump */
#define PAGE_MAX   (256 * 1024)
#define TABLES	   4
#define TABLES_MAX (PAGE_MAX - 24 * 1024) /* the rest: one row too many, and the foot */
#define RESERVE	   (40 * 1024)		  /* left to each of the tables to come */
#define FEW	   2			  /* sockets whose advice is unfolded from the beginning */
#define FEW_GROUPS 5			  /* and groups of zombies */
#define NAMES_MAX  5			  /* processes named in a cell */

/* ---- HTML under way (landing_html.c) --------------------------------------------------------- */

struct html {
	struct buf *out;
	struct buf word;	  /* one text on its way; fit for a terminal already */
	const char *const *heads; /* of the table under way */
	u32 tables, rows, col;
};

void html_text(struct html *h, const char *safe); /* escaped */
void html_word(struct html *h); /* what was written into word, which is empty then */

/* heads ends with NULL; a table has what those before it left, but for the RESERVE. */
void table_begin(struct html *h, const char *const *heads);
bool row_begin(struct html *h); /* false: there is no room for more */
void row_end(struct html *h);
void table_end(struct html *h, u32 total);
void cell_begin(struct html *h);
void cell_end(struct html *h);

void html_ep(struct html *h, const struct ep *ep);		 /* its port is never torn */
void html_proc(struct html *h, const struct model *m, u32 proc); /* its pid is never torn */
/* Its container or unit, if any. */
void html_place(struct html *h, const struct model *m, const struct proc *p);
/* The time of day, with the date on another day than `now`; now 0: with date and zone. */
void html_moment(struct html *h, u64 wall, u64 now);
/* How long that is, and since when; ts 0: before anything was watching. */
void html_since(struct html *h, const struct landing *l, u64 ts);

/* ---- sockets (landing_sock.c) ---------------------------------------------------------------- */

struct socks {
	u32 *v; /* ids */
	u32 n, cap;
};
void socks_add(struct socks *list, u32 id);
/* By port, then address; UNIX sockets by name, at the end. */
void socks_sort(const struct model *m, struct socks *list);
enum sock_kind { KIND_LEAKED, KIND_SUSPECT, KIND_STUCK };
void socks_table(struct html *h, const struct landing *l, const struct socks *list,
		 enum sock_kind kind);

/* ---- zombies (landing_dead.c) ---------------------------------------------------------------- */

struct deads {
	struct dead *v;
	u32 n, cap;
};
void deads_add(struct deads *list, const struct model *m, const struct proc *p, enum reason reason);
void zombies_table(struct html *h, const struct landing *l, struct deads *list);

#endif
