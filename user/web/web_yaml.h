/* SPDX-License-Identifier: BSD-2-Clause */
/* A configuration in YAML, taken apart key by key; every complaint names file and line. */
#ifndef PROBATE_WEB_YAML_H
#define PROBATE_WEB_YAML_H

#include <yaml.h>

#include "util.h"

struct yaml {
	const char *path;
	yaml_document_t doc;
	bool loaded;
	struct buf *err;
	void *into; /* for who takes the values */
};

/* One key of a mapping, and who takes its value: 0 or -EINVAL with a sentence. */
struct yaml_key {
	const char *name;
	int (*take)(struct yaml *y, const struct yaml_key *k, yaml_node_t *value);
	size_t at; /* where in what `into` points to, for those who share a function */
};

/* The file as text with a NUL behind it; no more than `max` bytes.  0 or -EINVAL with the reason
 * alone. */
int text_read(const char *path, u32 max, char **text, size_t *len, struct buf *why);

/* 0 or -EINVAL with a sentence.  An empty file is no error: *root is NULL. */
int yaml_load(struct yaml *y, yaml_node_t **root);
void yaml_unload(struct yaml *y);

u32 yaml_line(const yaml_node_t *n);
/* Nothing was given after the colon. */
bool yaml_null(const yaml_node_t *n);
/* The text of a node that must be one value; NULL with a sentence when it is none. */
const char *yaml_text(struct yaml *y, yaml_node_t *n, const char *name);
/* true or false.  0 or -EINVAL with a sentence. */
int yaml_bool(struct yaml *y, yaml_node_t *n, const char *name, bool *out);
/* Each of a list of values to take().  0 or -EINVAL with a sentence. */
int yaml_list(struct yaml *y, yaml_node_t *n, const char *name,
	      int (*take)(struct yaml *y, const char *text, u32 line));
/* Each key of a mapping to take(), once.  0 or -EINVAL with a sentence. */
typedef int yaml_take(struct yaml *y, yaml_node_t *key, yaml_node_t *value, const void *arg);
int yaml_pairs(struct yaml *y, yaml_node_t *n, const char *name, yaml_take *take, const void *arg);
/* A mapping of which all keys are known, the last of them without a name. */
int yaml_section(struct yaml *y, yaml_node_t *n, const char *name, const struct yaml_key *keys);
/* "FILE:LINE: " and the sentence; -EINVAL. */
int yaml_wrong(struct yaml *y, u32 line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
