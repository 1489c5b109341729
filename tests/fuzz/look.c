// SPDX-License-Identifier: BSD-2-Clause
/* Views of a fuzzed model: text must be fit for a terminal, JSON must be JSON. */
#include <stdlib.h>

#include "commands.h"
#include "fuzz.h"

#define ASKED 3 /* processes and ports that are asked for one by one */

struct show {
	const struct view *view;
	struct opts opts;
	struct out out;
	char *text;
	size_t bytes;
	void *state;
};

/* ---- is it JSON? ----------------------------------------------------------------------------- */

struct scan {
	const char *at, *end;
};

static bool value_ok(struct scan *s, int depth);

static bool next_is(struct scan *s, char c)
{
	if (s->at >= s->end || *s->at != c)
		return false;
	s->at++;
	return true;
}

static bool word_ok(struct scan *s, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(s->end - s->at) < n || memcmp(s->at, word, n))
		return false;
	s->at += n;
	return true;
}

static bool string_ok(struct scan *s)
{
	if (!next_is(s, '"'))
		return false;
	while (s->at < s->end && *s->at != '"') {
		u32 cp;
		size_t n = utf8_next((const u8 *)s->at, (size_t)(s->end - s->at), &cp);

		if (!n || cp < ' ')
			return false;
		s->at += n;
		if (cp != '\\')
			continue;
		if (s->at >= s->end || !strchr("\"\\/bfnrtu", *s->at))
			return false;
		if (*s->at++ == 'u' &&
		    (s->end - s->at < 4 || strspn(s->at, "0123456789abcdefABCDEF") < 4))
			return false;
	}
	return next_is(s, '"');
}

static bool number_ok(struct scan *s)
{
	const char *from = s->at;

	next_is(s, '-');
	while (s->at < s->end && strchr("0123456789.", *s->at))
		s->at++;
	return s->at > from + (*from == '-');
}

static bool members_ok(struct scan *s, char close, int depth)
{
	if (next_is(s, close))
		return true;
	do {
		if (close == '}' && (!string_ok(s) || !next_is(s, ':')))
			return false;
		if (!value_ok(s, depth))
			return false;
	} while (next_is(s, ','));
	return next_is(s, close);
}

static bool value_ok(struct scan *s, int depth)
{
	if (s->at >= s->end || depth > 60)
		return false;
	switch (*s->at) {
	case '{':
		s->at++;
		return members_ok(s, '}', depth + 1);
	case '[':
		s->at++;
		return members_ok(s, ']', depth + 1);
	case '"':
		return string_ok(s);
	case 't':
		return word_ok(s, "true");
	case 'f':
		return word_ok(s, "false");
	case 'n':
		return word_ok(s, "null");
	}
	return number_ok(s);
}

static bool json_ok(const char *text, size_t n)
{
	struct scan s = {text, text + n};

	while (s.at < s.end)
		if (!value_ok(&s, 0) || !next_is(&s, '\n'))
			return false;
	return true;
}

/* ---- is it fit for a terminal? --------------------------------------------------------------- */

static bool fit(u32 cp)
{
	if (cp < 0x20 || cp == 0x7f || (cp >= 0x80 && cp < 0xa0))
		return cp == '\n';
	return !(cp >= 0x200b && cp <= 0x200f) && !(cp >= 0x202a && cp <= 0x202e) &&
	       !(cp >= 0x2066 && cp <= 0x2069);
}

static bool text_ok(const char *text, size_t n)
{
	for (size_t i = 0, len; i < n; i += len) {
		u32 cp;

		len = utf8_next((const u8 *)text + i, n - i, &cp);
		if (!len || !fit(cp))
			return false;
	}
	return true;
}

/* ---- views ----------------------------------------------------------------------------------- */

static void show_open(struct show *s)
{
	FILE *f = open_memstream(&s->text, &s->bytes);

	MUST(f, "no memory");
	s->opts.replay = "fuzz";
	out_init(&s->out, f, s->opts.json);
	s->state = s->view->open(&s->opts, &s->out);
}

static void show_check(struct show *s)
{
	bool ok;

	out_flush(&s->out);
	fflush(s->out.f);
	ok = s->opts.perfetto || (s->opts.json ? json_ok : text_ok)(s->text, s->bytes);
	MUST(ok, "%s prints: %s", s->view->name, s->text);
	rewind(s->out.f);
}

