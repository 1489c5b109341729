// SPDX-License-Identifier: BSD-2-Clause
/*
 * Names of programs and units are chosen by whoever is watched, and there is no end to them.
 *
 * They are counted anew for every answer, so a series goes when its last process does.  Names that
 * are the same once they are clean are one series: two samples with the same labels would spoil
 * the whole answer.  So a program that is really called "other" is counted with the rest, whatever
 * its size, and one called "unknown" with those whose name is not known.
 */
#include <stdlib.h>
#include <string.h>

#include "labels.h"

static u64 hash_name(const char *s)
{
	u64 h = 0xcbf29ce484222325ull; /* FNV-1a */

	while (*s)
		h = (h ^ (unsigned char)*s++) * 0x100000001b3ull;
	return h;
}

static struct label *label_find(const struct labels *l, u64 hash, const char *s)
{
	u32 at = map_get(&l->by_hash, hash);

	while (at && strcmp(l->v[at - 1].s, s))
		at = l->v[at - 1].next;
	return at ? &l->v[at - 1] : NULL;
}

void labels_add(struct labels *l, const char *s, size_t n)
{
	char clean[LABEL_ROOM];
	struct label *at;
	u64 hash;

	if (!label_clean(clean, s, n))
		strcpy(clean, METRICS_UNKNOWN);
	hash = hash_name(clean);
	at = label_find(l, hash, clean);
	if (at) {
		at->count++;
		return;
	}
	if (l->n == l->cap)
		l->v = xrealloc(l->v, (l->cap = l->cap ? l->cap * 2 : 16) * sizeof(*l->v));
	at = &l->v[l->n++];
	*at = (struct label){.hash = hash, .count = 1, .next = map_get(&l->by_hash, hash)};
	strcpy(at->s, clean);
	map_put(&l->by_hash, hash, l->n);
}

static bool is_other(const struct label *l)
{
	return !strcmp(l->s, METRICS_OTHER);
}

/* The largest first; of equal ones by name, so that the same ones are told each time. */
static int label_cmp(const void *a, const void *b)
{
	const struct label *x = a, *y = b;

	if (is_other(x) != is_other(y))
		return is_other(x) ? 1 : -1;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return strcmp(x->s, y->s);
}

void labels_tell(struct labels *l, struct writer *w)
{
	u64 rest = 0;

	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), label_cmp);
	map_free(&l->by_hash); /* the numbers are others now */
	for (u32 i = 0; i < l->n; i++) {
		if (i < METRICS_CAP && !is_other(&l->v[i]))
			sample_u64(w, LABELS(l->v[i].s), l->v[i].count);
		else
			rest += l->v[i].count;
	}
	sample_u64(w, LABELS(METRICS_OTHER), rest);
}

void labels_free(struct labels *l)
{
	free(l->v);
	map_free(&l->by_hash);
}

/* ---- whose name it is ------------------------------------------------------------------------ */

void labels_add_program(struct labels *l, const struct model *m, const struct proc *p)
{
	const char *name = p ? proc_comm(m, p) : "", *slash;
	u16 len = 0;

	if (p && !*name) {
		name = proc_exe(m, p, &len);
		slash = name && len ? strrchr(name, '/') : NULL;
		name = slash ? slash + 1 : name && len ? name : "";
	}
	labels_add(l, name, strlen(name));
}

/*
 * What runs in a container is that container's, whatever its init makes of the tree below.  A path
 * with neither is told as it is, "/" for what is outside of all: no unit's name has a slash.
 */
void labels_add_unit(struct labels *l, const struct model *m, const struct proc *p)
{
	const char *path = p ? cgroup_path(m, p->cgroup) : NULL, *unit;
	char id[32], name[64];
	size_t n = 0;

	if (cgroup_container(path, id)) {
		n = (size_t)snprintf(name, sizeof(name), "container:%s", id);
		labels_add(l, name, n);
		return;
	}
	unit = path ? cgroup_unit(path, &n) : NULL;
	if (unit)
		labels_add(l, unit, n);
	else
		labels_add(l, path ? path : "", path ? strlen(path) : 0);
}
