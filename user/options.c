/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parsing the command line.
 *
 * Options stand before or after the command, as people type them.  "--" ends them; for `trace` it
 * begins the command to run, which getopt's permutation must therefore never see.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

#ifndef PROBATE_VERSION
#define PROBATE_VERSION "unknown"
#endif
#define RING_DEFAULT (8u << 20)

const struct view *const views[] = {
	&view_ports,   &view_port,  &view_pid,	  &view_tree,
	&view_zombies, &view_trace, &view_doctor, NULL,
};

#define OPTION_BASE 256 /* getopt's numbers for the table's rows */
enum { OPT_HELP = 'h', OPT_VERSION = 'V' };

struct parse {
	struct option longs[OPTIONS + 3];
	char shorts[2 * OPTIONS + 8];
	const struct option_def *used[64];
	u32 nused;
	bool help, version;
};

static void parse_prepare(struct parse *p)
{
	char *s = p->shorts;
	size_t n = 0;

	*s++ = ':';
	*s++ = 'h';
	*s++ = 'V';
	for (; n < OPTIONS; n++) {
		const struct option_def *d = &option_defs[n];

		p->longs[n] = (struct option){d->name, !!d->value, NULL, OPTION_BASE + (int)n};
		if (!d->letter)
			continue;
		*s++ = d->letter;
		if (d->value)
			*s++ = ':';
	}
	p->longs[n++] = (struct option){"help", 0, NULL, OPT_HELP};
	p->longs[n++] = (struct option){"version", 0, NULL, OPT_VERSION};
}

static _Noreturn void option_error(int c, char **argv)
{
	const char *names[OPTIONS], *word = argv[optind - 1], *near = NULL;

	for (size_t i = 0; i < OPTIONS; i++)
		names[i] = option_defs[i].name;
	if (c == ':')
		die(EXIT_USAGE, "%s needs a value", word);
	if (optopt >= OPTION_BASE || optopt == OPT_HELP || optopt == OPT_VERSION)
		die(EXIT_USAGE, "%s takes no value", word);
	if (optopt)
		die(EXIT_USAGE, "there is no option -%c; see probate --help", optopt);
	if (!strncmp(word, "--", 2))
		near = nearest_name(word + 2, names, ARRAY_SIZE(names));
	if (near)
		die(EXIT_USAGE, "there is no option %s; did you mean --%s?", word, near);
	die(EXIT_USAGE, "there is no option %s; see probate --help", word);
}

static const struct option_def *option_by_code(int c)
{
	if (c >= OPTION_BASE)
		return &option_defs[c - OPTION_BASE];
	for (size_t i = 0; i < OPTIONS; i++)
		if (option_defs[i].letter == c)
			return &option_defs[i];
	return NULL;
}

static void parse_options(struct parse *p, int argc, char **argv, struct opts *o)
{
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, p->shorts, p->longs, NULL)) != -1) {
		const struct option_def *d = option_by_code(c);

		if (c == '?' || c == ':')
			option_error(c, argv);
		p->help |= c == OPT_HELP;
		p->version |= c == OPT_VERSION;
		if (!d)
			continue;
		d->set(o, optarg);
		if (p->nused < ARRAY_SIZE(p->used))
			p->used[p->nused++] = d;
	}
}

static const struct view *view_by_name(const char *name)
{
	const char *names[32], *near;
	size_t n = 0;

	for (; views[n]; n++) {
		if (!strcmp(views[n]->name, name))
			return views[n];
		names[n] = views[n]->name;
	}
	near = nearest_name(name, names, n);
	if (near)
		die(EXIT_USAGE, "there is no command \"%s\"; did you mean %s?", name, near);
	die(EXIT_USAGE, "there is no command \"%s\"; see probate --help", name);
}

/* trace's filters as words: pid=12, or port 80 as "port=80". */
static void filter_word(struct opts *o, const char *word)
{
	const char *eq = strchr(word, '=');

	for (size_t i = 0; eq && i < OPTIONS; i++) {
		const struct option_def *d = &option_defs[i];

		if (d->views && d->value && !strncmp(d->name, word, eq - word) &&
		    !d->name[eq - word] && strstr(d->views, "trace")) {
			d->set(o, eq + 1);
			return;
		}
	}
	die(EXIT_USAGE,
	    "trace does not know the filter \"%s\": use event=, pid=, tree=, comm=, uid= or port=; "
	    "a "
	    "command to run stands after --",
	    word);
}

