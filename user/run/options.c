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
#include <sys/stat.h>

#include "options.h"

#ifndef PROBATE_VERSION
#define PROBATE_VERSION "unknown"
#endif
#define RING_DEFAULT (8u << 20)

#define OPTION_BASE 256 /* getopt's numbers for the table's rows */
enum { OPT_HELP = 'h', OPT_VERSION = 'V' };

#define NAMES_MAX 128

struct parse {
	struct option longs[NAMES_MAX + 3];
	const struct option_def *defs[NAMES_MAX]; /* each name once */
	u32 ndefs;
	char shorts[2 * NAMES_MAX + 8];
	struct {
		const char *name, *value;
	} used[64];
	u32 nused;
	bool help, version;
};

static void names_add(struct parse *p, const struct option_def *d)
{
	for (; d && d->name; d++) {
		u32 i = 0;

		while (i < p->ndefs && strcmp(p->defs[i]->name, d->name))
			i++;
		assert(i < NAMES_MAX);
		if (i == p->ndefs)
			p->defs[p->ndefs++] = d;
	}
}

static void parse_prepare(struct parse *p)
{
	char *s = p->shorts;
	u32 n = 0;

	names_add(p, option_common);
	names_add(p, option_limits);
	for (size_t i = 0; views[i]; i++)
		names_add(p, views[i]->options);
	*s++ = ':';
	*s++ = 'h';
	*s++ = 'V';
	for (; n < p->ndefs; n++) {
		const struct option_def *d = p->defs[n];

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

static _Noreturn void option_error(const struct parse *p, int c, char **argv)
{
	const char *names[NAMES_MAX], *word = argv[optind - 1], *near = NULL;

	for (u32 i = 0; i < p->ndefs; i++)
		names[i] = p->defs[i]->name;
	if (c == ':')
		die(EXIT_USAGE, "%s needs a value", word);
	if (optopt >= OPTION_BASE || optopt == OPT_HELP || optopt == OPT_VERSION)
		die(EXIT_USAGE, "%s takes no value", word);
	if (optopt)
		die(EXIT_USAGE, "there is no option -%c; see probate --help", optopt);
	if (!strncmp(word, "--", 2))
		near = nearest_name(word + 2, names, p->ndefs);
	if (near)
		die(EXIT_USAGE, "there is no option %s; did you mean --%s?", word, near);
	die(EXIT_USAGE, "there is no option %s; see probate --help", word);
}

static const struct option_def *option_by_code(const struct parse *p, int c)
{
	if (c >= OPTION_BASE)
		return p->defs[c - OPTION_BASE];
	for (u32 i = 0; i < p->ndefs; i++)
		if (p->defs[i]->letter == c)
			return p->defs[i];
	return NULL;
}

static void parse_options(struct parse *p, int argc, char **argv)
{
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, p->shorts, p->longs, NULL)) != -1) {
		const struct option_def *d = option_by_code(p, c);

		if (c == '?' || c == ':')
			option_error(p, c, argv);
		p->help |= c == OPT_HELP;
		p->version |= c == OPT_VERSION;
		if (!d)
			continue;
		if (p->nused == ARRAY_SIZE(p->used))
			die(EXIT_USAGE, "that is more than %zu options", ARRAY_SIZE(p->used));
		p->used[p->nused].name = d->name;
		p->used[p->nused++].value = optarg;
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

static void take_operands(const struct view *v, struct opts *o, char **words, u32 n)
{
	const struct operands *p = &v->operands;

	if (n < p->least)
		die(EXIT_USAGE, "%s", p->missing);
	if (n && !p->take)
		die(EXIT_USAGE, "%s takes no argument, and \"%s\" is one", v->name, words[0]);
	if (n > p->most)
		die(EXIT_USAGE, "%s takes one argument, and \"%s\" is one more", v->name,
		    words[p->most]);
	o->arg = p->most == 1 && n ? words[0] : NULL;
	for (u32 w = 0; w < n; w++)
		p->take(o, words[w]);
}

/* Moments belong to recordings, a stretch to what shows what happens. */
static void check_moments(const struct view *v, const struct opts *o)
{
	bool shows = v->live_only || v->start || o->watch;

	if (o->at && (o->since || o->until))
		die(EXIT_USAGE, "--at is one moment: it goes without --since and --until");
	if (o->at && (v->live_only || o->watch))
		die(EXIT_USAGE, "%s shows what happens: use --since and --until instead of --at",
		    v->live_only ? v->name : "-w");
	if (o->since && !shows)
		die(EXIT_USAGE, "%s tells a state: use --at, or -w to see what changed since",
		    v->name);
}

static bool same_file(const char *a, const char *b)
{
	struct stat x, y;

	return !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static void check_recording(const struct view *v, const struct opts *o)
{
	if (v->own_source && (o->replay || o->at || o->since || o->until || o->record))
		die(EXIT_USAGE, "%s is about this machine now: it reads and writes no recording",
		    v->name);
	check_moments(v, o);
	if (o->record && !v->live_only && !o->watch)
		die(EXIT_USAGE, "--record is for what goes on: add -w, or use probate record");
	if (o->replay && (v->records ? !o->record : !!o->record))
		die(EXIT_USAGE,
		    "to cut a piece out of a recording: probate -r OLD --since T --until T "
		    "record NEW");
	if (o->replay && o->record && same_file(o->replay, o->record))
		die(EXIT_USAGE,
		    "%s cannot be read and written at once: give the piece another name",
		    o->record);
	if (v->daemon && o->record && !strcmp(o->record, "-"))
		die(EXIT_USAGE, "%s records into a directory: --record DIR/", v->name);
	if (!v->records && o->record && !strcmp(o->record, "-") && !o->out_path)
		die(EXIT_USAGE,
		    "%s and its recording cannot both go to standard output: add -o FILE", v->name);
	if (o->cmd && (o->at || o->since || o->until))
		die(EXIT_USAGE, "a command is run now: it goes without --since and --until");
	if (o->force && !o->record)
		die(EXIT_USAGE, "--force goes with a recording that is written");
}

/* Each by the command that it was given to; without one, by any. */
static void take_options(const struct parse *p, const struct view *v, struct opts *o)
{
	for (u32 i = 0; i < p->nused; i++) {
		const struct option_def *d = option_find(v, p->used[i].name);

		if (!d)
			die(EXIT_USAGE, "--%s is not for %s; see probate %s --help",
			    p->used[i].name, v->name, v->name);
		option_take(d, o, p->used[i].value);
	}
}

static void check_options(const struct parse *p, const struct view *v, const struct opts *o)
{
	for (u32 i = 0; v->daemon && !o->record && i < p->nused; i++)
		for (const struct option_def *d = option_limits; d->name; d++)
			if (!strcmp(d->name, p->used[i].name))
				die(EXIT_USAGE, "--%s goes with --record DIR/", d->name);
	if (o->cmd && !v->runs)
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
	const u64 objects = KINDS_TOLD | 1ull << EV_KIND_FORK | 1ull << EV_KIND_SIGNAL |
			    1ull << EV_KIND_SESSION;

	o->filter.kinds = kinds_needed(o->kinds);
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
	o->collectors = collectors_default();
	o->limits = (struct rec_limits){.segment_bytes = 64ull << 20,
					.segment_ns = 6 * 3600 * NS_PER_S,
					.total_bytes = 8ull << 30};
	while (end < argc && strcmp(argv[end], "--"))
		end++;
	parse_prepare(&p);
	parse_options(&p, end, argv);
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
	if (!p.help || !v)
		take_options(&p, v, o);
	if (p.help) {
		usage_print(stdout, v);
		return NULL;
	}
	if (!v)
		nothing_asked();
	check_options(&p, v, o);
	take_operands(v, o, argv + optind + 1, end - optind - 1);
	check_recording(v, o);
	if (v->check)
		v->check(o);
	set_kinds(o);
	return v;
}
