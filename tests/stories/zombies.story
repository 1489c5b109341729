# Six children of one parent die and it does not wait; one process is headless.

1s clock 0 realtime=1795262401000000000
1s source 0 caps=3 filter=0xffffffffffffffff
1s scan_begin 0 scope=7
1s scan_task 1 start=1000000 files=0x1 sid=1 pgid=1 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="init"
1s scan_task 100 start=500000000 files=0x100 parent=1 sid=100 pgid=100 tty=34819 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="bash"
1s scan_args 100 start=500000000 exe="/usr/bin/bash" args=["bash"]
1s scan_end 0 scope=7 begin=1000000000
2s fork 100 start=2000000000 files=0x200 parent_files=0x100 child=200 parent=100 uid=0 exit_signal=17 pidns=4026531836
2s exec 200 start=2000000000 files=0x200 old_tid=200 name="server" exe="/srv/server" args=["/srv/server","--port","8801"]
3s fork 200 start=3000000000 files=0x112d parent_files=0x200 child=301 parent=200 uid=0 exit_signal=17 pidns=4026531836
3s fork 200 start=3000000000 files=0x112e parent_files=0x200 child=302 parent=200 uid=0 exit_signal=17 pidns=4026531836
3s fork 200 start=3000000000 files=0x112f parent_files=0x200 child=303 parent=200 uid=0 exit_signal=17 pidns=4026531836
3s fork 200 start=3000000000 files=0x1130 parent_files=0x200 child=304 parent=200 uid=0 exit_signal=17 pidns=4026531836
3s fork 200 start=3000000000 files=0x1131 parent_files=0x200 child=305 parent=200 uid=0 exit_signal=17 pidns=4026531836
3s fork 200 start=3000000000 files=0x1136 parent_files=0x200 child=310 parent=200 uid=0 exit_signal=17 pidns=4026531836
4s exit 301 start=3000000000 files=0x112d parent=200 code=0
4s exit 302 start=3000000000 files=0x112e parent=200 code=0
4s exit 303 start=3000000000 files=0x112f parent=200 code=0
4s exit 304 start=3000000000 files=0x1130 parent=200 code=0
4s exit 305 start=3000000000 files=0x1131 parent=200 code=0
4s exit 310 start=3000000000 files=0x1136 parent=200 code=3
4s fork 100 start=4000000000 files=0x330 parent_files=0x100 child=330 parent=100 uid=0 exit_signal=17 pidns=4026531836
4s exec 330 start=4000000000 files=0x330 old_tid=330 name="worker" exe="/srv/worker" args=["worker","-d"]
5s headless 330 start=4000000000
184s tick 0

=== zombies
server[200]  running, SIGCHLD left at its default
  /srv/server --port 8801
  6 zombies (server): 301-305, 310; the oldest since 12:00:04.000 (3 min ago)
  Reason: parent_not_waiting: it does not wait for them.
  Do: server[200] has not waited for server[301]: fix or restart it; once it is
  gone, init takes server[301] over and reaps it.

Headless, not zombies: the main thread ended, others live on
  worker[330] worker -d
    worker[330] is no zombie: its main thread has ended, but other threads live
    on and hold all it has; to end it, kill the process (kill 330).

6 zombies of 1 parent.

