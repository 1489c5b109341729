# -w prints what changed, and nothing else.

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
4s tick 0
5s fork 200 start=5000000000 files=0x300 parent_files=0x200 child=300 parent=200 uid=0 exit_signal=17 pidns=4026531836
6s tick 0
7s exit 300 start=5000000000 files=0x300 parent=200 code=0
7s wait 200 nr=300
8s tick 0
9s close 200 files=0x200 inode=7001 cookie=11 fd=3
9s state 200 inode=7001 cookie=11 netns=4026531840 proto=tcp state=CLOSE old=LISTEN
12s tick 0

=== ports -w --json
{"proto": "tcp",
 "family": "inet",
 "local": "0.0.0.0:8801",
 "remote": null,
 "state": "BOUND",
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
    "state": "running",
    "exit": null},
 "holders": [{"pid": 200,
     "start": "2026-11-21T12:00:02.000000000Z",
     "comm": "server",
     "exe": "/srv/server",
     "args": ["/srv/server", "--port", "8801"],
     "state": "running",
     "tid": null,
     "nspid": [200],
     "fds": [{"fd": 3, "cloexec": false}],
     "via": "created",
     "since": "2026-11-21T12:00:03.000000000Z",
     "used": false,
     "chain": [{"ts": "2026-11-21T12:00:03.000000000Z",
         "pid": 200,
         "comm": "server",
         "step": "created"}]}],
 "hidden": null,
 "verdict": "owned",
 "certain": true,
 "why": "server[200] made it and is the only one that holds it.",
 "action": "Stop server[200] if you need it free; nothing is wrong with the socket itself."}
{"proto": "tcp",
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
    "state": "running",
    "exit": null},
 "holders": [{"pid": 200,
     "start": "2026-11-21T12:00:02.000000000Z",
     "comm": "server",
     "exe": "/srv/server",
     "args": ["/srv/server", "--port", "8801"],
     "state": "running",
     "tid": null,
     "nspid": [200],
     "fds": [{"fd": 3, "cloexec": false}],
     "via": "created",
     "since": "2026-11-21T12:00:03.000000000Z",
     "used": true,
     "chain": [{"ts": "2026-11-21T12:00:03.000000000Z",
         "pid": 200,
         "comm": "server",
         "step": "created"}]}],
 "hidden": null,
 "verdict": "owned",
 "certain": true,
 "why": "server[200] made it and is the only one that holds it.",
 "action": "Stop server[200] if you need it free; nothing is wrong with the socket itself."}
{"proto": "tcp",
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
    "state": "running",
    "exit": null},
 "holders": [{"pid": 200,
     "start": "2026-11-21T12:00:02.000000000Z",
     "comm": "server",
     "exe": "/srv/server",
     "args": ["/srv/server", "--port", "8801"],
     "state": "running",
     "tid": null,
     "nspid": [200],
     "fds": [{"fd": 3, "cloexec": false}],
     "via": "created",
     "since": "2026-11-21T12:00:03.000000000Z",
     "used": true,
     "chain": [{"ts": "2026-11-21T12:00:03.000000000Z",
         "pid": 200,
         "comm": "server",
         "step": "created"}]},
    {"pid": 300,
     "start": "2026-11-21T12:00:05.000000000Z",
     "comm": "server",
     "exe": "/srv/server",
     "args": ["/srv/server", "--port", "8801"],
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
        {"ts": "2026-11-21T12:00:05.000000000Z", "pid": 300, "comm": "server", "step": "fork"}]}],
 "hidden": null,
 "verdict": "shared",
 "certain": true,
 "why": "server[200] made it and shares it: 2 hold it, server[200] and server[300].",
 "action": "It is free only when all of them are gone: stop server[200] and see to it that the others end with it."}
{"proto": "tcp",
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
    "state": "running",
    "exit": null},
 "holders": [{"pid": 200,
     "start": "2026-11-21T12:00:02.000000000Z",
     "comm": "server",
     "exe": "/srv/server",
     "args": ["/srv/server", "--port", "8801"],
     "state": "running",
     "tid": null,
     "nspid": [200],
     "fds": [{"fd": 3, "cloexec": false}],
     "via": "created",
     "since": "2026-11-21T12:00:03.000000000Z",
     "used": true,
     "chain": [{"ts": "2026-11-21T12:00:03.000000000Z",
         "pid": 200,
         "comm": "server",
         "step": "created"}]}],
 "hidden": null,
 "verdict": "owned",
 "certain": true,
 "why": "server[200] made it and is the only one that holds it.",
 "action": "Stop server[200] if you need it free; nothing is wrong with the socket itself."}
{"inode": 7001, "cookie": 11, "gone": true}

=== port -w 8801
Nothing holds port 8801: it is free.

tcp 0.0.0.0:8801  LISTEN
  inode 7001, uid 0
  Made by server[200] (/srv/server --port 8801) at 12:00:03.000, running.
  Held by server[200] itself, running
    fd 3, CLOEXEC missing
  Verdict: owned — server[200] made it and is the only one that holds it.
  Do: Stop server[200] if you need it free; nothing is wrong with the socket
  itself.

tcp 0.0.0.0:8801  LISTEN
  inode 7001, uid 0
  Made by server[200] (/srv/server --port 8801) at 12:00:03.000, running.
  Held by server[200] itself, running
    fd 3, CLOEXEC missing
  Held by server[300], running: /srv/server --port 8801
    fd 3, CLOEXEC missing; inherited by fork from server[200] at 12:00:05.000;
    it never used it
  Verdict: shared — server[200] made it and shares it: 2 hold it, server[200]
  and server[300].
  Do: It is free only when all of them are gone: stop server[200] and see to it
  that the others end with it.

tcp 0.0.0.0:8801  LISTEN
  inode 7001, uid 0
  Made by server[200] (/srv/server --port 8801) at 12:00:03.000, running.
  Held by server[200] itself, running
    fd 3, CLOEXEC missing
  Verdict: owned — server[200] made it and is the only one that holds it.
  Do: Stop server[200] if you need it free; nothing is wrong with the socket
  itself.

Nothing holds port 8801: it is free.
=== exit 1

=== zombies -w --json
{"pid": 300,
 "start": "2026-11-21T12:00:05.000000000Z",
 "comm": "server",
 "nspid": [300],
 "ppid": 200,
 "parent": {"pid": 200,
    "start": "2026-11-21T12:00:02.000000000Z",
    "comm": "server",
    "exe": "/srv/server",
    "args": ["/srv/server", "--port", "8801"],
    "state": "running",
    "nspid": [200],
    "sigchld": "default"},
 "exited": "2026-11-21T12:00:07.000000000Z",
 "age_s": 0,
 "reason": "recent",
 "action": "server[300] has only just died: give server[200] a moment to reap it.",
 "container": null,
 "exit": {"ts": "2026-11-21T12:00:07.000000000Z",
    "code": 0,
    "signal": null,
    "core": false,
    "by": null,
    "cause": null}}
{"pid": 300, "start": "2026-11-21T12:00:05.000000000Z", "gone": true}
