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
           "by": {"pid": 100, "comm": "bash"}}},
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
     "action": "Kill sleep[300] to free the port now; in server, open the socket with SOCK_CLOEXEC (or close fd 3 in the child before exec)."}]}

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
     "via": "fork",
     "since": "2026-11-21T12:00:05.000000000Z",
     "refs": 1}],
 "children": [],
 "zombies": 0,
 "exit": null,
 "reaped": null}
