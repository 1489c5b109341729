# A server forks, the child runs another program without closing the listener, the
# server is killed: its port stays taken.

1s clock 0 realtime=1795262401000000000
1s source 0 caps=3 filter=0xffffffffffffffff
1s scan_begin 0 scope=7
1s scan_task 1 start=1000000 files=0x1 sid=1 pgid=1 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="init"
1s scan_task 100 start=500000000 files=0x100 parent=1 sid=100 pgid=100 tty=34819 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="bash"
1s scan_args 100 start=500000000 exe="/usr/bin/bash" args=["bash"]
1s scan_end 0 scope=7 begin=1000000000
2s fork 100 start=2000000000 files=0x200 parent_files=0x100 child=200 parent=100 uid=0 exit_signal=17 pidns=4026531836
2s exec 200 start=2000000000 files=0x200 old_tid=200 name="server" exe="/srv/server" args=["/srv/server","--port","8801"]
3s socket 200 inode=7001 cookie=11 netns=4026531840 uid=0 proto=tcp state=CLOSE files=0x200 fd=3
3s bind 200 inode=7001 cookie=11 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8801 state=CLOSE fd=3
3s listen 200 inode=7001 cookie=11 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8801 state=LISTEN fd=3 backlog=128
5s fork 200 start=5000000000 files=0x300 parent_files=0x200 child=300 parent=200 uid=0 exit_signal=17 pidns=4026531836
6s exec 300 start=5000000000 files=0x300 old_tid=300 name="sleep" exe="/usr/bin/sleep" args=["sleep","1000"]
6s scan_begin 300 scope=8 files=0x300
6s scan_fd 300 inode=7001 cookie=11 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8801 state=LISTEN files=0x300 fd=3
6s scan_end 300 scope=8 files=0x300 begin=6000000000
7s signal 100 target=200 target_tid=200 signal=SIGKILL
7s exit 200 start=2000000000 files=0x200 parent=100 code=-1 signal=SIGKILL
8s wait 100 nr=200
8s free 200 start=2000000000
10s tick 0

=== port 8801
tcp 0.0.0.0:8801  LISTEN
  inode 7001, uid 0
  Made by server[200] (/srv/server --port 8801) at 12:00:03.000 (7.0 s ago),
  dead: killed by SIGKILL from bash[100] at 12:00:07.000.
  Held by sleep[300], running: sleep 1000
    fd 3, CLOEXEC missing; inherited by fork from server[200] at 12:00:05.000
    (5.0 s ago); it never used it
      12:00:03.000 server[200] created it
      12:00:05.000 server[300] forked from server[200] with it
      12:00:06.000 sleep[300] executed this program and kept it
  Verdict: leaked — server[200] made it and was killed by SIGKILL from bash[100]
  at 12:00:07; sleep[300] inherited fd 3 by fork and kept it over exec because
  CLOEXEC was not set.
  Do: Kill sleep[300] to free the port now; in server, open the socket with
  SOCK_CLOEXEC (or close fd 3 in the child before exec).