static void show_close(struct show *s, const struct model *m)
{
	if (s->view->finish)
		s->view->finish(s->state, m);
	show_check(s);
	if (s->view->close)
		s->view->close(s->state);
	fclose(s->out.f);
	free(s->text);
	buf_free(&s->out.line);
}

static void ask(const struct model *m, const struct view *view, const struct opts *opts)
{
	for (int json = 0; json < 2; json++) {
		struct show s = {.view = view, .opts = *opts};

		s.opts.json = json;
		show_open(&s);
		if (view->start)
			view->start(s.state, m);
		show_close(&s, m);
	}
}

#define FOLLOWERS 5
static const struct show followers[FOLLOWERS] = {
	{.view = &view_trace, .opts = {.json = true}},
	{.view = &view_trace},
	{.view = &view_ports, .opts = {.json = true, .watch = true}},
	{.view = &view_zombies, .opts = {.json = true, .watch = true}},
	{.view = &view_tree, .opts = {.watch = true}},
};
static const struct show reports[FOLLOWERS] = {
	{.view = &view_report, .opts = {.about = ABOUT_PORT}},
	{.view = &view_report, .opts = {.about = ABOUT_PID, .json = true}},
	{.view = &view_report, .opts = {.about = ABOUT_PORT | ABOUT_PID, .html = true}},
	{.view = &view_report, .opts = {.perfetto = true}},
	{.view = &view_report},
};

struct show *shows_open(const struct about *about)
{
	struct show *s = xcalloc(FOLLOWERS, sizeof(*s));

	for (size_t i = 0; i < FOLLOWERS; i++) {
		s[i] = (about ? reports : followers)[i];
		s[i].opts.arg = "fuzz";
		if (about) {
			s[i].opts.pid = about->pid;
			s[i].opts.query.addr.port = about->port;
		}
		show_open(&s[i]);
	}
	return s;
}

void shows_event(struct show *s, const struct model *m, const struct ev *e)
{
	for (size_t i = 0; i < FOLLOWERS; i++)
		if (s[i].view->event)
			s[i].view->event(s[i].state, m, e);
}

void shows_settle(struct show *s, const struct model *m)
{
	for (size_t i = 0; i < FOLLOWERS; i++)
		if (s[i].view->settle)
			s[i].view->settle(s[i].state, m);
}

void shows_close(struct show *s, const struct model *m)
{
	for (size_t i = 0; i < FOLLOWERS; i++)
		show_close(&s[i], m);
	free(s);
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void look_sock(const struct model *m, const struct sock *s)
{
	struct answer answer;
	struct holder *holders;
	u32 n = holders_of(m, s, &holders);

	advise_sock(m, s, &answer);
	MUST(answer.verdict == verdict_of(m, s), "two verdicts on one socket");
	MUST(text_ok(answer.why.s, answer.why.len) && text_ok(answer.action.s, answer.action.len),
	     "a verdict is not fit for a terminal");
	answer_free(&answer);
	for (u32 i = 0; i < n; i++) {
		struct step *steps;

		chain_of(m, s, &holders[i], &steps);
		free(steps);
	}
	free(holders);
}

static void look_ports(const struct model *m)
{
	struct opts o = {.about = ABOUT_PORT};
	u32 asked = 0;

	for (u32 id = sock_next(m, 0); id; id = sock_next(m, id)) {
		const struct sock *s = sock_at(m, id);

		look_sock(m, s);
		if (asked == ASKED || (!s->local.port && !s->name))
			continue;
		o.query = (struct query){.addr = {.port = s->local.port}};
		if (s->name)
			o.query.name = *name_at(m, s->name);
		o.arg = "fuzz";
		ask(m, &view_port, &o);
		asked++;
	}
}

static void look_procs(const struct model *m)
{
	struct opts o = {.about = ABOUT_PID, .arg = "1"};
	u32 asked = 0;

	for (u32 id = proc_next(m, 0); id && asked < ASKED; id = proc_next(m, id), asked++) {
		o.pid = proc_at(m, id)->tgid;
		ask(m, &view_pid, &o);
		ask(m, &view_tree, &o);
	}
}

void look(const struct model *m)
{
	ask(m, &view_ports, &(struct opts){});
	ask(m, &view_ports, &(struct opts){.leaked = true});
	ask(m, &view_zombies, &(struct opts){});
	ask(m, &view_tree, &(struct opts){});
	look_ports(m);
	look_procs(m);
}
