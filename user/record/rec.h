/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The recording: what is in a file, and how it is written and read.
 *
 * A file is blocks, one after the other; every block says what it is, how long it is and when its
 * events happened, so the heads alone are the index, and any damage is stepped over to the next
 * magic.  All numbers are little-endian.
 *
 *   H  header   text, stored as it is: format, program, boot id, kernel, clocks, and the schema, so
 *               that the file describes itself.  The first block of every file.
 *   M  model    the whole model as KEPT_* events.  REC_FIRST marks the block it begins with.
 *               Follows H, and comes again every few MiB: reading may start there.
 *   E  events   events as they came, each aligned to 8 bytes.
 *   Z  end      nothing: the file was closed in order.
 *
 * Invariants:
 *  R1  Blocks of a run carry seq 0, 1, 2...; a number that is missing is a block that is missing.
 *  R2  first_event of an E block is the number of E events before it in the run, those the recorder
 *      had to drop included: what is missing between two blocks is known to the event.
 *  R3  Whoever has applied all blocks up to a REC_FIRST and whoever starts there have the same
 *      model: the recorder and each reader put what is written there in the place of theirs.
 *  R4  A run is one life of a recorder.  Between runs nothing was recorded.
 *
 * A directory holds segments, RUN-NUMBER.prb, where RUN is the UTC time at which the recorder was
 * started; the order of names is the order of events.
 */
#ifndef PROBATE_REC_H
#define PROBATE_REC_H

#include "source.h"

#define REC_MAGIC     "\x89PRB\r\n\x1a\n" /* no text, and a transfer that changes line ends breaks it */
#define REC_FORMAT    1
#define REC_BLOCK     (1u << 20) /* bytes of events a block holds at most */
#define REC_BLOCK_MAX (8u << 20) /* a reader believes no larger one */

enum { REC_HEADER = 'H', REC_MODEL = 'M', REC_EVENTS = 'E', REC_END = 'Z' };
enum { REC_RAW = 0, REC_ZSTD = 1 };
#define REC_FIRST 1 /* flags: a dump of the model begins with this block */

/* The head of a block, as it is in the file; head_bytes may grow. */
struct rec_head {
	u8 magic[8];
	u32 head_crc;	/* crc32 of the head behind this */
	u16 format;	/* REC_FORMAT */
	u16 head_bytes; /* the payload begins that far from the magic */
	u8 type;	/* REC_HEADER ... */
	u8 codec;	/* REC_RAW, REC_ZSTD */
	u16 flags;	/* REC_FIRST */
	u32 stored;	/* bytes of the payload in the file */
	u32 raw;	/* and unpacked */
	u32 crc;	/* crc32 of the stored payload */
	u32 events;	/* in it */
	u32 zero;
	u64 run;	       /* which life of a recorder: ns since 1970 when it began */
	u64 seq;	       /* number of the block in the run */
	u64 first_event;       /* number in the run of its first event, or of the next one */
	u64 first_ts, last_ts; /* CLOCK_BOOTTIME, ns, of the earliest and the latest event */
	u64 offset;	       /* CLOCK_REALTIME - CLOCK_BOOTTIME then, ns */
	u64 lost;	       /* events that the kernel had no room for, until its end */
};
_Static_assert(sizeof(struct rec_head) == 96, "head of a block");

/* ---- a block (rec_block.c) ---------------------------------------------------------------- */

/* Is this a head?  Its own sum is right and its numbers are possible. */
bool rec_head_ok(const struct rec_head *h);
void rec_head_seal(struct rec_head *h);
/* Pack raw bytes into out (rec_bound(n) bytes) and fill in codec, stored, raw, crc and the sums. */
size_t rec_bound(size_t n);
void rec_pack_end(void); /* what packing keeps for the thread that packs is given back */
void rec_pack(struct rec_head *h, const void *raw, size_t n, void *out);
/* Unpack the payload into out, which has h->raw bytes; NULL, or why it cannot be. */
const char *rec_unpack(const struct rec_head *h, const void *stored, void *out);
u32 rec_crc(const void *p, size_t n);

/* The text of a header. */
void rec_describe(struct buf *b, u64 run, u32 segment, u64 boot_ts, u64 offset, const char *tier);

void rec_boot_id(char out[40]); /* of this boot; "" where it cannot be read */

/* ---- files and directories (rec_dir.c) ------------------------------------------------------ */

struct segment {
	char name[48];
	u64 bytes;
	u64 mtime_ns; /* CLOCK_REALTIME */
};
/* The segments of a directory in order; their number, or -errno.  The array is the caller's. */
int rec_segments(int dir, struct segment **out);
void rec_segment_name(char out[48], u64 run, u32 number);
u64 rec_segment_run(const char *name); /* the run of a segment so called, to the ms */

/* ---- writing (rec_write.c): a thread of its own packs and writes ---------------------------- */

struct rec_writer;
/* path: "-" standard output, a directory (created when it ends in "/" ), else a file to be made. */
struct rec_writer *rec_open(const char *path, const struct rec_limits *limits, bool force,
			    const char *tier, struct buf *err);
/* Start the thread: when no right is to be given up any more.  What comes before waits for it. */
void rec_start(struct rec_writer *w);
/*
 * Hand over a sealed block: head as far as it is known, and its raw bytes, which are taken.  more:
 * bytes of the same dump that come next, or that it is of a scan.
 */
