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
#define RECORD_DEFAULT "/var/lib/probate/"

const struct view *const views[] = {
	&view_ports,   &view_port,  &view_pid,	  &view_tree,
	&view_zombies, &view_report, &view_trace, &view_record, &view_serve, &view_doctor, NULL,
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
		option_take(d, o, optarg);
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
			option_take(d, o, eq + 1);
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

static void operand_record(struct opts *o, const char *word)
{
	if (o->record)
		die(EXIT_USAGE, "record writes to one place: \"%s\" or \"%s\"", o->record, word);
	o->record = word;
}

/* "8801" may be a port or a process; "port 8801" and "pid 8801" say which. */
static void operand_report(struct opts *o, const char *word)
{
	u64 n;

	if (!o->arg && !o->about && (!strcmp(word, "pid") || !strcmp(word, "port"))) {
		o->about = strcmp(word, "pid") ? ABOUT_PORT : ABOUT_PID;
		return;
	}
	if (o->arg)
		die(EXIT_USAGE, "report takes one port or process, and \"%s\" is one more", word);
	o->arg = word;
	if (!o->about)
		o->about = parse_u64(word, UINT32_MAX, &n) ? ABOUT_PORT | ABOUT_PID : ABOUT_PORT;
	if (o->about == (ABOUT_PORT | ABOUT_PID) && n > 65535)
		o->about = ABOUT_PID;
	if (o->about & ABOUT_PID)
		operand_pid(o, word);
	if (o->about & ABOUT_PORT)
		operand_query(o, word);
}

/* What each command takes besides options. */
static const struct {
	const char *view;
	u32 least, most;
	void (*take)(struct opts *o, const char *word);
	const char *missing;
} operands[] = {
	{"trace", 0, UINT32_MAX, filter_word, NULL},
	{"record", 0, 1, operand_record, NULL},
	{"port", 1, 1, operand_query, "port needs a port: probate port 8080"},
	{"pid", 1, 1, operand_pid, "pid needs the number of a process: probate pid 1234"},
	{"tree", 0, 1, operand_pid, NULL},
	{"report", 0, 3, operand_report, NULL},
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
		o->arg = operands[i].most == 1 && n ? words[0] : NULL;
		for (u32 w = 0; w < n; w++)
			operands[i].take(o, words[w]);
		return;
	}
	if (n)
		die(EXIT_USAGE, "%s takes no argument, and \"%s\" is one", v->name, words[0]);
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
	if (o->replay && (v == &view_record ? !o->record : !!o->record))
		die(EXIT_USAGE,
		    "to cut a piece out of a recording: probate -r OLD --since T --until T "
		    "record NEW");
	if (o->replay && o->record && same_file(o->replay, o->record))
		die(EXIT_USAGE,
		    "%s cannot be read and written at once: give the piece another name",
		    o->record);
	if (v == &view_record && o->out_path)
		die(EXIT_USAGE, "record prints nothing for -o; to record there: probate record %s",
		    o->out_path);
	if (v->daemon && o->record && !strcmp(o->record, "-"))
		die(EXIT_USAGE, "%s records into a directory: --record DIR/", v->name);
	if (v != &view_record && o->record && !strcmp(o->record, "-") && !o->out_path)
		die(EXIT_USAGE,
		    "%s and its recording cannot both go to standard output: add -o FILE", v->name);
	if (o->cmd && (o->at || o->since || o->until))
		die(EXIT_USAGE, "a command is run now: it goes without --since and --until");
	if (o->force && !o->record)
		die(EXIT_USAGE, "--force goes with a recording that is written");
}

static void check_options(const struct parse *p, const struct view *v, const struct opts *o)
{
	for (u32 i = 0; i < p->nused; i++)
		if (!option_is_for(p->used[i], v))
			die(EXIT_USAGE, "--%s is not for %s; see probate %s --help",
			    p->used[i]->name, v->name, v->name);
	for (u32 i = 0; v->daemon && !o->record && i < p->nused; i++)
		if (p->used[i]->views && strstr(p->used[i]->views, "record"))
			die(EXIT_USAGE, "--%s goes with --record DIR/", p->used[i]->name);
	if (o->html + o->perfetto + o->json > 1)
		die(EXIT_USAGE,
		    "--html, --perfetto and --json are three forms of a report: choose one");
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
	check_recording(v, o);
	if (v == &view_record && !o->record)
		o->record = RECORD_DEFAULT;
	if (o->about && !o->arg)
		die(EXIT_USAGE, "report %s needs a number after it",
		    o->about == ABOUT_PID ? "pid" : "port");
	set_kinds(o);
	return v;
}