=== zombies --json
{"pid": 301,
 "start": "2026-11-21T12:00:03.000000000Z",
 "comm": "server",
 "nspid": [301],
 "ppid": 200,
 "parent": {"pid": 200,
    "start": "2026-11-21T12:00:02.000000000Z",
    "comm": "server",
    "exe": "/srv/server",
    "args": ["/srv/server", "--port", "8801"],
    "state": "running",
    "nspid": [200],
    "sigchld": "default"},
 "exited": "2026-11-21T12:00:04.000000000Z",
 "age_s": 180,
 "reason": "parent_not_waiting",
 "action": "server[200] has not waited for server[301]: fix or restart it; once it is gone, init takes server[301] over and reaps it.",
 "container": null,
 "exit": {"ts": "2026-11-21T12:00:04.000000000Z",
    "code": 0,
    "signal": null,
    "core": false,
    "by": null,
    "cause": null}}
{"pid": 302,
 "start": "2026-11-21T12:00:03.000000000Z",
 "comm": "server",
 "nspid": [302],
 "ppid": 200,
 "parent": {"pid": 200,
    "start": "2026-11-21T12:00:02.000000000Z",
    "comm": "server",
    "exe": "/srv/server",
    "args": ["/srv/server", "--port", "8801"],
    "state": "running",
    "nspid": [200],
    "sigchld": "default"},
 "exited": "2026-11-21T12:00:04.000000000Z",
 "age_s": 180,
 "reason": "parent_not_waiting",
 "action": "server[200] has not waited for server[302]: fix or restart it; once it is gone, init takes server[302] over and reaps it.",
 "container": null,
 "exit": {"ts": "2026-11-21T12:00:04.000000000Z",
    "code": 0,
    "signal": null,
    "core": false,
    "by": null,
    "cause": null}}
{"pid": 303,
 "start": "2026-11-21T12:00:03.000000000Z",
 "comm": "server",
 "nspid": [303],
 "ppid": 200,
 "parent": {"pid": 200,
    "start": "2026-11-21T12:00:02.000000000Z",
    "comm": "server",
    "exe": "/srv/server",
    "args": ["/srv/server", "--port", "8801"],
    "state": "running",
    "nspid": [200],
    "sigchld": "default"},
 "exited": "2026-11-21T12:00:04.000000000Z",
 "age_s": 180,
 "reason": "parent_not_waiting",
 "action": "server[200] has not waited for server[303]: fix or restart it; once it is gone, init takes server[303] over and reaps it.",
 "container": null,
 "exit": {"ts": "2026-11-21T12:00:04.000000000Z",
    "code": 0,
    "signal": null,
    "core": false,
    "by": null,
    "cause": null}}
{"pid": 304,
 "start": "2026-11-21T12:00:03.000000000Z",
 "comm": "server",
 "nspid": [304],
 "ppid": 200,
 "parent": {"pid": 200,
    "start": "2026-11-21T12:00:02.000000000Z",
    "comm": "server",
    "exe": "/srv/server",
    "args": ["/srv/server", "--port", "8801"],
    "state": "running",
    "nspid": [200],
    "sigchld": "default"},
 "exited": "2026-11-21T12:00:04.000000000Z",
 "age_s": 180,
 "reason": "parent_not_waiting",
 "action": "server[200] has not waited for server[304]: fix or restart it; once it is gone, init takes server[304] over and reaps it.",
 "container": null,
 "exit": {"ts": "2026-11-21T12:00:04.000000000Z",
    "code": 0,
    "signal": null,
    "core": false,
    "by": null,
    "cause": null}}
{"pid": 305,
 "start": "2026-11-21T12:00:03.000000000Z",
 "comm": "server",
 "nspid": [305],
 "ppid": 200,
 "parent": {"pid": 200,
    "start": "2026-11-21T12:00:02.000000000Z",
    "comm": "server",
    "exe": "/srv/server",
    "args": ["/srv/server", "--port", "8801"],
    "state": "running",
    "nspid": [200],
    "sigchld": "default"},
 "exited": "2026-11-21T12:00:04.000000000Z",
 "age_s": 180,
 "reason": "parent_not_waiting",
 "action": "server[200] has not waited for server[305]: fix or restart it; once it is gone, init takes server[305] over and reaps it.",
 "container": null,
 "exit": {"ts": "2026-11-21T12:00:04.000000000Z",
    "code": 0,
    "signal": null,
    "core": false,
    "by": null,
    "cause": null}}
{"pid": 310,
 "start": "2026-11-21T12:00:03.000000000Z",
 "comm": "server",
 "nspid": [310],
 "ppid": 200,
 "parent": {"pid": 200,
    "start": "2026-11-21T12:00:02.000000000Z",
    "comm": "server",
    "exe": "/srv/server",
    "args": ["/srv/server", "--port", "8801"],
    "state": "running",
    "nspid": [200],
    "sigchld": "default"},
 "exited": "2026-11-21T12:00:04.000000000Z",
 "age_s": 180,
 "reason": "parent_not_waiting",
 "action": "server[200] has not waited for server[310]: fix or restart it; once it is gone, init takes server[310] over and reaps it.",
 "container": null,
 "exit": {"ts": "2026-11-21T12:00:04.000000000Z",
    "code": 3,
    "signal": null,
    "core": false,
    "by": null,
    "cause": null}}
{"pid": 330,
 "start": "2026-11-21T12:00:04.000000000Z",
 "comm": "worker",
 "nspid": [330],
 "ppid": 100,
 "parent": {"pid": 100,
    "start": "2026-11-21T12:00:00.500000000Z",
    "comm": "bash",
    "exe": "/usr/bin/bash",
    "args": ["bash"],
    "state": "running",
    "nspid": [100],
    "sigchld": "handled"},
 "exited": null,
 "age_s": null,
 "reason": "headless",
 "action": "worker[330] is no zombie: its main thread has ended, but other threads live on and hold all it has; to end it, kill the process (kill 330).",
 "container": null,
 "exit": null}

