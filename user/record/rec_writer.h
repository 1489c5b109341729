/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the writer share: the thread (rec_write.c), files (rec_file.c), opening (rec_open.c). */
#ifndef PROBATE_REC_WRITER_H
#define PROBATE_REC_WRITER_H

#include <limits.h>
#include <pthread.h>

#include "rec.h"

struct job {
	struct job *next;
	struct rec_head head;
	struct buf raw;
	size_t more; /* of a dump: bytes of it that come in the next blocks, unpacked; or REC_OF_SCAN */
};

struct rec_writer {
	char *path, *tier;
	int dir, fd; /* dir -1: a file or a pipe; fd -1: nothing is open */
	bool made;   /* the directory was not there before */
	bool pipe;
	struct rec_limits limits;
	u64 run;     /* later than that of every segment there */
	u64 offset;  /* CLOCK_REALTIME - CLOCK_BOOTTIME */
	u32 segment; /* number of the one that is written */
	char name[48];
	u64 bytes, opened;	/* of the file; when, CLOCK_BOOTTIME */
	bool dirty;		/* written, not synced */
	bool full;		/* could not write the last time: said */
	bool dir_bad, file_bad; /* no longer ours: said */
	bool too_small;		/* the disk, for what was to be written: said */
	u64 head_bytes;		/* of a segment's header */
	u64 seq;		/* of the block that comes next, if none is missing */
	bool gap;		/* blocks are missing since the last dump that is whole */
	bool cut;		/* ... and of the dump that is being written, if it is one */
	int cut_by;		/* what went wrong then: -errno */
	bool dropping;		/* the oldest go because the disk is full: said */
	char *out;
	size_t out_bytes;
	/* By both threads, and not always under the lock: blocks that were not written; bytes of all
	 * files so far. */
	_Atomic u64 dropped, written;
	bool started; /* the thread */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work, idle;
	struct job *first, **last;
	struct job *spare;	      /* for the last block, if there is no memory then */
	u64 waiting;		      /* bytes in the queue */
	bool stop, over;	      /* nothing more comes; the thread has dealt with all */
	u64 put, done;		      /* jobs handed over; dealt with */
	struct rec_head end;	      /* once it stops: the numbers that would come next */
	bool wants_model, dead;	      /* under lock */
	u64 dropped_events;	      /* likewise */
	u64 faults;		      /* likewise, of all kinds */
	u32 told;		      /* likewise: 1 << enum rec_fault */
	char trouble[PATH_MAX + 256]; /* likewise: the first of those in told */
	u64 reaches;		      /* time of the oldest that is kept, CLOCK_REALTIME; atomic */
};

enum rec_fault {
	FAULT_WRITE,
	FAULT_SYNC,
	FAULT_CLOSE,
	FAULT_DIR,
	FAULT_FILE,
	FAULT_SIZE,
	FAULT_DELETE,
	FAULT_READ,
	FAULTS
};
/* rec_fault.c.  Count it, and say it if it is the first of its kind. */
void writer_fault(struct rec_writer *w, enum rec_fault f, int err);
/* It can be written again: the next time that it cannot is told anew. */
void writer_well_again(struct rec_writer *w);
/* Are the directory and the file still there, and ours?  Else it is said. */
bool writer_owns(struct rec_writer *w);
/* And a segment that is not is given up. */
void writer_check(struct rec_writer *w);

/* One block into w->out; its bytes in the file. */
size_t pack_block(struct rec_writer *w, struct rec_head *h, const void *raw, size_t n);
/* One block; after an error the file is as long as it was.  0 or -errno. */
int write_block(struct rec_writer *w, struct rec_head *h, const void *raw, size_t n);
/* The file of this segment, for nobody else to write; 0 or -errno. */
int file_open(struct rec_writer *w);
/* With the end block, whose numbers are those of what would come next. */
void file_close(struct rec_writer *w, const struct rec_head *next);
/* Has the segment reached its size or age? */
bool segment_over(const struct rec_writer *w, u64 bytes);
/* Before a block that may begin a segment: the next one if it is time, and its header. */
int segment_next(struct rec_writer *w, const struct rec_head *first);
/* Delete the oldest segment but the one that is written; false: there is none. */
bool drop_oldest(struct rec_writer *w);
/* Bytes the disk could take if they all went but the one that is written. */
u64 room_without_old(struct rec_writer *w);
/* Room for one more segment below the cap, and nothing older than wanted. */
void drop_old(struct rec_writer *w);
/* A block could not be written: said once, until it can be again. */
void writer_full(struct rec_writer *w, int err);

/* rec_open.c: 0 or -errno with a sentence. */
int open_target(struct rec_writer *w, bool force, struct buf *err);

#endif
