// SPDX-License-Identifier: BSD-2-Clause
/* A configuration in YAML, taken apart key by key; every complaint names file and line. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "web_priv.h"
#include "web_yaml.h"

int config_wrong(const char *path, u32 line, struct buf *err, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_printf(err, "%s:%u: %s", path, line, text);
	return -EINVAL;
}

int yaml_wrong(struct yaml *y, u32 line, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return config_wrong(y->path, line, y->err, "%s", text);
}

/* ---- files ------------------------------------------------------------------------------- */

/* A pipe or a device would keep us waiting, or never end. */
static int regular_open(const char *path, u32 max, struct stat *st, struct buf *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 || fstat(fd, st))
		buf_puts(why, strerror(errno));
	else if (!S_ISREG(st->st_mode))
		buf_puts(why, "it is not a file");
	else if (st->st_size > max)
		buf_printf(why, "it is larger than %u KiB", max / 1024);
	else
		return fd;
	if (fd >= 0)
		close(fd);
	return -EINVAL;
}

int text_read(const char *path, u32 max, char **text, size_t *len, struct buf *why)
{
	struct stat st;
	int fd = regular_open(path, max, &st, why);
	ssize_t n = 1;

	if (fd < 0)
		return fd;
	*text = xmalloc((size_t)st.st_size + 1);
	*len = 0;
	while (n > 0 && *len < (size_t)st.st_size) {
		n = read(fd, *text + *len, (size_t)st.st_size - *len);
		*len += n > 0 ? (size_t)n : 0;
	}
	if (n < 0)
		buf_puts(why, strerror(errno));
	close(fd);
	(*text)[*len] = 0;
	if (n >= 0)
		return 0;
	free(*text);
	return -EINVAL;
}

/* What libyaml says, in our order: line first. */
static int parser_wrong(struct yaml *y, const yaml_parser_t *p)
{
	u32 line = (u32)(p->problem_mark.line ? p->problem_mark.line : p->context_mark.line) + 1;

	if (p->error == YAML_READER_ERROR)
		return yaml_wrong(y, line, "it is not UTF-8 text: %s", p->problem);
	return yaml_wrong(y, line, "this is not YAML: %s%s%s", p->context ? p->context : "",
			  p->context ? ", " : "", p->problem ? p->problem : "no reason given");
}

/* There is nothing after the first document. */
static int only_document(struct yaml *y, yaml_parser_t *p)
{
	yaml_document_t more;
	yaml_node_t *root;
	int e = 0;

	if (!yaml_parser_load(p, &more))
		return parser_wrong(y, p);
	root = yaml_document_get_root_node(&more);
	if (root)
		e = yaml_wrong(y, yaml_line(root), "a second document begins here: give one");
	yaml_document_delete(&more);
	return e;
}

int yaml_load(struct yaml *y, yaml_node_t **root)
{
	struct buf why = {};
	yaml_parser_t p;
	char *text;
	size_t len;
	int e = 0;

	*root = NULL;
	if (text_read(y->path, WEB_TEXT_MAX, &text, &len, &why)) {
		buf_printf(y->err, "cannot read the configuration %s: %s", y->path, why.s);
		buf_free(&why);
		return -EINVAL;
	}
	if (!yaml_parser_initialize(&p))
		die(EXIT_CANNOT, "out of memory");
	yaml_parser_set_input_string(&p, (const unsigned char *)text, len);
	if (yaml_parser_load(&p, &y->doc)) {
		y->loaded = true;
		*root = yaml_document_get_root_node(&y->doc);
		e = *root ? only_document(y, &p) : 0;
	} else {
		e = parser_wrong(y, &p);
	}
	yaml_parser_delete(&p);
	explicit_bzero(text, len); /* a key may be in it */
	free(text);
	return e;
}

void yaml_unload(struct yaml *y)
{
	if (!y->loaded)
		return;
	for (yaml_node_t *n = y->doc.nodes.start; n < y->doc.nodes.top; n++)
		if (n->type == YAML_SCALAR_NODE)
			explicit_bzero(n->data.scalar.value, n->data.scalar.length);
	yaml_document_delete(&y->doc);
}

/* ---- nodes ------------------------------------------------------------------------------- */

u32 yaml_line(const yaml_node_t *n)
{
	return (u32)n->start_mark.line + 1;
}

