/* SPDX-License-Identifier: BSD-2-Clause */
/* The tree as a list in print order: walked by view_tree.c, drawn by view_tree_text.c. */
#ifndef PROBATE_VIEW_TREE_H
#define PROBATE_VIEW_TREE_H

#include "view.h"

struct node {
	const struct proc *proc;
	const char *name; /* to sort by; NULL: by pid */
	u32 depth;
	u32 same;  /* leaves like it that follow and are shown with it */
	bool last; /* no sibling comes after it (after those shown with it) */
};

struct nodes {
	struct node *at;
	u32 n, cap;
};

/* Socket descriptors of a process, in all its tables. */
u32 sockets_count(const struct model *m, const struct proc *p);
/* Draws and thereby folds the list. */
void tree_text(struct out *o, const struct model *m, struct nodes *t, bool kthreads);

#endif