=== port --json 8801
{"query": "8801",
 "held": true,
 "sockets": [{"proto": "tcp",
     "family": "inet",
     "local": "0.0.0.0:8801",
     "remote": null,
     "state": "LISTEN",
     "inode": 7001,
     "cookie": 11,
     "netns": 4026531840,
     "uid": 0,
     "cgroup": null,
     "opened": "2026-11-21T12:00:03.000000000Z",
     "creator": {"pid": 200,
        "start": "2026-11-21T12:00:02.000000000Z",
        "comm": "server",
        "exe": "/srv/server",
        "args": ["/srv/server", "--port", "8801"],
        "state": "dead",
        "exit": {"ts": "2026-11-21T12:00:07.000000000Z",
           "code": null,
           "signal": 9,
           "by": {"pid": 100, "comm": "bash"},
           "cause": "process"}},
     "holders": [{"pid": 300,
         "start": "2026-11-21T12:00:05.000000000Z",
         "comm": "sleep",
         "exe": "/usr/bin/sleep",
         "args": ["sleep", "1000"],
         "state": "running",
         "tid": null,
         "nspid": [300],
         "fds": [{"fd": 3, "cloexec": false}],
         "via": "fork",
         "since": "2026-11-21T12:00:05.000000000Z",
         "used": false,
         "chain": [{"ts": "2026-11-21T12:00:03.000000000Z",
             "pid": 200,
             "comm": "server",
             "step": "created"},
            {"ts": "2026-11-21T12:00:05.000000000Z",
             "pid": 300,
             "comm": "server",
             "step": "fork"},
            {"ts": "2026-11-21T12:00:06.000000000Z",
             "pid": 300,
             "comm": "sleep",
             "step": "exec",
             "kept": true}]}],
     "hidden": null,
     "verdict": "leaked",
     "certain": true,
     "why": "server[200] made it and was killed by SIGKILL from bash[100] at 12:00:07; sleep[300] inherited fd 3 by fork and kept it over exec because CLOEXEC was not set.",
     "action": "Kill sleep[300] to free the port now; in server, open the socket with SOCK_CLOEXEC (or close fd 3 in the child before exec).",
     "elsewhere": false}],
 "bind": {"tcp": {"plain": false,
       "reuseaddr": false,
       "reuseport": false,
       "both": false,
       "reuseport_uid": null},
    "udp": {"plain": true, "reuseaddr": true, "reuseport": true, "both": true, "reuseport_uid": null}}}

=== ports
PROTO  LOCAL         STATE   CREATOR       HELD BY     VERDICT
tcp    0.0.0.0:8801  LISTEN  †server[200]  sleep[300]  leaked

1 socket: 1 leaked. `probate port PORT` says more.

=== ports --leaked
PROTO  LOCAL         STATE   CREATOR       HELD BY     VERDICT
tcp    0.0.0.0:8801  LISTEN  †server[200]  sleep[300]  leaked

1 socket: 1 leaked. `probate port PORT` says more.
=== exit 1

=== pid 300
sleep[300]  running
  command     sleep 1000
  program     /usr/bin/sleep
  started     12:00:05.000 (5.0 s ago)
  uid         0
  session     100, group 100, terminal pts/3
  namespaces  pid 4026531836, net 4026531840, mnt 4026531841
  It began as server, executed sleep at 12:00:06.000.
Lineage
  server[200] forked sleep[300] at 12:00:05.000; dead, killed by SIGKILL from
  bash[100] at 12:00:07.000
  bash[100] forked server[200] at 12:00:02.000
  init[1] is the parent of bash[100]
  init[1] adopted sleep[300] at 12:00:07.000
Sockets
FD  CLOEXEC  SOCKET            STATE   HOW                HELD BY
 3  no       tcp 0.0.0.0:8801  LISTEN  fork 12:00:05.000        1

=== pid 200
server[200]  dead
  command     /srv/server --port 8801
  program     /srv/server
  started     12:00:02.000 (8.0 s ago)
  uid         0
  session     100, group 100, terminal pts/3
  namespaces  pid 4026531836, net 4026531840, mnt 4026531841
  It was killed by SIGKILL from bash[100] at 12:00:07.000, and was reaped by
  bash[100] after 1.0 s.
Lineage
  bash[100] forked server[200] at 12:00:02.000
  init[1] is the parent of bash[100]

