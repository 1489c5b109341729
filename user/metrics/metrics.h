/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the exporter tells: one table of families, from which come the exposition (text 0.0.4 and
 * OpenMetrics), `serve --list`, the manual's section and the checks of the dashboard.
 *
 *   M(ID, name, type, labels, collector, help)
 *
 * name    without "probate_"; a counter's ends in _total, a unit of time in _seconds.  What begins with
 *         process_ is every exporter's and has no "probate_" in front
 * labels  comma-separated, "" for none; no pid, no argument and no address is ever a label's value
 * help    one sentence without a full stop, without a line break or backslash
 *
 * What is counted since the program was started is a counter and begins at 0; what is read off the
 * model is a gauge.  Labels of a fixed set of values (reason, verdict, state ...) are told for
 * every value, 0 included, so that rate() and alerts have something to begin with.  Labels that
 * come from processes (program, unit) have at most METRICS_CAP values, the largest ones; what is
 * left goes under OTHER.
 */
#ifndef PROBATE_METRICS_H
#define PROBATE_METRICS_H

#include "model.h"
#include "out.h"
#include "source.h"
#include "verdict.h"

#define METRICS_CAP	50 /* series of a family with names of programs or units, OTHER not counted */
#define METRICS_OTHER	"other"
#define METRICS_UNKNOWN "unknown" /* a program or unit whose name is not known */

/* C(ID, name, on by default, help): the collectors, --collector.NAME and --no-collector.NAME. */
#define COLLECTOR_TABLE(C)                                                                         \
	C(PROCESS, "process", true, "processes born, exec'd and dead")                             \
	C(PIDS, "pids", true, "pids that are left")                                                \
	C(ZOMBIE, "zombie", true, "zombies, and how long it takes to reap")                        \
	C(SOCKET, "socket", true, "sockets that listen or are bound, holders, leaks, transfers")   \
	C(TCP, "tcp", true, "TCP states and connections that hang on an inherited descriptor")     \
	C(PROGRAM, "program", true, "zombies and leaks by name of program")                        \
	C(UNIT, "unit", true, "zombies and leaks by systemd unit or container")                    \
	C(SELF, "self", true, "about probate: events, losses, ring, scans, model, process")        \
	C(BPF, "bpf", false, "run time of each BPF program; counting it makes every run slower")

enum collector {
#define C(ID, name, on, help) COLLECTOR_##ID,
	COLLECTOR_TABLE(C)
#undef C
		COLLECTORS
};

