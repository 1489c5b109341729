// SPDX-License-Identifier: BSD-2-Clause
/*
 * Recordings: what is written comes back; and however a file is damaged, everything before and
 * after the damage comes back, and what is missing is said.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "feed.h"
#include "rec.h"
#include "verdict.h"

#define EVENTS	100
#define BLOCK	10 /* events a block */
#define CUT_MAX 4096

struct tape {
	char dir[64], path[96];
	char *bytes; /* of the file */
	size_t size;
	size_t at[64]; /* where its blocks begin */
	u8 type[64];
	u32 first[64], count[64]; /* events of it */
	u32 blocks;
	int quiet; /* the real stderr */
};

/* What a reader delivered: ticks numbered by their ts; a loss; how often it complained. */
struct heard {
	u8 tick[EVENTS + 1];
	u32 ticks, bad, dumps;
	u64 lost;
	struct model *m;
};

static void hear(void *ctx, const struct ev *e, size_t bytes)
{
	struct heard *h = ctx;
	u64 n = e->ts / NS_PER_MS;

	assert_null(event_check(e, bytes));
	if (e->kind == EV_KIND_TICK) {
		assert_true(n >= 1 && n <= EVENTS);
		h->tick[n]++;
		h->ticks++;
	} else if (e->kind == EV_KIND_LOST) {
		h->lost += ((const struct ev_lost *)(const void *)e)->count;
	} else if (e->kind == EV_KIND_KEPT_BEGIN) {
		h->dumps++;
	}
	model_apply(h->m, e);
}

static void listen_to(struct source *s, struct heard *h)
{
	int n;

	*h = (struct heard){.m = model_new(&verdict_judge)};
	while ((n = s->ops->poll(s, 0, hear, h)) != -ENODATA) {
		assert_true(n >= 0 || n == -EBADMSG);
		h->bad += n == -EBADMSG;
	}
	assert_null(model_verify(h->m));
	model_free(h->m);
}

static void read_path(const char *path, struct heard *h)
{
	struct source *s;
	struct buf err = {};

	assert_int_equal(source_open_recording(&s, path, &err), 0);
	listen_to(s, h);
	s->ops->close(s);
	buf_free(&err);
}

static void read_bytes(const char *bytes, size_t n, struct heard *h)
{
	int fd = memfd_create("tape", MFD_CLOEXEC);
	char path[64];

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), n);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	read_path(path, h);
	close(fd);
}

/* stderr is for the reader's complaints. */
#define complain(t, ...) (dprintf((t)->quiet, __VA_ARGS__), fail())

/* ---- making one ---------------------------------------------------------------------------- */

static void tick(struct recorder *r, struct model *m, u64 n)
{
	struct ev_tick e = {.h = {.kind = EV_KIND_TICK,
				  .size = sizeof(e),
				  .cpu = (u32)n * 7919,
				  .ts = n * NS_PER_MS}};

	recorder_event(r, &e.h);
	model_apply(m, &e.h);
}

/* A block ends when a second has passed; dumps come with every third. */
static void record(const char *path, const struct rec_limits *limits, u32 from, u32 to)
{
	struct recorder *r = recorder_open(path, limits, false, "unit");
	struct model *m = model_new(&verdict_judge);
	u64 now = NS_PER_S;

	recorder_turn(r, m, now);
	for (u32 n = from; n <= to; n++) {
		tick(r, m, n);
		if (n % BLOCK == 1)
			recorder_turn(r, m, now);
		if (n % BLOCK == 0)
			recorder_turn(r, m, now += 2 * NS_PER_S);
	}
	assert_true(recorder_close(r, m));
	model_free(m);
}

static void map_blocks(struct tape *t)
{
	struct rec_head h;

	for (size_t at = 0; at < t->size; at += h.head_bytes + h.stored) {
		memcpy(&h, t->bytes + at, sizeof(h));
		assert_true(rec_head_ok(&h));
		t->type[t->blocks] = h.type;
		t->first[t->blocks] = (u32)h.first_event + 1;
		t->count[t->blocks] = h.type == REC_EVENTS ? h.events : 0;
		t->at[t->blocks++] = at;
	}
	t->at[t->blocks] = t->size;
}

