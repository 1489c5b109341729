/* SPDX-License-Identifier: BSD-2-Clause */
/* A command is a view of the model.  One file and one const struct each; they never include each other. */
#ifndef PROBATE_VIEW_H
#define PROBATE_VIEW_H

#include "model.h"
#include "out.h"
#include "source.h"
#include "verdict.h"

/* Options, filled once by main.c. */
struct opts {
	const char *replay;   /* -r FILE */
	bool json, watch, quiet;
	bool leaked;          /* ports --leaked */
	bool raw;             /* trace --raw: the text form of every event */
	bool no_bpf;          /* --no-bpf: read /proc even where BPF could be used */
	enum fd_mode fd;
	size_t ring_bytes;
	struct filter filter;
	u64 kinds;            /* public kinds to show (trace); 0: all.  filter.kinds has what they need */
	const char *out_path; /* -o FILE */
	char **cmd;           /* trace -- CMD ARGS; NULL */
	const char *arg;      /* port's QUERY, pid's N, tree's PID; NULL */
	struct query {        /* arg of `port`, parsed */
		const char *proto; /* "tcp", "udp", NULL: any */
		bool has_addr;
		struct ep addr;    /* ip + family when has_addr; port always; IPv4 or IPv6 */
		struct unix_name name; /* unix:...; len 0: not asked */
	} query;
	u32 pid;              /* arg of pid and tree, parsed; 0: none */
};

struct view {
	const char *name;
	const char *usage;    /* after the name: "[--leaked]" */
	const char *help;     /* one line */
	u32 scope;            /* SCOPE_* a one-shot scan needs */
	bool live_only;       /* needs events: no one-shot answer (trace) */
	bool watchable;       /* takes -w */
	/* Narrow the one-shot scan to what the question needs; NULL: everything in scope. */
	void (*want)(const struct opts *o, struct want *w);
	/* tgids whose command line the answer shows, after a one-shot scan; NULL: all processes. */
	void (*describe)(const struct opts *o, const struct model *m, struct buf *tgids /* u32s */);
	void *(*open)(const struct opts *o, struct out *out);
	/* After an event was applied: the event itself, then each that the model told. */
	void (*event)(void *v, const struct model *m, const struct ev *e);
	/* All that was there has been applied (end of scan, end of a drained batch): print changes. */
	void (*settle)(void *v, const struct model *m);
	/* The end: print what a one-shot prints (if settle has not); exit code. */
	int (*finish)(void *v, const struct model *m);
	void (*close)(void *v);
};

extern const struct view view_trace, view_ports, view_port, view_pid, view_tree, view_zombies,
	view_doctor;

/* Shared by views (view_common.c): how a process and a socket look in JSON (design: `port`). */
void json_proc(struct json *j, const char *key, const struct model *m, u32 proc);
void json_sock(struct json *j, const struct model *m, const struct sock *s); /* members, verdict included */
/* Text: "sleep[9132]" and "tcp 0.0.0.0:80"; safe. */
void text_proc(struct buf *b, const struct model *m, u32 proc);
void text_sock(struct buf *b, const struct model *m, const struct sock *s);
void text_args(struct buf *b, const struct model *m, const struct proc *p, size_t max);

#endif
