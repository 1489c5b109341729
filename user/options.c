/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line, from one table of options.
 *
 * Options stand before or after the command, as people type them.  "--" ends them; for `trace` it
 * begins the command to run, which getopt's permutation must therefore never see.
 */
#include <getopt.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

#ifndef PROBATE_VERSION
#define PROBATE_VERSION "unknown"
#endif
#define RING_DEFAULT (16u << 20)
#define RING_MIN (16u << 10)
#define RING_MAX (1ull << 30)

struct option_def {
	char letter;       /* 0: none */
	const char *name;
	const char *value; /* what it takes, for the help; NULL: nothing */
	const char *views; /* commands it is for, separated by spaces; NULL: all */
	const char *help;
	void (*set)(struct opts *o, const char *value);
};

static _Noreturn void usage_error(struct buf *why)
{
	die(EXIT_USAGE, "%s", why->s);
}

/* ---- one function an option ------------------------------------------------------------------ */

static void set_replay(struct opts *o, const char *value)
{
	o->replay = value;
}

static void set_json(struct opts *o, const char *value)
{
	(void)value;
	o->json = true;
}

static void set_watch(struct opts *o, const char *value)
{
	(void)value;
	o->watch = true;
}

static void set_quiet(struct opts *o, const char *value)
{
	(void)value;
	o->quiet = true;
}

static void set_leaked(struct opts *o, const char *value)
{
	(void)value;
	o->leaked = true;
}

static void set_raw(struct opts *o, const char *value)
{
	(void)value;
	o->raw = true;
}

static void set_list(struct opts *o, const char *value)
{
	(void)value;
	o->list = true;
}

static void set_no_bpf(struct opts *o, const char *value)
{
	(void)value;
	o->no_bpf = true;
}

static void set_out(struct opts *o, const char *value)
{
	o->out_path = value;
}

static void set_fd(struct opts *o, const char *value)
{
	static const char *const modes[] = { [FD_AUTO] = "auto", [FD_FULL] = "full", [FD_LEAN] = "lean" };

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (!strcmp(modes[i], value)) {
			o->fd = (enum fd_mode)i;
			return;
		}
	die(EXIT_USAGE, "--fd takes full, lean or auto, not \"%s\"", value);
}

/* "64K", "8M", "1G" or bytes; rounded up to a power of two. */
static void set_buffer(struct opts *o, const char *value)
{
	size_t n = strlen(value);
	const char *units = "KMG", *unit = n ? strchr(units, value[n - 1] & ~0x20) : NULL;
	u64 bytes = 0, size = RING_MIN;
	char digits[24] = {};

	if (unit && *unit)
		n--;
	else
		unit = NULL;
	memcpy(digits, value, n < sizeof(digits) ? n : sizeof(digits) - 1);
	if (!parse_u64(digits, RING_MAX, &bytes) || !bytes)
		die(EXIT_USAGE, "--buffer takes a size such as 512K or 16M, not \"%s\"", value);
	if (unit)
		bytes <<= 10 * (unit - units + 1);
	if (bytes > RING_MAX)
		die(EXIT_USAGE, "--buffer %s is too large: 1G at most", value);
	while (size < bytes)
		size *= 2;
	o->ring_bytes = size;
}

static u32 pid_value(const char *what, const char *value)
{
	u64 pid;

	if (!parse_u64(value, INT_MAX, &pid) || !pid)
		die(EXIT_USAGE, "%s takes the number of a process, not \"%s\"", what, value);
	return pid;
}

static void set_tree(struct opts *o, const char *value)
{
	o->filter.tree = pid_value("--tree", value);
}

static void set_pid(struct opts *o, const char *value)
{
	o->filter.pid = pid_value("--pid", value);
}

static void set_comm(struct opts *o, const char *value)
{
	if (!*value || strlen(value) >= COMM_LEN)
		die(EXIT_USAGE, "--comm takes a name of 1 to 15 bytes, as ps -o comm shows it");
	memset(o->filter.comm, 0, COMM_LEN);
	memcpy(o->filter.comm, value, strlen(value));
}

static void set_uid(struct opts *o, const char *value)
{
	struct passwd *user;
	u64 uid;

	if (!parse_u64(value, UINT32_MAX - 1, &uid)) {
		user = getpwnam(value);
		if (!user)
			die(EXIT_USAGE, "--uid: there is no user \"%s\"", value);
		uid = user->pw_uid;
	}
	o->filter.has_uid = true;
	o->filter.uid = uid;
}

static void set_port(struct opts *o, const char *value)
{
	u64 port;

	if (!parse_u64(value, 65535, &port) || !port)
		die(EXIT_USAGE, "--port takes a number from 1 to 65535, not \"%s\"", value);
	o->filter.port = port;
}

static void set_event(struct opts *o, const char *value)
{
	struct buf why = {};

	if (!kinds_parse(value, &o->kinds, &why))
		usage_error(&why);
}

