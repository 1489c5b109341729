# Events of a user were held back: until a scan of everything has made up for it that is in the exit
# code; what depends on what that user's processes did is not certain from then on.

1s clock 0 realtime=1795262401000000000
1s source 0 caps=3 filter=0xffffffffffffffff
1s scan_begin 0 scope=7
1s scan_task 1 start=1000000 files=0x1 sid=1 pgid=1 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="init"
1s scan_task 100 start=500000000 files=0x100 parent=1 sid=100 pgid=100 tty=34819 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="bash"
1s scan_args 100 start=500000000 exe="/usr/bin/bash" args=["bash"]
1s scan_end 0 scope=7 begin=1000000000
2s fork 100 start=2000000000 files=0x200 parent_files=0x100 child=200 parent=100 uid=0 exit_signal=17 pidns=4026531836
2s exec 200 start=2000000000 files=0x200 old_tid=200 name="server" exe="/srv/server" args=["/srv/server","--port","8801"]
2s fork 100 start=2500000000 files=0x300 parent_files=0x100 child=300 parent=100 uid=1000 exit_signal=17 pidns=4026531836
2s exec 300 start=2500000000 files=0x300 old_tid=300 name="loop" exe="/srv/loop" args=["/srv/loop"]
3s socket 200 inode=7001 cookie=11 netns=4026531840 uid=0 proto=tcp state=CLOSE files=0x200 fd=3 cloexec=1
3s bind 200 inode=7001 cookie=11 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8801 state=CLOSE fd=3
3s listen 200 inode=7001 cookie=11 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8801 state=LISTEN fd=3 backlog=128
3s socket 300 inode=7002 cookie=12 netns=4026531840 uid=1000 proto=tcp state=CLOSE files=0x300 fd=3 cloexec=1
3s bind 300 inode=7002 cookie=12 netns=4026531840 uid=1000 proto=tcp local=0.0.0.0:8802 state=CLOSE fd=3
3s listen 300 inode=7002 cookie=12 netns=4026531840 uid=1000 proto=tcp local=0.0.0.0:8802 state=LISTEN fd=3 backlog=128
5s held 0 uid=1000 count=17 since=4500000000
6s scan_begin 0 scope=7
6s scan_task 1 start=1000000 files=0x1 sid=1 pgid=1 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="init"
6s scan_task 100 start=500000000 files=0x100 parent=1 sid=100 pgid=100 tty=34819 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="bash"
6s scan_task 200 start=2000000000 files=0x200 parent=100 sid=100 pgid=100 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 name="server"
6s scan_task 300 start=2500000000 files=0x300 parent=100 uid=1000 sid=100 pgid=100 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 name="loop"
6s scan_fd 200 inode=7001 cookie=11 netns=4026531840 uid=0 local=0.0.0.0:8801 proto=tcp state=LISTEN files=0x200 fd=3 cloexec=1
6s scan_fd 300 inode=7002 cookie=12 netns=4026531840 uid=1000 local=0.0.0.0:8802 proto=tcp state=LISTEN files=0x300 fd=3 cloexec=1
6s scan_end 0 scope=7 begin=6000000000

=== --at 2026-11-21T12:00:05.5Z ports
PROTO  LOCAL         STATE   CREATOR      HELD BY      VERDICT
tcp    0.0.0.0:8801  LISTEN  server[200]  server[200]  owned
tcp    0.0.0.0:8802  LISTEN  loop[300]    loop[300]    owned

2 sockets: 2 owned.

uid 1000: 17 events held back, the last at 12:00:05.000: it made more than its
share of the recording. What its processes did to descriptors then may not be
known.
=== exit 4

=== --at 2026-11-21T12:00:05.5Z port 8801 --json
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
=== exit 4

=== ports
PROTO  LOCAL         STATE   CREATOR      HELD BY      VERDICT
tcp    0.0.0.0:8801  LISTEN  server[200]  server[200]  owned
tcp    0.0.0.0:8802  LISTEN  loop[300]    loop[300]    owned

2 sockets: 2 owned.

uid 1000: 17 events held back, the last at 12:00:05.000: it made more than its
share of the recording. What its processes did to descriptors then may not be
known.

=== port 8801
tcp 0.0.0.0:8801  LISTEN
  inode 7001, uid 0
  Made by server[200] (/srv/server --port 8801) at 12:00:03.000 (3.0 s ago),
  running.
  Held by server[200] itself, running
    fd 3, CLOEXEC set
  Verdict: owned — server[200] made it and is the only one that holds it.
  Do: Stop server[200] if you need it free; nothing is wrong with the socket
  itself.

uid 1000: 17 events held back, the last at 12:00:05.000: it made more than its
share of the recording. What its processes did to descriptors then may not be
known.

=== port 8802
tcp 0.0.0.0:8802  LISTEN
  inode 7002, uid 1000
  Made by loop[300] (/srv/loop) at 12:00:03.000 (3.0 s ago), running.
  Held by loop[300] itself, running
    fd 3, CLOEXEC set
  Verdict: owned (not certain) — As far as was seen, loop[300] made it and is
  the only one that holds it.
  Do: Stop loop[300] if you need it free; nothing is wrong with the socket
  itself.

uid 1000: 17 events held back, the last at 12:00:05.000: it made more than its
share of the recording. What its processes did to descriptors then may not be
known.