/* clang-format off */
#define METRIC_TABLE(M)                                                                            \
	M(FORKS, "forks_total", COUNTER, "", PROCESS, "Processes forked (threads are none)") \
	M(EXECS, "execs_total", COUNTER, "", PROCESS, "Programs executed") \
	M(EXITS, "exits_total", COUNTER, "death", PROCESS, "Processes that died: with exit code 0 (success), another one (failure), by a signal, or with a core dump (core)") \
	M(PROCESSES, "processes", GAUGE, "state", PROCESS, "Processes now, by state: running, zombie, headless (its main thread has ended, others live on), dying (it has ended, the kernel is not done with that), or what it is stuck in, as in the tree") \
	M(ORPHANS, "orphans_adopted_total", COUNTER, "by", PROCESS, "Processes whose parent died before them, by who took them over: init, namespace_init (PID 1 of a pid namespace), subreaper (with --fd=lean known as one from the next scan on)") \
	M(PIDS_LIMIT, "pids_limit", GAUGE, "", PIDS, "Most tasks that can exist at a time: the smaller of kernel.pid_max and kernel.threads-max") \
	M(PIDS_USED, "pids_used", GAUGE, "", PIDS, "Tasks that exist now; each thread and each zombie takes a pid") \
	M(ZOMBIES, "zombies", GAUGE, "reason", ZOMBIE, "Dead processes that are not reaped, by the reason; headless ones are none, though they look like it") \
	M(ZOMBIE_AGE, "zombie_oldest_age_seconds", GAUGE, "reason", ZOMBIE, "How long the oldest of them has been dead, as far as it is known; 0 without any") \
	M(REAP_SECONDS, "reap_seconds", HISTOGRAM, "", ZOMBIE, "Time from a process's death to its reaping; with --fd=lean to its freeing by the kernel, some 8 to 30 ms later") \
	M(ZOMBIES_PROGRAM, "zombies_by_parent", GAUGE, "program", PROGRAM, "Zombies by the name of the program that fails to reap them") \
	M(ZOMBIES_UNIT, "zombies_by_unit", GAUGE, "unit", UNIT, "Zombies by the systemd unit or container of the parent that fails to reap them") \
	M(SOCKETS, "sockets", GAUGE, "proto,state,verdict", SOCKET, "Sockets that listen or are bound, by protocol, state and verdict") \
	M(HOLDERS, "socket_holders", GAUGE, "proto", SOCKET, "Processes that hold such a socket, summed up over the sockets") \
	M(LEAKED, "leaked_sockets", GAUGE, "proto", SOCKET, "Sockets that listen or are bound, whose creator is gone and which nobody who holds them means to have") \
	M(LEAKED_AGE, "leaked_socket_oldest_age_seconds", GAUGE, "proto", SOCKET, "How long the oldest of them has been leaked; 0 without any") \
	M(SUSPECTS, "suspected_leaked_sockets", GAUGE, "proto", SOCKET, "Sockets that listen or are bound, whose maker is not known, that look leaked: nobody who holds them is known to have made them, or waits on them") \
	M(LEAKED_PROGRAM, "leaked_sockets_by_program", GAUGE, "program", PROGRAM, "Leaked sockets by the name of the program that keeps them alive") \
	M(LEAKED_UNIT, "leaked_sockets_by_unit", GAUGE, "unit", UNIT, "Leaked sockets by the systemd unit or container of the process that keeps them alive") \
	M(LEAKS, "leaks_total", COUNTER, "", SOCKET, "Sockets seen to become leaked") \
	M(TRANSFERS, "transfers_total", COUNTER, "via", SOCKET, "Sockets that outlived their creator's hold, by how the one who keeps it had come to it") \
	M(HIDDEN, "hidden_references", GAUGE, "where", SOCKET, "Sockets that no process's descriptors show and something keeps alive: in_flight in a UNIX socket's queue, a call that a thread sleeps in, an io_uring, or unknown") \
	M(TCP_CHANGES, "tcp_state_changes_total", COUNTER, "state", TCP, "Times a TCP socket entered this state") \
	M(TCP_CONNECTIONS, "tcp_connections_total", COUNTER, "direction", TCP, "TCP connections established: out, by connect(); in, from a listener") \
	M(TCP_SOCKETS, "tcp_sockets", GAUGE, "state", TCP, "TCP sockets now by state, as the newest scan found them") \
	M(STUCK, "stuck_connections", GAUGE, "", TCP, "TCP connections that stay open only because processes inherited them, none of which waits for anything on them: the peer waits for an end that does not come") \
	M(STUCK_AGE, "stuck_connection_oldest_age_seconds", GAUGE, "", TCP, "Since when the oldest of them has been found so; 0 without any") \
	M(BUILD_INFO, "build_info", GAUGE, "version,tier,fd", SELF, "Always 1: version of probate, tier of its hooks, mode of descriptor events") \
	M(WATCHING, "watching_start_timestamp_seconds", GAUGE, "", SELF, "Since when processes and sockets are watched, a history taken over from a recorder or the run before included; seconds since 1970") \
	M(EVENTS, "events_total", COUNTER, "kind", SELF, "Events read from the kernel side and applied, by kind") \
	M(LOST, "events_lost_total", COUNTER, "cause", SELF, "Events lost: the kernel side had no room for them (ring), its programs were skipped (skipped), they made no sense (damaged), the recorder had no room (recorder)") \
	M(LOST_KIND, "ring_lost_total", COUNTER, "kind", SELF, "Events lost in the kernel, by kind: with events_total of the kind, all that were made") \
	M(SKIPPED, "program_skips_total", COUNTER, "outcome", SELF, "Runs of BPF programs that the kernel skipped, as the program ran on that CPU already: made good by a second copy (made_good), or lost and in events_lost_total (lost)") \
	M(RING_SIZE, "ring_size_bytes", GAUGE, "", SELF, "Size of the ring buffer") \
	M(RING_USED, "ring_used_bytes", GAUGE, "", SELF, "Bytes of it that waited to be read when this was asked") \
	M(RING_PEAK, "ring_used_peak_bytes", GAUGE, "", SELF, "Most bytes that were ever found waiting") \
	M(DRAIN_SECONDS, "drain_delay_seconds", HISTOGRAM, "", SELF, "How long the first event of a batch had waited to be read") \
	M(LAG, "event_lag_seconds", GAUGE, "", SELF, "How far what is told here is behind what happens: all events until then have been applied") \
	M(BPF_SECONDS, "bpf_run_seconds_total", COUNTER, "program", BPF, "Time spent in each BPF program") \
	M(BPF_RUNS, "bpf_runs_total", COUNTER, "program", BPF, "Runs of each BPF program") \
	M(SCANS, "scans_total", COUNTER, "", SELF, "Scans of all processes, descriptors and sockets") \
	M(SCAN_SECONDS, "scan_seconds_total", COUNTER, "", SELF, "Time that scans took, those of single processes included") \
	M(REPAIRS, "audit_repairs_total", COUNTER, "fact", SELF, "What scans found otherwise than the model had it: new, or over") \
	M(MODEL, "model_objects", GAUGE, "kind", SELF, "Objects in the model, the remembered dead included") \
	M(BLIND, "unreadable_processes", GAUGE, "", SELF, "Processes whose descriptors could not be read") \
	M(RECORDED, "recorded_bytes_total", COUNTER, "", SELF, "Bytes written by the recorder; 0 without --record") \
	M(RECORD_FAULTS, "recorder_faults_total", COUNTER, "", SELF, "Times that the recording could not be written, synced or kept, or that its files were changed by others") \
	M(HELD_BACK, "held_back_events_total", COUNTER, "", SELF, "Events that are not in the recording because one user made more than its share; the log says who") \
	M(RECORD_SINCE, "recorded_since_timestamp_seconds", GAUGE, "", SELF, "When the oldest of what the recorder keeps happened: so far history reaches back; 0 without --record") \
	M(STATE_SAVED, "state_saved_timestamp_seconds", GAUGE, "", SELF, "When the model was last saved for a restart, seconds since 1970; 0: not yet, or it cannot be") \
	M(REQUESTS, "http_requests_total", COUNTER, "code", SELF, "HTTP requests answered, by status code") \
	M(CPU_SECONDS, "process_cpu_seconds_total", COUNTER, "", SELF, "Processor time of probate itself, user and system") \
	M(RESIDENT, "process_resident_memory_bytes", GAUGE, "", SELF, "Memory of probate that is in RAM") \
	M(VIRTUAL, "process_virtual_memory_bytes", GAUGE, "", SELF, "Address space of probate") \
	M(START_TIME, "process_start_time_seconds", GAUGE, "", SELF, "When probate was started; seconds since 1970") \
	M(OPEN_FDS, "process_open_fds", GAUGE, "", SELF, "Descriptors that probate has open") \
	M(MAX_FDS, "process_max_fds", GAUGE, "", SELF, "Most descriptors that probate may have open") \
	M(COLLECT_SECONDS, "collector_duration_seconds", GAUGE, "collector", SELF, "Time a collector took for this answer")