static void slurp(const char *path, char **bytes, size_t *size)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0 && !fstat(fd, &st));
	*size = (size_t)st.st_size;
	*bytes = malloc(*size);
	assert_int_equal(read(fd, *bytes, *size), *size);
	close(fd);
}

static int setup(void **state)
{
	struct tape *t = calloc(1, sizeof(*t));
	const struct rec_limits limits = {.model_bytes = 3 * BLOCK * sizeof(struct ev_tick)};
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	strcpy(t->dir, "/tmp/probate-unit-XXXXXX");
	assert_non_null(mkdtemp(t->dir));
	snprintf(t->path, sizeof(t->path), "%s/tape.prb", t->dir);
	record(t->path, &limits, 1, EVENTS);
	slurp(t->path, &t->bytes, &t->size);
	map_blocks(t);
	t->quiet = dup(STDERR_FILENO); /* damage is told there, thousands of times */
	dup2(null, STDERR_FILENO);
	close(null);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct tape *t = *state;
	struct segment *segs;
	int dir = open(t->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), n;

	dup2(t->quiet, STDERR_FILENO);
	close(t->quiet);
	unlink(t->path);
	n = rec_segments(dir, &segs);
	for (int i = 0; i < n; i++)
		unlinkat(dir, segs[i].name, 0);
	free(segs);
	close(dir);
	assert_int_equal(rmdir(t->dir), 0);
	free(t->bytes);
	free(t);
	return 0;
}

/* ---- whole ----------------------------------------------------------------------------------- */

