// SPDX-License-Identifier: BSD-2-Clause
/* The way of an event, as in user/run/pipe.c, and what is true wherever it came from. */
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"
#include "keep.h"
#include "verdict.h"

/* What was freed is remembered for a short while: fresh memory is what takes the time. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "quarantine_size_mb=8:malloc_context_size=10";
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	setenv("TZ", "UTC", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	tzset();
	stderr = fopen("/dev/null", "we");
	return stderr ? 0 : -1;
}

void fuzz_fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vdprintf(STDERR_FILENO, fmt, ap);
	va_end(ap);
	dprintf(STDERR_FILENO, "\n");
	abort();
}

int file_of(const u8 *data, size_t n, char path[64])
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, n) != (ssize_t)n || lseek(fd, 0, SEEK_SET))
		fuzz_fail("no file in memory");
	snprintf(path, 64, "/proc/self/fd/%d", fd);
	return fd;
}

/* ---- text ------------------------------------------------------------------------------------ */

/* What the text form does not have: bytes behind the end of a string, of a pid, of an address. */
static void field_plain(struct ev *e, const struct field *f)
{
	char *p = (char *)e + f->offset;
	struct ep ep;
	u16 len;

	switch (field_shape(f)) {
	case FMT_COMM:
		memset(p + strnlen(p, COMM_LEN), 0, COMM_LEN - strnlen(p, COMM_LEN));
		return;
	case FMT_UNIX:
		memcpy(&len, p, sizeof(len));
		memset(p + sizeof(len) + len, 0, UNIX_LEN - len);
		return;
	case FMT_EP:
		memcpy(&ep, p, sizeof(ep));
		if (ep.family == 2)
			memset(ep.ip + 4, 0, sizeof(ep.ip) - 4);
		else if (ep_is_numbers(&ep))
			memset(ep.ip + 12, 0, sizeof(ep.ip) - 12);
		else if (ep.family != 10)
			memset(ep.ip, 0, sizeof(ep.ip));
		memcpy(p, &ep, sizeof(ep));
		return;
	}
}

/* The event without what the text form does not have; fields of a later version go, too. */
static struct ev *event_plain(const struct ev *e)
{
	const struct kind *k = event_kind(e->kind);
	struct ev *plain;
	u16 exe, args;
	const char *tail = event_exe(e, &exe);

	event_args(e, &args);
	plain = memcpy(xmalloc(k->size + exe + args), e, k->size);
	memcpy((char *)plain + k->size, tail, (size_t)exe + args);
	plain->size = (u16)(k->size + exe + args);
	for (u32 i = 0; i < k->nfields; i++)
		field_plain(plain, &k->fields[i]);
	return plain;
}

void event_there_and_back(const struct ev *e)
{
	struct ev *plain = event_plain(e);
	u64 parsed[EV_MAX / 8];
	struct buf text = {};
	const char *why;
	int n;

	event_text(&text, e);
	n = event_parse(text.s, parsed, &why);
	MUST(n > 0, "its own text is not read: %s: %s", text.s, why);
	MUST(n == plain->size && !memcmp(parsed, plain, (size_t)n), "bytes change: %s", text.s);
	free(plain);
	buf_free(&text);
}

/* The event at the front; bytes it takes, 0: there is no more. */
static size_t event_next(const u8 *data, size_t n, sink_fn sink, void *ctx)
{
	struct ev head;
	struct ev *e;
	size_t size;

	if (n < sizeof(head))
		return 0;
	memcpy(&head, data, sizeof(head));
	size = head.size < n && head.size ? head.size : n;
	e = memcpy(xmalloc(size), data, size);
	if (!event_check(e, size))
		sink(ctx, e, size);
	free(e);
	return size;
}

void events_each(const u8 *data, size_t n, sink_fn sink, void *ctx)
{
	for (size_t size; (size = event_next(data, n, sink, ctx)); n -= size)
		data += size;
}

/* ---- checkpoints ----------------------------------------------------------------------------- */

