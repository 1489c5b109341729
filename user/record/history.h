/* SPDX-License-Identifier: BSD-2-Clause */
/* The history that a running recorder keeps, for commands that come later. */
#ifndef PROBATE_HISTORY_H
#define PROBATE_HISTORY_H

#include "model.h"
#include "source.h"

/*
 * A recorder of a directory listens on a UNIX socket.  Whoever connects is sent the directory's
 * path and a newline, once all that happened until then is in its files.  Before the path, which
 * begins with a slash, there may be a line that does not: what is wrong with the recording.
 */
#define HISTORY_DIR	  "/run/probate" /* PROBATE_RUN in the environment: another */
#define HISTORY_SOCKET	  "recorder.sock"
#define HISTORY_SERVE	  "serve.sock" /* of an exporter, which knows the state of now and no more */
#define HISTORY_SERVE_DIR "/run/probate-serve" /* where it is as a service */

struct history;
/* For a recorder: dir is the descriptor of its directory, -1: none.  NULL: others are not served. */
struct history *history_serve(int dir);
/* For an exporter: the path of a file that holds all it knows goes to whoever asks. */
struct history *history_serve_files(void);
/* Where an exporter keeps what is for others and for its next life: $RUNTIME_DIRECTORY of systemd,
 * else $PROBATE_RUN, else HISTORY_DIR. */
void history_place(struct buf *out);
int history_fd(const struct history *h); /* readable when somebody is waiting */
bool history_asked(struct history *h);	 /* is somebody waiting? */
/* path NULL: the recorder's directory.  trouble: what whoever reads it should know; NULL: nothing. */
void history_answer(struct history *h, const char *path, const char *trouble);
void history_close(struct history *h); /* NULL is fine */

/* The directory of the recorder that runs here; NULL: there is none. */
const char *history_find(void);
/*
 * Put the history of the recorder that runs here into an empty model, up to this moment, and say
 * so; what follows must be a scan.  false: there is none, and the model is a new one.
 */
bool history_recall(struct model **m, bool quiet);
/* A recorder goes on in a directory that an earlier one left in this boot: its model at the end. */
void history_resume(const char *dir, struct model *m);

#endif
