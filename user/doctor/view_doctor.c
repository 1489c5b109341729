/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doctor: what this kernel offers, which hooks are in use, and what cannot be answered and why.
 *
 * A hook that loads and attaches may still never fire (a function inlined or renamed in this
 * kernel).  So doctor makes everything happen once (selftest.c) and looks from both ends: did each
 * program run, and did each kind of event arrive.  It opens its own source.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"

/* ---- what is there ---- */

static void file_text(struct buf *b, const char *path)
{
	char s[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	while (fd >= 0 && (n = read(fd, s, sizeof(s))) > 0)
		buf_add(b, s, n);
	if (fd >= 0)
		close(fd);
}

/* "none [integrity] confidentiality": the one in brackets is in force. */
static void lockdown_read(struct buf *b)
{
	struct buf all = {0};
	char *from, *to;

	file_text(&all, "/sys/kernel/security/lockdown");
	from = all.s ? strchr(all.s, '[') : NULL;
	to = from ? strchr(from, ']') : NULL;
	if (to)
		buf_add(b, from + 1, to - from - 1);
	buf_free(&all);
}

static void facts_read(struct doctor *d)
{
	struct buf b = {0};
	const char *s;

	uname(&d->kernel);
	d->btf = !live_btf();
	lockdown_read(&d->lockdown);
	file_text(&b, "/proc/self/status");
	s = b.s ? strstr(b.s, "CapEff:") : NULL;
	d->caps = s ? strtoull(s + 7, NULL, 16) : 0;
	buf_reset(&b);
	file_text(&b, "/proc/sys/kernel/unprivileged_bpf_disabled");
	d->unprivileged = b.len ? atoi(b.s) : -1;
	buf_free(&b);
}

/* ---- the self-test ---- */

static bool in_family(const struct doctor *d, u32 tgid)
{
	for (u32 i = 0; i < d->nfamily; i++)
		if (d->family[i] == tgid)
			return true;
	return false;
}

static void judge(struct doctor *d, const struct ev *e)
{
	const struct expect *x;
	u32 n = selftest_expected(&x);

	for (u32 i = 0; i < n; i++) {
		if (x[i].kind != e->kind || (!x[i].anyone && !in_family(d, e->tgid)))
			continue;
		if (x[i].via && ((const struct ev_install *)e)->via != x[i].via)
			continue;
		d->seen[i] = true;
	}
}

static void doctor_sink(void *ctx, const struct ev *e, size_t bytes)
{
	struct doctor *d = ctx;

	if (event_check(e, bytes))
		return;
	if (e->kind == EV_KIND_FORK && in_family(d, e->tgid) && d->nfamily < FAMILY_MAX)
		d->family[d->nfamily++] = ((const struct ev_fork *)e)->child;
	judge(d, e);
	model_apply(d->model, e);
	for (const struct ev *t = model_told(d->model, NULL); t; t = model_told(d->model, t))
		judge(d, t);
}

bool doctor_expects(const struct doctor *d, const struct expect *x)
{
	return d->fd_full || !x->fd;
}

static bool all_seen(const struct doctor *d)
{
	const struct expect *x;
	u32 n = selftest_expected(&x);

	for (u32 i = 0; i < n; i++)
		if (doctor_expects(d, &x[i]) && !d->seen[i])
			return false;
	return true;
}

static void test_run(struct doctor *d, struct source *src)
{
	int error;

	d->model = model_new(&verdict_judge);
	d->family[d->nfamily++] = live_tgid(src, getpid());
	while (src->ops->poll(src, 0, doctor_sink, d) > 0)
		;
	error = selftest_run();
	if (error)
		buf_printf(&d->test_error, "the self-test could not run: %s", name_errno(error));
	for (u32 i = 0; i < 20 && !all_seen(d); i++)
		if (src->ops->poll(src, 50, doctor_sink, d) < 0)
			break;
	model_free(d->model);
}

/* Each iterator once; what they find is of no interest here. */
static void scan_sink(void *ctx, const struct ev *e, size_t bytes)
{
	(void)ctx;
	(void)e;
	(void)bytes;
}

static void scan_try(struct doctor *d, struct source *src, const struct want *want)
{
	int error = src->ops->scan(src, want, scan_sink, NULL);

	if (error < 0)
		buf_printf(&d->test_error, "the scan failed: %s", name_errno(error));
}

/* A one-shot of a single port takes a way of its own, with hooks that nothing else uses. */
static void port_try(struct doctor *d)
{
	const struct want want = {.scope = SCOPE_TASKS | SCOPE_FDS | SCOPE_SOCKS, .port = 1};
	const struct source_opts so = {.first = &want};
	struct hook hook[HOOKS_MAX];
	struct source *src;
	u32 n;

	if (source_open_bpf(&src, &so, &d->test_error) < 0)
		return;
	scan_try(d, src, &want);
	n = live_hooks(src, hook, HOOKS_MAX);
	for (u32 i = 0; i < n; i++)
		for (u32 k = 0; k < d->nhooks; k++)
			if (!strcmp(d->hook[k].what, hook[i].what)) {
				d->hook[k].runs += hook[i].runs;
				d->hook[k].wanted &= hook[i].wanted;
			}
	src->ops->close(src);
}

static void examine(struct doctor *d)
{
	struct source_opts so = {
		.fd = d->opts->fd, .ring_bytes = 4 << 20, .events = true, .high_rate = true};
	const struct want everything = {.scope = SCOPE_TASKS | SCOPE_FDS | SCOPE_SOCKS};
	struct source *src;
	int stats;

	facts_read(d);
	if (live_probe(&d->why) < 0)
		return;
	stats = live_count_runs();
	if (source_open_bpf(&src, &so, &d->why) < 0) {
		if (stats >= 0)
			close(stats);
		return;
	}
	buf_reset(&d->why);
	snprintf(d->tier, sizeof(d->tier), "%s", src->tier);
	d->fd_full = strstr(src->tier, "fd=full");
	test_run(d, src);
	scan_try(d, src, &everything);
	d->nhooks = live_hooks(src, d->hook, HOOKS_MAX);
	d->may_probe = live_may_probe(src);
	src->ops->stats(src, &d->stats);
	src->ops->close(src);
	port_try(d);
	if (stats >= 0)
		close(stats);
}

/* ---- what it means ---- */

/* A refused hook of the upper tier has a stand-in in the base tier. */
bool hook_missing(const struct hook *h)
{
	if (!h->wanted)
		return false;
	return h->error ? !strcmp(h->tier, "base") : !h->runs;
}

static int doctor_code(const struct doctor *d)
{
	if (d->why.len)
		return EXIT_CANNOT;
	for (u32 i = 0; i < d->nhooks; i++)
		if (hook_missing(&d->hook[i]))
			return EXIT_INCOMPLETE;
	return all_seen(d) && !d->test_error.len ? EXIT_ANSWERED : EXIT_INCOMPLETE;
}

static void *doctor_open(const struct opts *o, struct out *out)
{
	struct doctor *d = xcalloc(1, sizeof(*d));

	d->opts = o;
	d->out = out;
	return d;
}

static int doctor_finish(void *view, const struct model *m)
{
	struct doctor *d = view;

	(void)m;
	examine(d);
	(d->opts->json ? doctor_json : doctor_text)(d->out, d);
	out_flush(d->out);
	return doctor_code(d);
}

static void doctor_close(void *view)
{
	struct doctor *d = view;

	buf_free(&d->lockdown);
	buf_free(&d->why);
	buf_free(&d->test_error);
	free(d);
}

const struct view view_doctor = {
	.name = "doctor",
	.usage = "",
	.help = "what this kernel offers, proof that each hook fires, what cannot be answered and "
		"why",
	.own_source = true,
	.open = doctor_open,
	.finish = doctor_finish,
	.close = doctor_close,
};