static const struct option_def options[] = {
	{ 'r', "replay", "FILE", NULL, "read a story of events from FILE (-: standard input)", set_replay },
	{ 'j', "json", NULL, NULL, "one JSON object a line", set_json },
	{ 'w', "watch", NULL, NULL, "stay, and show what changes", set_watch },
	{ 'o', "output", "FILE", NULL, "write the answer to FILE", set_out },
	{ 'q', "quiet", NULL, NULL, "no remarks on standard error", set_quiet },
	{ 0, "leaked", NULL, "ports", "only leaked sockets; exit code 1 when there are any", set_leaked },
	{ 0, "fd", "MODE", NULL, "descriptor events: full, lean or auto", set_fd },
	{ 0, "buffer", "SIZE", NULL, "size of the ring buffer (16M)", set_buffer },
	{ 0, "no-bpf", NULL, NULL, "read /proc even where BPF could be used", set_no_bpf },
	{ 0, "event", "LIST", "trace", "only these events, comma-separated", set_event },
	{ 0, "pid", "N", "trace", "only process N", set_pid },
	{ 0, "tree", "N", "trace", "only process N and all it starts", set_tree },
	{ 0, "comm", "NAME", "trace", "only processes called NAME", set_comm },
	{ 0, "uid", "N", "trace", "only processes of this user (number or name)", set_uid },
	{ 0, "port", "N", "trace", "only sockets with this port, local or remote", set_port },
	{ 0, "raw", NULL, "trace", "every event in the text form that -r reads", set_raw },
	{ 0, "list", NULL, "trace", "list the events and their fields", set_list },
};

/* ---- help -------------------------------------------------------------------------------------- */

static bool option_is_for(const struct option_def *d, const struct view *v)
{
	size_t n = strlen(v->name);

	if (!strcmp(d->name, "watch"))
		return v->watchable;
	for (const char *s = d->views; s; s = strchr(s, ' ') ? strchr(s, ' ') + 1 : NULL)
		if (!strncmp(s, v->name, n) && (!s[n] || s[n] == ' '))
			return true;
	return !d->views;
}

static void options_print(FILE *f, const struct view *v)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		const struct option_def *d = &options[i];
		char text[32];

		if (v ? !option_is_for(d, v) : d->views != NULL)
			continue;
		snprintf(text, sizeof(text), "--%s%s%s", d->name, d->value ? " " : "",
			 d->value ? d->value : "");
		fprintf(f, "  %c%c%s %-15s %s\n", d->letter ? '-' : ' ', d->letter ? d->letter : ' ',
			d->letter ? "," : " ", text, d->help);
	}
}

void usage_print(FILE *f, const struct view *v)
{
	if (v) {
		fprintf(f, "usage: probate %s%s%s\n\n%s\n\n", v->name, *v->usage ? " " : "", v->usage,
			v->help);
		options_print(f, v);
		return;
	}
	fputs("usage: probate [OPTION...] COMMAND [ARGUMENT...]\n\n"
	      "Who inherits what when a process dies: its children, and the ports it held.\n\n",
	      f);
	for (size_t i = 0; views[i]; i++)
		fprintf(f, "  %-9s %s\n", views[i]->name, views[i]->help);
	fputc('\n', f);
	options_print(f, NULL);
	fputs("\n\"probate COMMAND --help\" tells the options of a command.\n"
	      "Exit codes: 0 answered, 1 the opposite answer (port: nothing holds it; ports --leaked:\n"
	      "something leaked), 2 wrong usage, 3 cannot run here, 4 the answer may be incomplete.\n",
	      f);
}

/* ---- parsing ----------------------------------------------------------------------------------- */

#define OPTION_BASE 256 /* getopt's numbers for the table's rows */
enum { OPT_HELP = 'h', OPT_VERSION = 'V' };

struct parse {
	struct option longs[ARRAY_SIZE(options) + 3];
	char shorts[2 * ARRAY_SIZE(options) + 8];
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
	for (; n < ARRAY_SIZE(options); n++) {
		const struct option_def *d = &options[n];

		p->longs[n] = (struct option){ d->name, !!d->value, NULL, OPTION_BASE + (int)n };
		if (!d->letter)
			continue;
		*s++ = d->letter;
		if (d->value)
			*s++ = ':';
	}
	p->longs[n++] = (struct option){ "help", 0, NULL, OPT_HELP };
	p->longs[n++] = (struct option){ "version", 0, NULL, OPT_VERSION };
}

static _Noreturn void option_error(int c, char **argv)
{
	const char *names[ARRAY_SIZE(options)], *word = argv[optind - 1], *near = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		names[i] = options[i].name;
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
		return &options[c - OPTION_BASE];
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].letter == c)
			return &options[i];
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

	for (size_t i = 0; eq && i < ARRAY_SIZE(options); i++) {
		const struct option_def *d = &options[i];

		if (d->views && d->value && !strncmp(d->name, word, eq - word) &&
		    !d->name[eq - word] && strstr(d->views, "trace")) {
			d->set(o, eq + 1);
			return;
		}
	}
	die(EXIT_USAGE,
	    "trace does not know the filter \"%s\": use event=, pid=, tree=, comm=, uid= or port=; a "
	    "command to run stands after --",
	    word);
}

static void operand_query(struct opts *o, const char *word)
{
	struct buf why = {};

	if (!query_parse(word, &o->query, &why))
		usage_error(&why);
	buf_free(&why);
}

static void operand_pid(struct opts *o, const char *word)
{
	o->pid = pid_value("the command", word);
}

/* What each command takes besides options. */
static const struct {
	const char *view;
	u32 least, most;
	void (*take)(struct opts *o, const char *word);
	const char *missing;
} operands[] = {
	{ "trace", 0, UINT32_MAX, filter_word, NULL },
	{ "port", 1, 1, operand_query, "port needs a port: probate port 8080" },
	{ "pid", 1, 1, operand_pid, "pid needs the number of a process: probate pid 1234" },
	{ "tree", 0, 1, operand_pid, NULL },
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
		if (!option_is_for(p->used[i], v) && !(v->live_only && p->used[i]->set == set_watch))
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