static void operand_query(struct opts *o, const char *word)
{
	struct buf why = {};

	if (!query_parse(word, &o->query, &why))
		die(EXIT_USAGE, "%s", why.s);
	buf_free(&why);
}

static void operand_pid(struct opts *o, const char *word)
{
	o->pid = pid_value(NULL, word);
}

/* What each command takes besides options. */
static const struct {
	const char *view;
	u32 least, most;
	void (*take)(struct opts *o, const char *word);
	const char *missing;
} operands[] = {
	{"trace", 0, UINT32_MAX, filter_word, NULL},
	{"port", 1, 1, operand_query, "port needs a port: probate port 8080"},
	{"pid", 1, 1, operand_pid, "pid needs the number of a process: probate pid 1234"},
	{"tree", 0, 1, operand_pid, NULL},
};

static void take_operands(const struct view *v, struct opts *o, char **words, u32 n)
{
	for (size_t i = 0; i < ARRAY_SIZE(operands); i++) {
		if (strcmp(operands[i].view, v->name))
			continue;
		if (n < operands[i].least)
			die(EXIT_USAGE, "%s", operands[i].missing);
		if (n > operands[i].most)
			die(EXIT_USAGE, "%s takes one argument, and \"%s\" is one more", v->name,
			    words[operands[i].most]);
		o->arg = n ? words[0] : NULL;
		for (u32 w = 0; w < n; w++)
			operands[i].take(o, words[w]);
		return;
	}
	if (n)
		die(EXIT_USAGE, "%s takes no argument, and \"%s\" is one", v->name, words[0]);
}

static void check_options(const struct parse *p, const struct view *v, const struct opts *o)
{
	for (u32 i = 0; i < p->nused; i++)
		if (!option_is_for(p->used[i], v))
			die(EXIT_USAGE, "--%s is not for %s; see probate %s --help",
			    p->used[i]->name, v->name, v->name);
	if (o->cmd && strcmp(v->name, "trace"))
		die(EXIT_USAGE, "only trace runs a command: probate trace -- %s", o->cmd[0]);
	if (o->cmd && o->replay)
		die(EXIT_USAGE, "a replay (-r) runs no command");
}

/*
 * Who acts is not enough of a filter for what the model tells, nor for events that have another
 * process as their object: those are filtered when they are shown, and the kernel sends all.
 */
static void set_kinds(struct opts *o)
{
	const u64 objects = 0x3ffull << 40 | 1ull << EV_KIND_FORK | 1ull << EV_KIND_SIGNAL |
			    1ull << EV_KIND_SESSION;

	o->filter.kinds = o->raw ? 0 : kinds_needed(o->kinds);
	o->wide = !o->kinds || o->kinds & objects;
}

static _Noreturn void nothing_asked(void)
{
	usage_print(stderr, NULL);
	exit(EXIT_USAGE);
}

const struct view *options_parse(int argc, char **argv, struct opts *o)
{
	struct parse p = {};
	const struct view *v = NULL;
	int end = 1;

	o->ring_bytes = RING_DEFAULT;
	while (end < argc && strcmp(argv[end], "--"))
		end++;
	parse_prepare(&p);
	parse_options(&p, end, argv, o);
	if (end + 1 < argc)
		o->cmd = argv + end + 1;
	else if (end < argc)
		die(EXIT_USAGE, "-- needs a command after it: probate trace -- CMD");
	if (p.version) {
		puts("probate " PROBATE_VERSION);
		return NULL;
	}
	if (optind < end)
		v = view_by_name(argv[optind]);
	if (p.help) {
		usage_print(stdout, v);
		return NULL;
	}
	if (!v)
		nothing_asked();
	check_options(&p, v, o);
	take_operands(v, o, argv + optind + 1, end - optind - 1);
	set_kinds(o);
	return v;
}