=== pid 301
server[301]  zombie
  command     /srv/server --port 8801
  program     /srv/server
  started     12:00:03.000 (3 min ago)
  uid         0
  session     100, group 100, terminal pts/3
  namespaces  pid 4026531836, net 4026531840, mnt 4026531841
  It exited with code 0 at 12:00:04.000, and is a zombie: nobody has reaped it
  yet.
Lineage
  server[200] forked server[301] at 12:00:03.000
  bash[100] forked server[200] at 12:00:02.000
  init[1] is the parent of bash[100]

=== tree 200
server[200]  6 zombies below  /srv/server --port 8801
└─server[301] ×6  zombie  /srv/server --port 8801

=== report
Report on the whole machine
  From 2026-11-21 12:00:01.000 to 12:03:04.000 UTC (3 min)
  25 events, none lost

How it stood at the end
4 processes, 6 zombies; 0 sockets bound or listening, 0 leaked.

Zombies
  6 zombies (server) of server[200]: parent_not_waiting; all there at the end,
  the longest for 3 min; pid 301, 302, 303, 304, 305, 310

Busiest programs, roughly
  PROGRAM  EVENTS  FORKS  EXECS  SOCKETS  CONNECTIONS
  server       13      6      1        0            0
  bash          2      2      0        0            0
  worker        2      0      1        0            0

=== report pid 200
Report on process 200
  From 2026-11-21 12:00:01.000 to 12:03:04.000 UTC (3 min)
  25 events, none lost

How it stood at the end
server[200] running
  Started at 12:00:02.000; still running at the end.
  It forked 6 processes.

Zombies
  6 zombies (server) of server[200]: parent_not_waiting; all there at the end,
  the longest for 3 min; pid 301, 302, 303, 304, 305, 310

Processes
  init[1]: there from the beginning, started at 12:00:00.001; still running at
  the end
    bash[100]: there from the beginning, started at 12:00:00.500; still running
    at the end
      server[200]: started at 12:00:02.000; still running at the end
        server[301]: started at 12:00:03.000; exited with code 0 at
        12:00:04.000; a zombie since, for 3 min at the end, which server[200]
        has not reaped
        server[302]: started at 12:00:03.000; exited with code 0 at
        12:00:04.000; a zombie since, for 3 min at the end, which server[200]
        has not reaped
        server[303]: started at 12:00:03.000; exited with code 0 at
        12:00:04.000; a zombie since, for 3 min at the end, which server[200]
        has not reaped
        server[304]: started at 12:00:03.000; exited with code 0 at
        12:00:04.000; a zombie since, for 3 min at the end, which server[200]
        has not reaped
        server[305]: started at 12:00:03.000; exited with code 0 at
        12:00:04.000; a zombie since, for 3 min at the end, which server[200]
        has not reaped
        server[310]: started at 12:00:03.000; exited with code 3 at
        12:00:04.000; a zombie since, for 3 min at the end, which server[200]
        has not reaped