#define REC_OF_SCAN SIZE_MAX
bool rec_put(struct rec_writer *w, const struct rec_head *head, struct buf *raw, size_t more);
bool rec_wants_model(struct rec_writer *w);
/* Does half a queue or more wait for the disk? */
bool rec_behind(struct rec_writer *w);
bool rec_is_pipe(const struct rec_writer *w);
/* Has the reader of a pipe left? */
bool rec_dead(struct rec_writer *w);
u64 rec_ticket(struct rec_writer *w);		 /* for what was handed over until now; never 0 */
bool rec_done(struct rec_writer *w, u64 ticket); /* that is in the file, or was given up */
u64 rec_written(const struct rec_writer *w);	 /* bytes, so far */
u64 rec_dropped(struct rec_writer *w);		 /* events, so far */
u64 rec_reaches(
	const struct rec_writer *w);  /* CLOCK_REALTIME of the oldest kept; 0: not a directory */
u64 rec_faults(struct rec_writer *w); /* of the disk, of others' hands on our files; so far */
/* Is there something that whoever reads the recording should know?  The sentence. */
bool rec_trouble(struct rec_writer *w, struct buf *why);
u64 rec_offset(const struct rec_writer *w); /* CLOCK_REALTIME - CLOCK_BOOTTIME when it was opened */
const char *rec_path(const struct rec_writer *w);
int rec_dir(const struct rec_writer *w);  /* descriptor of the directory; -1: a file or a pipe */
int rec_made(const struct rec_writer *w); /* the same if we made that directory; else -1 */
/*
 * The program must end: write what is there, and the block under way (raw, NULL: none), without any
 * memory and within a few seconds.
 */
void rec_last(struct rec_writer *w, const struct rec_head *head, const struct buf *raw,
	      const struct rec_head *next);
/* End: the number of blocks that could not be written.  next: the numbers that would come. */
u64 rec_close(struct rec_writer *w, const struct rec_head *next, u64 *faults);

/* ---- the recorder: events in, blocks out (record.c) ----------------------------------------- */

struct model;
struct recorder;
struct recorder *recorder_open(const char *path, const struct rec_limits *limits, bool force,
			       const char *tier);
void recorder_start(struct recorder *r);		    /* as rec_start() */
u64 recorder_bytes(const struct recorder *r);		    /* written so far */
u64 recorder_dropped(struct recorder *r);		    /* events it had no room for */
u64 recorder_faults(struct recorder *r);		    /* as rec_faults() */
u64 recorder_reaches(const struct recorder *r);		    /* as rec_reaches() */
bool recorder_trouble(struct recorder *r, struct buf *why); /* as rec_trouble() */
/* Before the first event: the state it finds. */
void recorder_begin(struct recorder *r, struct model *m, const struct ev *first);
void recorder_event(struct recorder *r, const struct ev *e);
/*
 * Between two events, at `now`: a block that waits long enough is handed over, and when it is time
 * the model is dumped and put in its own place (R3).
 */
void recorder_turn(struct recorder *r, struct model *m, u64 now);
/* Hand over all until now; never 0.  It is in the file when recorder_written() says so. */
u64 recorder_flush(struct recorder *r, struct model *m);
bool recorder_written(struct recorder *r, u64 ticket);
/* The model was replaced: the recording goes on with a dump of it. */
void recorder_restart(struct recorder *r);
bool recorder_dead(const struct recorder *r); /* nobody reads the pipe any more */
int recorder_dir(const struct recorder *r);   /* as rec_dir() */
int recorder_made(const struct recorder *r);  /* as rec_made() */
const char *recorder_path(const struct recorder *r);
/* The end; false: something could not be written, or was not left as it was written. */
bool recorder_close(struct recorder *r, struct model *m);

/* ---- reading: a file of blocks and the way about in it (rec_input.c) ------------------------- */

struct input {
	int fd;
	bool seeks; /* a file, not a pipe */
	u8 *buf;
	size_t at, have, cap;
	u64 pos; /* in the file, of buf[at] */
};
void input_init(struct input *in, int fd);
void input_free(struct input *in);	      /* and close it */
void input_unread(struct input *in, u8 byte); /* before the first need */
/* Have n bytes at hand: how many there are (fewer only at the end), or -errno. */
ssize_t input_need(struct input *in, size_t n);
void input_skip(struct input *in, size_t n);
int input_seek(struct input *in, u64 pos);
/* Go on to the next head that is one, from here; bytes passed over, -ENODATA, or -errno. */
s64 input_find(struct input *in);

/* Heads alone, by pread: the index.  Position of the first good head from pos on, -1: none. */
s64 head_find(int fd, u64 pos, struct rec_head *h);
static inline u64 head_wall(const struct rec_head *h)
{
	return h->first_ts + h->offset;
}
static inline u64 head_wall_end(const struct rec_head *h)
{
	return h->last_ts + h->offset;
}

/* ---- reading: the recording as a source (rec_read.c) ----------------------------------------- */

/* Is it a named pipe?  Then it is standard input now, to be read as "-". */
bool rec_from_pipe(const char *path);
/* Does what can be read there begin like a recording?  For a directory: does it hold segments? */
bool rec_is_recording(const char *path);
/* Was it made since this machine was booted?  Known after the first poll or seek. */
bool recording_is_of_this_boot(struct source *s);

#endif