=== pid --json 300
{"pid": 300,
 "start": "2026-11-21T12:00:05.000000000Z",
 "comm": "sleep",
 "exe": "/usr/bin/sleep",
 "args": ["sleep", "1000"],
 "state": "running",
 "uid": 0,
 "ppid": 1,
 "birth_ppid": 200,
 "sid": 100,
 "pgid": 100,
 "tty": "pts/3",
 "nspid": [300],
 "ns": {"pid": 4026531836, "net": 4026531840, "mnt": 4026531841},
 "cgroup": null,
 "images": [{"ts": "2026-11-21T12:00:02.000000000Z",
     "comm": "server",
     "exe": "/srv/server",
     "args": ["/srv/server", "--port", "8801"]},
    {"ts": "2026-11-21T12:00:06.000000000Z",
     "comm": "sleep",
     "exe": "/usr/bin/sleep",
     "args": ["sleep", "1000"]}],
 "lineage": [{"pid": 200,
     "start": "2026-11-21T12:00:02.000000000Z",
     "comm": "server",
     "state": "dead",
     "step": "fork"},
    {"pid": 100,
     "start": "2026-11-21T12:00:00.500000000Z",
     "comm": "bash",
     "state": "running",
     "step": "fork"},
    {"pid": 1,
     "start": "2026-11-21T12:00:00.001000000Z",
     "comm": "init",
     "state": "running",
     "step": "parent"},
    {"pid": 1,
     "start": "2026-11-21T12:00:00.001000000Z",
     "comm": "init",
     "state": "running",
     "step": "adopted"}],
 "daemonised": false,
 "sockets": [{"fd": 3,
     "cloexec": false,
     "inode": 7001,
     "proto": "tcp",
     "local": "0.0.0.0:8801",
     "remote": null,
     "state": "LISTEN",
     "netns": 4026531840,
     "via": "fork",
     "since": "2026-11-21T12:00:05.000000000Z",
     "refs": 1}],
 "children": [],
 "zombies": 0,
 "exit": null,
 "reaped": null}

=== report 8801
Report on port 8801
  From 2026-11-21 12:00:01.000 to 12:00:10.000 UTC (9.0 s)
  21 events, none lost

How it stood at the end
tcp 0.0.0.0:8801 LISTEN
  inode 7001, uid 0
  Made by server[200] (/srv/server --port 8801) at 12:00:03.000, dead: killed by
  SIGKILL from bash[100] at 12:00:07.000.
  Held by sleep[300], running: sleep 1000
    fd 3, CLOEXEC missing; inherited by fork from server[200] at 12:00:05.000;
    it never used it
      12:00:03.000 server[200] created it
      12:00:05.000 server[300] forked from server[200] with it
      12:00:06.000 sleep[300] executed this program and kept it
  Verdict: leaked — server[200] made it and was killed by SIGKILL from bash[100]
  at 12:00:07; sleep[300] inherited fd 3 by fork and kept it over exec because
  CLOEXEC was not set.
  Do: Kill sleep[300] to free the port now; in server, open the socket with
  SOCK_CLOEXEC (or close fd 3 in the child before exec).

Sockets that had it
  tcp 0.0.0.0:8801, inode 7001: opened 12:00:03.000, still there at the end
  (leaked)
    12:00:03.000 server[200] created it
    12:00:03.000 server[200] bound it to tcp 0.0.0.0:8801
    12:00:03.000 server[200] listened on it
    12:00:05.000 server[300] was forked from server[200] with it
    12:00:06.000 sleep[300] executed sleep 1000 and kept it
    12:00:07.000 server[200] was killed by SIGKILL from bash[100]
    12:00:07.000 it passed from server[200], which died, to sleep[300]
    12:00:07.000 leaked: sleep[300] keeps fd 3 of server[200] and never meant to
  HELD BY      FROM          UNTIL         USED   HOW
  server[200]  12:00:03.000  12:00:07.000  yes    made it
  sleep[300]   12:00:05.000  the end       never  fork from server[200]

Processes
  init[1]: there from the beginning, started at 12:00:00.001; still running at
  the end
    bash[100]: there from the beginning, started at 12:00:00.500; still running
    at the end
      server[200]: started at 12:00:02.000; killed by SIGKILL from bash[100] at
      12:00:07.000; a zombie for 1.0 s; reaped by bash[100] at 12:00:08.000
        sleep[300]: started at 12:00:05.000; executed sleep 1000 at
        12:00:06.000; adopted by init[1] at 12:00:07.000; still running at the
        end

=== report 9999
Report on port 9999
  From 2026-11-21 12:00:01.000 to 12:00:10.000 UTC (9.0 s)
  21 events, none lost

How it stood at the end
Nothing held port 9999: it was free.
  No socket had it in all that time.
=== exit 1

