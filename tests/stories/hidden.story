# Sent over a UNIX socket and never received; the sender is dead.

1s clock 0 realtime=1795262401000000000
1s source 0 caps=3 filter=0xffffffffffffffff
1s scan_begin 0 scope=7
1s scan_task 1 start=1000000 files=0x1 sid=1 pgid=1 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="init"
1s scan_task 100 start=500000000 files=0x100 parent=1 sid=100 pgid=100 tty=34819 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="bash"
1s scan_args 100 start=500000000 exe="/usr/bin/bash" args=["bash"]
1s scan_end 0 scope=7 begin=1000000000
2s fork 100 start=2000000000 files=0x200 parent_files=0x100 child=200 parent=100 uid=0 exit_signal=17 pidns=4026531836
2s exec 200 start=2000000000 files=0x200 old_tid=200 name="server" exe="/srv/server" args=["/srv/server","--port","8801"]
3s socket 200 inode=7001 cookie=11 netns=4026531840 uid=0 proto=tcp state=CLOSE files=0x200 fd=3 cloexec=1
3s bind 200 inode=7001 cookie=11 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8801 state=CLOSE fd=3
3s listen 200 inode=7001 cookie=11 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8801 state=LISTEN fd=3 backlog=128
4s fork 100 start=4000000000 files=0x400 parent_files=0x100 child=400 parent=100 uid=0 exit_signal=17 pidns=4026531836
4s socket 400 inode=7055 cookie=61 netns=4026531840 proto=unix state=CLOSE files=0x400 fd=5 cloexec=1
4s unix_bind 400 inode=7055 cookie=61 netns=4026531840 proto=unix state=CLOSE fd=5 name=@inbox
5s pass 200 files=0x200 inode=7001 cookie=11 over=7055 fd=3
6s exit 200 start=2000000000 files=0x200 parent=100 code=0
6s scan_begin 0 scope=4
6s scan_queue 0 inode=7001 cookie=11 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8801 state=LISTEN queue=7055
6s scan_sock 0 inode=7001 cookie=11 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8801 state=LISTEN
6s scan_end 0 scope=4 begin=6000000000

=== port 8801
tcp 0.0.0.0:8801  LISTEN
  inode 7001, uid 0
  Made by server[200] (/srv/server --port 8801) at 12:00:03.000 (3.0 s ago),
  zombie: exited with code 0 at 12:00:06.000.
  In flight: sent by SCM_RIGHTS and not received yet; it waits in the queue of
  the UNIX socket with inode 7055 (@inbox), held by bash[400].
  Verdict: hidden — It was sent over a UNIX socket and not received yet: it
  waits in the queue of socket:[7055], which bash[400] holds.
  Do: Let bash[400] receive it, or stop it: the queue and what is in it end with
  it.

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
        "state": "zombie",
        "exit": {"ts": "2026-11-21T12:00:06.000000000Z",
           "code": 0,
           "signal": null,
           "by": null,
           "cause": null}},
     "holders": [],
     "hidden": {"refs": 1,
        "where": "in_flight",
        "queue": {"inode": 7055, "local": "@inbox", "holders": [{"pid": 400, "comm": "bash"}]},
        "pid": 400},
     "verdict": "hidden",
     "certain": true,
     "why": "It was sent over a UNIX socket and not received yet: it waits in the queue of socket:[7055], which bash[400] holds.",
     "action": "Let bash[400] receive it, or stop it: the queue and what is in it end with it.",
     "elsewhere": false}],
 "bind": {"tcp": {"plain": false,
       "reuseaddr": false,
       "reuseport": false,
       "both": false,
       "reuseport_uid": null},
    "udp": {"plain": true, "reuseaddr": true, "reuseport": true, "both": true, "reuseport_uid": null}}}

=== port unix:@inbox
unix @inbox  BOUND
  inode 7055, uid 0
  Made by bash[400] (bash) at 12:00:04.000 (2.0 s ago), running.
  Held by bash[400] itself, running
    fd 5, CLOEXEC set
  Verdict: owned — bash[400] made it and is the only one that holds it.
  Do: Stop bash[400] if you need it free; nothing is wrong with the socket
  itself.

=== ports
PROTO  LOCAL         STATE   CREATOR       HELD BY      VERDICT
tcp    0.0.0.0:8801  LISTEN  †server[200]  (in flight)  hidden
unix   @inbox        BOUND   bash[400]     bash[400]    owned

2 sockets: 1 owned, 1 hidden. `probate port PORT` says more.