static void dump_add(void *ctx, const struct ev *e, size_t bytes)
{
	const char *why = event_check(e, bytes);

	MUST(!why, "a checkpoint has what is no event: kind %u: %s", e->kind, why);
	buf_add(ctx, e, bytes);
}

static struct model *restore(const struct buf *dump)
{
	struct model *m = model_new(&verdict_judge);
	u64 space[EV_MAX / 8];
	const struct ev *e = (const struct ev *)(const void *)space;

	for (size_t at = 0; at < dump->len; at += e->size) {
		memcpy(space, dump->s + at, sizeof(*e));
		memcpy(space, dump->s + at, e->size);
		model_apply(m, e);
	}
	return m;
}

/* Whatever came, a checkpoint of the model gives the model. */
static void check_kept(const struct model *m)
{
	struct buf one = {}, two = {};
	struct model *kept;
	const char *why;

	model_dump(m, dump_add, &one);
	kept = restore(&one);
	MUST(!kept->kept_bad, "a checkpoint of it makes no sense");
	why = model_verify(kept);
	MUST(!why, "restored: %s", why);
	model_dump(kept, dump_add, &two);
	MUST(one.len == two.len && !memcmp(one.s, two.s, one.len), "restored, it is another");
	model_free(kept);
	buf_free(&one);
	buf_free(&two);
}

/* ---- the flow -------------------------------------------------------------------------------- */

void flow_open(struct flow *f, const struct about *about)
{
	*f = (struct flow){.m = model_new(&verdict_judge), .shows = shows_open(about)};
}

/* Often at first and after a checkpoint, seldom later: it looks at everything. */
static void verify(struct flow *f, const struct ev *e)
{
	bool now = f->applied < 16 || f->applied >= f->dear + f->dear / 8 + 4 ||
		   e->kind == EV_KIND_KEPT_END;
	const char *why = now ? model_verify(f->m) : NULL;

	if (now)
		f->dear = f->applied;
	MUST(!why, "after event %llu, kind %u: %s", (unsigned long long)f->applied, e->kind, why);
}

static void pass_on(struct flow *f, const struct ev *e)
{
	model_apply(f->m, e);
	f->applied++;
	if (!event_is_kept(e->kind))
		shows_event(f->shows, f->m, e);
	for (const struct ev *t = NULL; (t = model_told(f->m, t));) {
		MUST(!event_check(t, t->size), "it tells what is no event: kind %u", t->kind);
		shows_event(f->shows, f->m, t);
	}
	verify(f, e);
}

static void sieve(struct flow *f, const struct ev *e)
{
	struct ev_scan_end end;

	if (model_knows(f->m, e))
		return;
	if (e->kind != EV_KIND_SCAN_END || !model_tells(f->m, memcpy(&end, e, sizeof(end)))) {
		pass_on(f, e);
		return;
	}
	for (const struct ev *miss; (miss = model_missed(f->m, &end));)
		pass_on(f, miss);
	end.h.size = sizeof(end);
	end.scope |= SCOPE_TOLD;
	pass_on(f, &end.h);
}

/* An event stands alone in memory, so that reading past its end is seen. */
void flow_event(void *flow, const struct ev *e, size_t bytes)
{
	struct flow *f = flow;
	const struct kind *k;
	struct ev *alone;

	if (event_check(e, bytes))
		return;
	alone = memcpy(xmalloc(e->size), e, e->size);
	k = event_kind(alone->kind);
	if (k && k->class != CLASS_TOLD) {
		f->marked = alone->kind == EV_KIND_TICK || alone->kind == EV_KIND_SCAN_END;
		sieve(f, alone);
		if (f->marked)
			shows_settle(f->shows, f->m);
	}
	free(alone);
}

void flow_close(struct flow *f)
{
	const char *why = model_verify(f->m);

	MUST(!why, "at the end: %s", why);
	look(f->m);
	check_kept(f->m);
	shows_close(f->shows, f->m);
	model_free(f->m);
}
