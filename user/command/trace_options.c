/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of `trace`, which are its filter words, too. */
#include <pwd.h>
#include <string.h>

#include "trace_filter.h"

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

/* clang-format off */
const struct option_def trace_options[] = {
	{ 0, "event", "LIST", "only these events, comma-separated", OWN(set_event) },
	{ 0, "pid", "N", "only process N", PID(filter.pid) },
	{ 0, "tree", "N", "only process N and all it starts", PID(filter.tree) },
	{ 0, "comm", "NAME", "only processes called NAME", OWN(set_comm) },
	{ 0, "uid", "N", "only processes of this user (number or name)", OWN(set_uid) },
	{ 0, "port", "N", "only sockets with this port, local or remote", OWN(set_port) },
	{ 0, "raw", NULL, "every event in the text form that -r reads", FLAG(raw) },
	{ 0, "list", NULL, "list the events and what they mean", FLAG(list) },
	{},
};
/* clang-format on */

/* trace's filters as words: pid=12, or port 80 as "port=80". */
void trace_operand(struct opts *o, const char *word)
{
	const char *eq = strchr(word, '=');

	for (const struct option_def *d = trace_options; eq && d->name; d++)
		if (d->value && !strncmp(d->name, word, eq - word) && !d->name[eq - word]) {
			option_take(d, o, eq + 1);
			return;
		}
	die(EXIT_USAGE,
	    "trace does not know the filter \"%s\": use event=, pid=, tree=, comm=, uid= or port=; "
	    "a command to run stands after --",
	    word);
}
