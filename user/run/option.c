/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of options: what each is called, takes, does, and is for.  Parsing, the help and the
 * filter words of `trace` all come from it.
 */
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "rights.h"
#include "when.h"

#define RING_MIN   (16u << 10)
#define RING_MAX   (1ull << 30)
#define SIZE_LIMIT (1ull << 50)

/* ---- values that are more than text ---------------------------------------------------------- */

static void set_fd(struct opts *o, const char *value)
{
	static const char *const modes[] = {
		[FD_AUTO] = "auto", [FD_FULL] = "full", [FD_LEAN] = "lean"};

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (!strcmp(modes[i], value)) {
			o->fd = (enum fd_mode)i;
			return;
		}
	die(EXIT_USAGE, "--fd takes full, lean or auto, not \"%s\"", value);
}

/* "64K", "8M", "1G" or bytes; 0: it is none, or more than max. */
static u64 size_value(const char *value, u64 max)
{
	static const char units[] = "KMGT", lower[] = "kmgt";
	size_t n = strspn(value, "0123456789");
	const char *unit = value[n] ? strchr(units, value[n]) : NULL;
	u32 shift;
	u64 count;
	char *digits;
	bool ok;

	if (value[n] && !unit && (unit = strchr(lower, value[n])))
		unit = units + (unit - lower);
	if (value[n] && (!unit || value[n + 1]))
		return 0;
	shift = unit ? 10 * (u32)(unit - units + 1) : 0;
	digits = xstrdup(value);
	digits[n] = 0;
	ok = parse_u64(digits, max >> shift, &count);
	free(digits);
	return ok ? count << shift : 0;
}

/* Rounded up to a power of two. */
static void set_buffer(struct opts *o, const char *value)
{
	u64 bytes = size_value(value, RING_MAX), size = RING_MIN;

	if (!bytes)
		die(EXIT_USAGE, "--buffer takes a size such as 512K or 16M, 1G at most, not \"%s\"",
		    value);
	while (size < bytes)
		size *= 2;
	o->ring_bytes = size;
}

static u64 limit_size(const char *name, const char *value)
{
	u64 bytes = size_value(value, SIZE_LIMIT);

	if (!bytes)
		die(EXIT_USAGE, "--%s takes a size such as 64M or 8G, 1024T at most, not \"%s\"",
		    name, value);
	return bytes;
}

static u64 limit_age(const char *name, const char *value)
{
	u64 ns;

	if (!span_parse(value, &ns) || !ns)
		die(EXIT_USAGE, "--%s takes a time such as 90s, 6h or 7d, not \"%s\"", name, value);
	return ns;
}

u32 pid_value(const char *what, const char *value)
{
	u64 pid;

	bool ok = parse_u64(value, INT_MAX, &pid) && pid;

	if (!ok && !what)
		die(EXIT_USAGE, "\"%s\" is not the number of a process", value);
	if (!ok)
		die(EXIT_USAGE, "%s takes the number of a process, not \"%s\"", what, value);
	return pid;
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
		die(EXIT_USAGE, "%s", why.s);
}

/* ---- the exporter ---------------------------------------------------------------------------- */

static void set_listen(struct opts *o, const char *value)
{
	if (o->web.nlisten == WEB_LISTEN_MAX)
		die(EXIT_USAGE, "--web.listen-address can be given %d times at most",
		    WEB_LISTEN_MAX);
	o->web.listen[o->web.nlisten++] = value;
}

static void set_allow_host(struct opts *o, const char *value)
{
	if (o->web.nallow == WEB_ALLOW_MAX)
		die(EXIT_USAGE, "--web.allow-host can be given %d times at most", WEB_ALLOW_MAX);
	o->web.allow[o->web.nallow++] = value;
}

static void set_telemetry_path(struct opts *o, const char *value)
{
	if (*value != '/')
		die(EXIT_USAGE,
		    "--web.telemetry-path begins with a slash, as /metrics does, not \"%s\"",
		    value);
	o->web.path = value;
}

static void set_web_config(struct opts *o, const char *value)
{
	o->web.config = *value ? value : NULL; /* as with node_exporter, "" is none */
}

/* ---- the table ------------------------------------------------------------------------------- */