bool yaml_null(const yaml_node_t *n)
{
	const char *s = (const char *)n->data.scalar.value;

	return n->type == YAML_SCALAR_NODE && n->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	       (!*s || !strcmp(s, "~") || !strcasecmp(s, "null"));
}

const char *yaml_text(struct yaml *y, yaml_node_t *n, const char *name)
{
	const char *s = (const char *)n->data.scalar.value;

	if (n->type != YAML_SCALAR_NODE) {
		yaml_wrong(y, yaml_line(n), "%s takes one value, not a list or a mapping", name);
		return NULL;
	}
	if (strlen(s) != n->data.scalar.length) {
		yaml_wrong(y, yaml_line(n), "there is a NUL byte in %s: take it out", name);
		return NULL;
	}
	return yaml_null(n) ? "" : s;
}

int yaml_bool(struct yaml *y, yaml_node_t *n, const char *name, bool *out)
{
	static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};
	const char *s = yaml_text(y, n, name);

	if (!s)
		return -EINVAL;
	for (u32 i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcasecmp(s, words[i])) {
			*out = i % 2;
			return 0;
		}
	return yaml_wrong(y, yaml_line(n), "%s is true or false, not '%s'", name, s);
}

int yaml_list(struct yaml *y, yaml_node_t *n, const char *name,
	      int (*take)(struct yaml *y, const char *text, u32 line))
{
	int e = 0;

	if (yaml_null(n))
		return 0;
	if (n->type != YAML_SEQUENCE_NODE)
		return yaml_wrong(y, yaml_line(n), "%s takes a list, like [A, B]", name);
	for (yaml_node_item_t *i = n->data.sequence.items.start;
	     i < n->data.sequence.items.top && !e; i++) {
		yaml_node_t *item = yaml_document_get_node(&y->doc, *i);
		const char *s = yaml_text(y, item, name);

		e = s ? take(y, s, yaml_line(item)) : -EINVAL;
	}
	return e;
}

/* Was the key of `pair` there before? */
static bool key_again(struct yaml *y, yaml_node_t *n, yaml_node_pair_t *pair, const char *key)
{
	for (yaml_node_pair_t *p = n->data.mapping.pairs.start; p < pair; p++) {
		yaml_node_t *k = yaml_document_get_node(&y->doc, p->key);

		if (!strcmp((const char *)k->data.scalar.value, key))
			return true;
	}
	return false;
}

int yaml_pairs(struct yaml *y, yaml_node_t *n, const char *name, yaml_take *take, const void *arg)
{
	yaml_node_pair_t *p;
	int e = 0;

	if (yaml_null(n))
		return 0;
	if (n->type != YAML_MAPPING_NODE)
		return yaml_wrong(y, yaml_line(n), "%s takes keys with values, like KEY: VALUE",
				  name);
	for (p = n->data.mapping.pairs.start; p < n->data.mapping.pairs.top && !e; p++) {
		yaml_node_t *k = yaml_document_get_node(&y->doc, p->key);
		const char *key = yaml_text(y, k, "a key");

		if (!key)
			return -EINVAL;
		if (key_again(y, n, p, key))
			return yaml_wrong(y, yaml_line(k), "'%.100s' is given twice: take one out",
					  key);
		e = take(y, k, yaml_document_get_node(&y->doc, p->value), arg);
	}
	return e;
}

struct section {
	const char *name;
	const struct yaml_key *keys; /* the last has no name */
};

static int key_take(struct yaml *y, yaml_node_t *key, yaml_node_t *value, const void *arg)
{
	const struct section *s = arg;
	const char *name = (const char *)key->data.scalar.value;
	struct buf known = {};

	for (const struct yaml_key *k = s->keys; k->name; k++) {
		if (!strcmp(k->name, name)) {
			buf_free(&known);
			return k->take(y, k, value);
		}
		buf_printf(&known, "%s%s", known.len ? ", " : "", k->name);
	}
	yaml_wrong(y, yaml_line(key), "unknown key '%.100s' in %s; known are %s", name, s->name,
		   known.s);
	buf_free(&known);
	return -EINVAL;
}

int yaml_section(struct yaml *y, yaml_node_t *n, const char *name, const struct yaml_key *keys)
{
	const struct section s = {name, keys};

	return yaml_pairs(y, n, name, key_take, &s);
}