=== report --json 8801
{"subject": "port",
 "query": "8801",
 "met": true,
 "from": "2026-11-21T12:00:01.000000000Z",
 "to": "2026-11-21T12:00:10.000000000Z",
 "events": 21,
 "lost": 0,
 "history": true,
 "complete": true,
 "limits": [],
 "end": {"held": true,
    "sockets": [{"proto": "tcp",
        "family": "inet",
        "local": "0.0.0.0:8801",
        "remote": null,
        "state": "LISTEN",
        "inode": 7001,
        "cookie": 11,
        "netns": 4026531840,
        "uid": 0,
        "cgroup": null,
        "opened": "2026-11-21T12:00:03.000000000Z",
        "creator": {"pid": 200,
           "start": "2026-11-21T12:00:02.000000000Z",
           "comm": "server",
           "exe": "/srv/server",
           "args": ["/srv/server", "--port", "8801"],
           "state": "dead",
           "exit": {"ts": "2026-11-21T12:00:07.000000000Z",
              "code": null,
              "signal": 9,
              "by": {"pid": 100, "comm": "bash"},
              "cause": "process"}},
        "holders": [{"pid": 300,
            "start": "2026-11-21T12:00:05.000000000Z",
            "comm": "sleep",
            "exe": "/usr/bin/sleep",
            "args": ["sleep", "1000"],
            "state": "running",
            "tid": null,
            "nspid": [300],
            "fds": [{"fd": 3, "cloexec": false}],
            "via": "fork",
            "since": "2026-11-21T12:00:05.000000000Z",
            "used": false,
            "chain": [{"ts": "2026-11-21T12:00:03.000000000Z",
                "pid": 200,
                "comm": "server",
                "step": "created"},
               {"ts": "2026-11-21T12:00:05.000000000Z",
                "pid": 300,
                "comm": "server",
                "step": "fork"},
               {"ts": "2026-11-21T12:00:06.000000000Z",
                "pid": 300,
                "comm": "sleep",
                "step": "exec",
                "kept": true}]}],
        "hidden": null,
        "verdict": "leaked",
        "certain": true,
        "why": "server[200] made it and was killed by SIGKILL from bash[100] at 12:00:07; sleep[300] inherited fd 3 by fork and kept it over exec because CLOEXEC was not set.",
        "action": "Kill sleep[300] to free the port now; in server, open the socket with SOCK_CLOEXEC (or close fd 3 in the child before exec)."}]},
 "sockets": [{"proto": "tcp",
     "local": "0.0.0.0:8801",
     "remote": null,
     "inode": 7001,
     "cookie": 11,
     "netns": 4026531840,
     "uid": 0,
     "opened": "2026-11-21T12:00:03.000000000Z",
     "gone": null,
     "creator": {"pid": 200, "start": "2026-11-21T12:00:02.000000000Z", "comm": "server"},
     "connections": 0,
     "transferred": true,
     "leaked": true,
     "verdict": "leaked",
     "holders": [{"process": {"pid": 200, "start": "2026-11-21T12:00:02.000000000Z", "comm": "server"},
         "from": "2026-11-21T12:00:03.000000000Z",
         "to": "2026-11-21T12:00:07.000000000Z",
         "ended_by": "exit",
         "via": "created",
         "got_from": null,
         "used": true,
         "fd": 3,
         "cloexec": false},
        {"process": {"pid": 300, "start": "2026-11-21T12:00:05.000000000Z", "comm": "sleep"},
         "from": "2026-11-21T12:00:05.000000000Z",
         "to": null,
         "ended_by": null,
         "via": "fork",
         "got_from": {"pid": 200, "start": "2026-11-21T12:00:02.000000000Z", "comm": "server"},
         "used": false,
         "fd": 3,
         "cloexec": false}],
     "story": [{"ts": "2026-11-21T12:00:03.000000000Z",
         "what": "created",
         "text": "server[200] created it"},
        {"ts": "2026-11-21T12:00:03.000000000Z",
         "what": "bind",
         "text": "server[200] bound it to tcp 0.0.0.0:8801"},
        {"ts": "2026-11-21T12:00:03.000000000Z",
         "what": "listen",
         "text": "server[200] listened on it"},
        {"ts": "2026-11-21T12:00:05.000000000Z",
         "what": "acquired",
         "text": "server[300] was forked from server[200] with it"},
        {"ts": "2026-11-21T12:00:06.000000000Z",
         "what": "exec",
         "text": "sleep[300] executed sleep 1000 and kept it"},
        {"ts": "2026-11-21T12:00:07.000000000Z",
         "what": "released",
         "text": "server[200] was killed by SIGKILL from bash[100]"},
        {"ts": "2026-11-21T12:00:07.000000000Z",
         "what": "transfer",
         "text": "it passed from server[200], which died, to sleep[300]"},
        {"ts": "2026-11-21T12:00:07.000000000Z",
         "what": "leak",
         "text": "leaked: sleep[300] keeps fd 3 of server[200] and never meant to"}]}],
 "transfers": [],
 "refused": [],
 "zombies": [],
 "processes": [{"pid": 1,
     "start": "2026-11-21T12:00:00.001000000Z",
     "comm": "init",
     "roles": ["ancestor"],
     "forked_by": null,
     "parent": null,
     "adopted": null,
     "images": [{"ts": null, "comm": "init", "exe": null, "args": null}],
     "images_left_out": 0,
     "state": "running",
     "exit": null,
     "reaped": null,
     "reaper": null},
    {"pid": 100,
     "start": "2026-11-21T12:00:00.500000000Z",
     "comm": "bash",
     "roles": ["ancestor"],
     "forked_by": null,
     "parent": {"pid": 1, "comm": "init"},
     "adopted": null,
     "images": [{"ts": null, "comm": "bash", "exe": "/usr/bin/bash", "args": ["bash"]}],
     "images_left_out": 0,
     "state": "running",
     "exit": null,
     "reaped": null,
     "reaper": null},
    {"pid": 200,
     "start": "2026-11-21T12:00:02.000000000Z",
     "comm": "server",
     "roles": ["creator", "holder", "ancestor"],
     "forked_by": {"pid": 100, "start": "2026-11-21T12:00:00.500000000Z", "comm": "bash"},
     "parent": {"pid": 100, "comm": "bash"},
     "adopted": null,
     "images": [{"ts": "2026-11-21T12:00:02.000000000Z",
         "comm": "server",
         "exe": "/srv/server",
         "args": ["/srv/server", "--port", "8801"]}],
     "images_left_out": 0,
     "state": "dead",
     "exit": {"ts": "2026-11-21T12:00:07.000000000Z",
        "code": null,
        "signal": 9,
        "core": false,
        "by": {"pid": 100, "comm": "bash"},
        "cause": "process"},
     "reaped": "2026-11-21T12:00:08.000000000Z",
     "reaper": {"pid": 100, "comm": "bash"}},
    {"pid": 300,
     "start": "2026-11-21T12:00:05.000000000Z",
     "comm": "sleep",
     "roles": ["holder"],
     "forked_by": {"pid": 200, "start": "2026-11-21T12:00:02.000000000Z", "comm": "server"},
     "parent": {"pid": 1, "comm": "init"},
     "adopted": "2026-11-21T12:00:07.000000000Z",
     "images": [{"ts": "2026-11-21T12:00:02.000000000Z",
         "comm": "server",
         "exe": "/srv/server",
         "args": ["/srv/server", "--port", "8801"]},
        {"ts": "2026-11-21T12:00:06.000000000Z",
         "comm": "sleep",
         "exe": "/usr/bin/sleep",
         "args": ["sleep", "1000"]}],
     "images_left_out": 0,
     "state": "running",
     "exit": null,
     "reaped": null,
     "reaper": null}],
 "busiest": [],
 "losses": [],
 "left_out": {"sockets": 0,
    "holds": 0,
    "moments": 0,
    "processes": 0,
    "children": 0,
    "refused": 0,
    "zombies": 0,
    "transfers": 0,
    "losses": 0}}