/* clang-format on */

enum metric {
#define M(ID, name, type, labels, collector, help) METRIC_##ID,
	METRIC_TABLE(M)
#undef M
		METRICS
};

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };
struct metric_def {
	const char *name, *labels, *help;
	enum metric_type type;
	enum collector collector;
};
extern const struct metric_def metric_defs[METRICS];
extern const struct collector_def {
	const char *name, *help;
	bool on;
} collector_defs[COLLECTORS];
u32 collectors_default(void); /* bit a collector */

/* ---- what is told of ---------------------------------------------------------------------- */

/* What the program knows of itself; read by the caller, as no view reads /proc (serve/self.c). */
struct self {
	double cpu_seconds, start_seconds; /* start: since 1970 */
	u64 resident_bytes, virtual_bytes;
	u64 open_fds, max_fds;
	u64 requests[6]; /* answered with 1xx ... 5xx by the hundred; [0] not used */
	u64 recorded_bytes;
	u64 recorder_dropped;  /* events the recorder had no room for */
	u64 recorder_faults;   /* of its disk, or of others' hands on its files */
	u64 held_back;	       /* events of users who made more than their share of it */
	u64 recorded_since_ns; /* CLOCK_REALTIME of the oldest it keeps; 0: no recorder */
	u64 state_saved_ns;    /* CLOCK_REALTIME; 0: not */
	u64 damaged;	       /* events that were none */
	u64 lag_ns;	       /* how far what is applied is behind what happens */
	const char *tier, *fd; /* "base", "lean" */
};

/* Counted from events on their way (count.c): give it every event, told ones included. */
struct metrics;
struct metrics *metrics_new(void);
void metrics_free(struct metrics *c);
void metrics_event(struct metrics *c, const struct model *m, const struct ev *e);
/* Since when has a socket been without its creator? */
u64 metrics_let_go(const struct metrics *c, const struct model *m, const struct sock *s);
/* Since when has it been found stuck?  stuck: is it now?  0: it is not. */
u64 metrics_stuck(struct metrics *c, const struct model *m, const struct sock *s, bool stuck);
/* When the newest scan of everything was over; 0: none was yet. */
u64 metrics_scanned(const struct metrics *c);

enum metrics_format { METRICS_TEXT, METRICS_OPENMETRICS };
#define METRICS_TEXT_TYPE	 "text/plain; version=0.0.4; charset=utf-8"
#define METRICS_OPENMETRICS_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

/*
 * Everything now, appended to out.  collectors: bit a collector.  now: CLOCK_BOOTTIME, ns, for ages.
 * The clock is read for collector_duration_seconds alone.
 */
struct metrics_input {
	const struct model *m;
	const struct source_stats *source;
	const struct self *self;
	u32 collectors;
	enum metrics_format format;
	u64 now;
};
void metrics_render(struct metrics *c, const struct metrics_input *in, struct buf *out);

/* `serve --list`: the families with type, labels, collector and help; text, or one JSON object a line. */
void metrics_list(struct out *o);

#endif