static void whole(void **state)
{
	struct tape *t = *state;
	struct heard h;
	struct stat st;

	assert_int_equal(stat(t->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(t->type[0], REC_HEADER);
	assert_int_equal(t->type[1], REC_MODEL);
	assert_int_equal(t->type[t->blocks - 1], REC_END);
	assert_true(t->blocks >= 14);
	read_path(t->path, &h);
	assert_int_equal(h.bad, 0);
	assert_int_equal(h.ticks, EVENTS);
	assert_int_equal(h.lost, 0);
	assert_true(h.dumps >= 3);
}

/* Two recordings one after the other in a file are two runs. */
static void joined(void **state)
{
	struct tape *t = *state;
	char *twice = malloc(2 * t->size), other[128], *bytes;
	size_t size;
	struct heard h;

	snprintf(other, sizeof(other), "%s/other.prb", t->dir);
	record(other, &(struct rec_limits){}, 1, 10);
	slurp(other, &bytes, &size);
	unlink(other);
	memcpy(twice, t->bytes, t->size);
	memcpy(twice + t->size, bytes, size);
	read_bytes(twice, t->size + size, &h);
	assert_int_equal(h.bad, 0);
	assert_int_equal(h.ticks, EVENTS + 10);
	free(bytes);
	free(twice);
}

/* ---- cut ---------------------------------------------------------------------------------------- */

/* At every byte: what was whole before comes back, and that it is cut is said. */
static void cut(void **state)
{
	struct tape *t = *state;

	for (size_t n = 1; n < t->size; n++) {
		struct heard h;
		u32 whole = 0;

		for (u32 b = 0; b < t->blocks && t->at[b + 1] <= n; b++)
			whole += t->count[b];
		read_bytes(t->bytes, n, &h);
		if (h.ticks != whole || !h.bad)
			complain(t, "cut at %zu: %u events of %u, said %u times", n, h.ticks, whole,
				 h.bad);
	}
}

/* ---- changed ------------------------------------------------------------------------------------- */

/* A bit anywhere: all but the events of that block come back, once, and the loss is exact. */
static void flipped(void **state)
{
	struct tape *t = *state;
	char *copy = malloc(t->size);
	struct heard h;

	for (u32 b = 0; b < t->blocks; b++) {
		for (size_t at = t->at[b]; at < t->at[b + 1]; at++) {
			memcpy(copy, t->bytes, t->size);
			copy[at] ^= (char)(1 << (at % 8));
			read_bytes(copy, t->size, &h);
			if (h.ticks != EVENTS - t->count[b] || h.lost != t->count[b] || !h.bad)
				complain(t,
					 "bit at %zu (block %u, %c): %u events, %llu lost, said %u "
					 "times",
					 at, b, t->type[b], h.ticks, (unsigned long long)h.lost,
					 h.bad);
			for (u32 n = 1; n <= EVENTS; n++)
				assert_int_equal(h.tick[n],
						 n < t->first[b] || n >= t->first[b] + t->count[b]);
		}
	}
	free(copy);
}

/* Any number of bytes in the middle are missing, or strange ones are there. */
static void torn(void **state)
{
	struct tape *t = *state;
	char *copy = malloc(t->size + CUT_MAX);
	u32 seed = 12345;

	for (int round = 0; round < 2000; round++) {
		size_t at, n;
		struct heard h;

		seed = seed * 1664525 + 1013904223;
		at = t->at[2] + seed % (t->size - t->at[2]);
		n = 1 + seed / 7 % CUT_MAX;
		if (round % 2) { /* put in */
			memcpy(copy, t->bytes, at);
			for (size_t i = 0; i < n; i++)
				copy[at + i] = (char)(seed >> i % 24);
			memcpy(copy + at + n, t->bytes + at, t->size - at);
			read_bytes(copy, t->size + n, &h);
		} else {
			n = n < t->size - at ? n : t->size - at;
			memcpy(copy, t->bytes, at);
			memcpy(copy + at, t->bytes + at + n, t->size - at - n);
			read_bytes(copy, t->size - n, &h);
		}
		assert_true(h.bad > 0);
		for (u32 b = 0; b < t->blocks; b++)
			for (u32 i = 0; i < t->count[b]; i++) {
				bool outside = t->at[b + 1] <= at ||
					       (round % 2 ? t->at[b] >= at : t->at[b] >= at + n);

				if (outside && h.tick[t->first[b] + i] != 1)
					complain(t,
						 "round %d, %zu bytes at %zu: event %u is missing",
						 round, n, at, t->first[b] + i);
			}
	}
	free(copy);
}

/* ---- directories ----------------------------------------------------------------------------------- */

/* Small segments: each is whole by itself, and one that is missing is noticed. */
static void segments(void **state)
{
	struct tape *t = *state;
	const struct rec_limits limits = {.segment_bytes = 1, .model_bytes = 1};
	char path[128];
	struct segment *segs;
	struct heard h;
	int dir, n;

	snprintf(path, sizeof(path), "%s/", t->dir);
	record(path, &limits, 1, EVENTS);
	read_path(t->dir, &h);
	assert_int_equal(h.bad, 0);
	assert_int_equal(h.ticks, EVENTS);
	dir = open(t->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	n = rec_segments(dir, &segs);
	assert_true(n >= 5);
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", t->dir, segs[i].name);
		read_path(path, &h);
		assert_int_equal(h.bad, 0);
		assert_int_equal(h.dumps > 0, 1);
	}
	unlinkat(dir, segs[n / 2].name, 0);
	read_path(t->dir, &h);
	assert_int_equal(h.bad, 1);
	assert_int_equal(h.ticks + h.lost, EVENTS);
	assert_true(h.lost > 0);
	free(segs);
	close(dir);
}

static void total_is_kept(void **state)
{
	struct tape *t = *state;
	const struct rec_limits limits = {
		.segment_bytes = 1, .model_bytes = 1, .total_bytes = 8000};
	char path[128];
	struct segment *segs;
	struct heard h;
	u64 sum = 0;
	int dir, n;

	snprintf(path, sizeof(path), "%s/capped/", t->dir);
	record(path, &limits, 1, EVENTS);
	path[strlen(path) - 1] = 0;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	n = rec_segments(dir, &segs);
	for (int i = 0; i < n; i++)
		sum += segs[i].bytes;
	assert_true(n >= 1 && sum <= 16000);
	read_path(path, &h);
	assert_int_equal(h.bad, 0); /* the oldest are gone, which is no damage */
	assert_true(h.ticks > 0 && h.ticks < EVENTS && h.tick[EVENTS]);
	for (int i = 0; i < n; i++)
		unlinkat(dir, segs[i].name, 0);
	free(segs);
	close(dir);
	rmdir(path);
}

/* ---- where to begin ------------------------------------------------------------------------------- */

static void sought(void **state)
{
	struct tape *t = *state;
	struct rec_head h;
	struct heard heard;
	struct buf err = {};

	for (u32 b = 0; b < t->blocks; b++) {
		struct source *s;
		u64 first, last;

		memcpy(&h, t->bytes + t->at[b], sizeof(h));
		if (h.type != REC_MODEL || !(h.flags & REC_FIRST))
			continue;
		assert_int_equal(source_open_recording(&s, t->path, &err), 0);
		assert_int_equal(s->ops->span(s, &first, &last), 0);
		assert_true(first <= head_wall(&h) && last >= head_wall_end(&h));
		assert_int_equal(s->ops->seek(s, head_wall(&h)), 0);
		listen_to(s, &heard);
		s->ops->close(s);
		assert_int_equal(heard.bad, 0);
		assert_int_equal(heard.ticks, EVENTS - h.first_event);
	}
}

/* Fields that were appended since: an event of then is as long as one of now, its tail intact. */
static void older_schema(void **state)
{
	struct tape *t = *state;
	struct {
		struct ev h;
		u64 start;
		u16 exe_len, args_len;
		char tail[12];
	} then = {.h = {.kind = EV_KIND_SCAN_ARGS, .size = 24 + 8 + 4 + 8, .tgid = 5, .ts = 7},
		  .start = 9,
		  .exe_len = 4,
		  .args_len = 4,
		  .tail = "abc\0de\0"};
	const char *text =
		"probate recording\nboot: x\nschema: number id bytes\n57 scan_args 36: ...\n";
	struct rec_head h = {.type = REC_HEADER}, e = {.type = REC_EVENTS, .events = 1};
	char file[2048], *at = file;
	struct source *s;
	struct buf err = {};
	char path[64];
	int fd = memfd_create("old", MFD_CLOEXEC);

	(void)t;
	rec_pack(&h, text, strlen(text), at + sizeof(h));
	memcpy(at, &h, sizeof(h));
	at += sizeof(h) + h.stored;
	rec_pack(&e, &then, (then.h.size + 7) & ~7, at + sizeof(e));
	memcpy(at, &e, sizeof(e));
	at += sizeof(e) + e.stored;
	assert_int_equal(write(fd, file, (size_t)(at - file)), at - file);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_int_equal(source_open_recording(&s, path, &err), 0);
	{
		struct heard heard = {.m = model_new(&verdict_judge)};
		int got = s->ops->poll(s, 0, hear, &heard);

		assert_int_equal(got, -EBADMSG); /* no dump of the state before it */
		assert_int_equal(s->ops->poll(s, 0, hear, &heard), 1);
		assert_int_equal(heard.m->events, 1);
		model_free(heard.m);
	}
	s->ops->close(s);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(whole, setup, teardown),
		cmocka_unit_test_setup_teardown(joined, setup, teardown),
		cmocka_unit_test_setup_teardown(cut, setup, teardown),
		cmocka_unit_test_setup_teardown(flipped, setup, teardown),
		cmocka_unit_test_setup_teardown(torn, setup, teardown),
		cmocka_unit_test_setup_teardown(segments, setup, teardown),
		cmocka_unit_test_setup_teardown(total_is_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(sought, setup, teardown),
		cmocka_unit_test_setup_teardown(older_schema, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
