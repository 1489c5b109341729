# One server listens: the simple case, and ports that are free.

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

=== ports
PROTO  LOCAL         STATE   CREATOR      HELD BY      VERDICT
tcp    0.0.0.0:8801  LISTEN  server[200]  server[200]  owned

1 socket: 1 owned.

=== port 8801
tcp 0.0.0.0:8801  LISTEN
  inode 7001, uid 0
  Made by server[200] (/srv/server --port 8801) at 12:00:03.000, running.
  Held by server[200] itself, running
    fd 3, CLOEXEC set
  Verdict: owned — server[200] made it and is the only one that holds it.
  Do: Stop server[200] if you need it free; nothing is wrong with the socket
  itself.

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
         "fds": [{"fd": 3, "cloexec": true}],
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
     "action": "Stop server[200] if you need it free; nothing is wrong with the socket itself.",
     "elsewhere": false}],
 "bind": {"tcp": {"plain": false,
       "reuseaddr": false,
       "reuseport": false,
       "both": false,
       "reuseport_uid": null},
    "udp": {"plain": true, "reuseaddr": true, "reuseport": true, "both": true, "reuseport_uid": null}}}

=== port tcp/127.0.0.1:8801
tcp 0.0.0.0:8801  LISTEN
  inode 7001, uid 0
  Made by server[200] (/srv/server --port 8801) at 12:00:03.000, running.
  Held by server[200] itself, running
    fd 3, CLOEXEC set
  Verdict: owned — server[200] made it and is the only one that holds it.
  Do: Stop server[200] if you need it free; nothing is wrong with the socket
  itself.

=== port udp/8801
Nothing holds udp/8801: it is free.
=== exit 1

=== port 9999
Nothing holds port 9999: it is free.
=== exit 1

=== port --json 9999
{"query": "9999",
 "held": false,
 "sockets": [],
 "bind": {"tcp": {"plain": true, "reuseaddr": true, "reuseport": true, "both": true, "reuseport_uid": null},
    "udp": {"plain": true, "reuseaddr": true, "reuseport": true, "both": true, "reuseport_uid": null}}}
=== exit 1