/* Where a value goes, checked to be of the type that the row says. */
#define AT(type, field)                                                                            \
	offsetof(struct opts, field) + 0 * sizeof(struct {                                         \
		_Static_assert(__builtin_types_compatible_p(                                       \
				       type, __typeof__(((struct opts *)0)->field)), #field);       \
		int none;                                                                          \
	})
#define FLAG(field) TAKE_FLAG, AT(bool, field), 0, NULL
#define TEXT(field) TAKE_TEXT, AT(const char *, field), 0, NULL
#define SIZE(field) TAKE_SIZE, AT(u64, field), 0, NULL
#define AGE(field)  TAKE_AGE, AT(u64, field), 0, NULL
#define PID(field)  TAKE_PID, AT(u32, field), 0, NULL
#define BIT(field, nr)	  TAKE_BIT, AT(u32, field), nr, NULL
#define NO_BIT(field, nr) TAKE_NO_BIT, AT(u32, field), nr, NULL
#define OWN(function)	  TAKE_OWN, 0, 0, function

/* clang-format off */
const struct option_def option_defs[] = {
	{ 'r', "replay", "PATH", NULL, "read a recording: a file, a directory or - (also events in text)", TEXT(replay) },
	{ 0, "at", "TIME", NULL, "of a recording: the state at 03:12, 2026-11-21 03:12, -2h", TEXT(at) },
	{ 0, "since", "TIME", NULL, "of a recording: from then on (trace, report, with -w)", TEXT(since) },
	{ 0, "until", "TIME", NULL, "of a recording: up to then", TEXT(until) },
	{ 'j', "json", NULL, NULL, "one JSON object a line", FLAG(json) },
	{ 'w', "watch", NULL, NULL, "stay, and show what changes", FLAG(watch) },
	{ 'o', "output", "FILE", NULL, "write the answer to FILE", TEXT(out_path) },
	{ 'q', "quiet", NULL, NULL, "no remarks on standard error", FLAG(quiet) },
	{ 0, "leaked", NULL, "ports", "only leaked sockets; exit code 1 when there are any", FLAG(leaked) },
	{ 0, "fd", "MODE", NULL, "descriptor events: full, lean or auto", OWN(set_fd) },
	{ 0, "buffer", "SIZE", NULL, "size of the ring buffer (8M)", OWN(set_buffer) },
	{ 0, "no-bpf", NULL, NULL, "read /proc even where BPF could be used", FLAG(no_bpf) },
	{ 0, "no-history", NULL, NULL, "ask no running recorder for what was before", FLAG(no_history) },
	{ 0, "record", "PATH", NULL, "live: record what comes, too", TEXT(record) },
	{ 0, "force", NULL, NULL, "write over a recording that is there", FLAG(force) },
	{ 0, "segment-size", "SIZE", "record serve", "a new segment after that (64M)", SIZE(limits.segment_bytes) },
	{ 0, "segment-age", "TIME", "record serve", "a new segment after that (6h)", AGE(limits.segment_ns) },
	{ 0, "max-size", "SIZE", "record serve", "of all segments; the oldest go first (8G)", SIZE(limits.total_bytes) },
	{ 0, "max-age", "TIME", "record serve", "segments older than that go (never)", AGE(limits.total_ns) },
	{ 0, "checkpoint", "SIZE", "record serve", "dump the state after so much of events", SIZE(limits.model_bytes) },
	{ 0, "event", "LIST", "trace", "only these events, comma-separated", OWN(set_event) },
	{ 0, "pid", "N", "trace", "only process N", PID(filter.pid) },
	{ 0, "tree", "N", "trace", "only process N and all it starts", PID(filter.tree) },
	{ 0, "comm", "NAME", "trace", "only processes called NAME", OWN(set_comm) },
	{ 0, "uid", "N", "trace", "only processes of this user (number or name)", OWN(set_uid) },
	{ 0, "port", "N", "trace", "only sockets with this port, local or remote", OWN(set_port) },
	{ 0, "raw", NULL, "trace", "every event in the text form that -r reads", FLAG(raw) },
	{ 0, "html", NULL, "report", "one HTML page, complete in itself", FLAG(html) },
	{ 0, "perfetto", NULL, "report", "a trace for ui.perfetto.dev", FLAG(perfetto) },
	{ 0, "list", NULL, "trace serve", "list the events (metrics) and what they mean", FLAG(list) },
	{ 0, "web.listen-address", "ADDR", "serve", "where to listen, repeatable (" WEB_LISTEN_DEFAULT ")", OWN(set_listen) },
	{ 0, "web.telemetry-path", "PATH", "serve", "where the metrics are (" WEB_PATH_DEFAULT ")", OWN(set_telemetry_path) },
	{ 0, "web.config.file", "FILE", "serve", "TLS and passwords, as of Prometheus's exporters", OWN(set_web_config) },
	{ 0, "web.allow-host", "NAME", "serve", "a host name to be asked by, repeatable; *.NAME, or * for any", OWN(set_allow_host) },
	{ 0, "web.systemd-socket", NULL, "serve", "use the sockets that systemd gives", FLAG(web.systemd) },
	{ 0, "user", "NAME", "serve", "started as root: become this user (" RIGHTS_USER ")", TEXT(user) },
#define C(ID, name, on, help) \
	{ 0, "collector." name, NULL, "serve", help, BIT(collectors, COLLECTOR_##ID) }, \
	{ 0, "no-collector." name, NULL, "serve", on ? "leave these out" : "leave these out (as usual)", NO_BIT(collectors, COLLECTOR_##ID) },
	COLLECTOR_TABLE(C)
#undef C
};
/* clang-format on */
_Static_assert(ARRAY_SIZE(option_defs) == OPTIONS, "OPTIONS does not count the table");

void option_take(const struct option_def *d, struct opts *o, const char *value)
{
	void *to = (char *)o + d->at;
	char name[64];

	snprintf(name, sizeof(name), "--%s", d->name);
	switch (d->take) {
	case TAKE_OWN:
		d->set(o, value);
		break;
	case TAKE_FLAG:
		*(bool *)to = true;
		break;
	case TAKE_TEXT:
		*(const char **)to = value;
		break;
	case TAKE_SIZE:
		*(u64 *)to = limit_size(d->name, value);
		break;
	case TAKE_AGE:
		*(u64 *)to = limit_age(d->name, value);
		break;
	case TAKE_PID:
		*(u32 *)to = pid_value(name, value);
		break;
	case TAKE_BIT:
		*(u32 *)to |= 1u << d->bit;
		break;
	case TAKE_NO_BIT:
		*(u32 *)to &= ~(1u << d->bit);
		break;
	}
}

/* ---- help ---------------------------------------------------------------------------- */

/* It is about this machine now, for as long as it runs, and prints nothing. */
static bool option_is_for_daemons(const struct option_def *d)
{
	static const char *const others[] = {"replay", "at",	 "since",  "until",
					     "watch",  "output", "no-bpf", "no-history"};

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (!strcmp(d->name, others[i]))
			return false;
	return true;
}

bool option_is_for(const struct option_def *d, const struct view *v)
{
	size_t n = strlen(v->name);

	if (v->daemon && !option_is_for_daemons(d))
		return false;
	if (!strcmp(d->name, "watch"))
		return v->watchable || v->live_only;
	for (const char *s = d->views; s; s = strchr(s, ' ') ? strchr(s, ' ') + 1 : NULL)
		if (!strncmp(s, v->name, n) && (!s[n] || s[n] == ' '))
			return true;
	return !d->views;
}

static bool option_shown(const struct option_def *d, const struct view *v)
{
	return v ? option_is_for(d, v) : !d->views;
}

static int option_text(const struct option_def *d, char out[64])
{
	return snprintf(out, 64, "--%s%s%s", d->name, d->value ? " " : "",
			d->value ? d->value : "");
}

static void options_print(FILE *f, const struct view *v)
{
	char text[64];
	int width = 15, n;

	for (size_t i = 0; i < OPTIONS; i++) {
		n = option_shown(&option_defs[i], v) ? option_text(&option_defs[i], text) : 0;
		width = n > width ? n : width;
	}
	for (size_t i = 0; i < OPTIONS; i++) {
		const struct option_def *d = &option_defs[i];

		if (!option_shown(d, v))
			continue;
		option_text(d, text);
		fprintf(f, "  %c%c%s %-*s %s\n", d->letter ? '-' : ' ', d->letter ? d->letter : ' ',
			d->letter ? "," : " ", width, text, d->help);
	}
}

void usage_print(FILE *f, const struct view *v)
{
	if (v) {
		fprintf(f, "usage: probate %s%s%s\n\n%s\n\n", v->name, *v->usage ? " " : "",
			v->usage, v->help);
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
	      "Exit codes: 0 answered, 1 the opposite answer (port: nothing holds it; ports "
	      "--leaked:\n"
	      "something leaked), 2 wrong usage, 3 cannot run here, 4 the answer may be "
	      "incomplete.\n",
	      f);
}
