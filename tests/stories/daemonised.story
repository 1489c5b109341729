# fork, setsid, fork again, the parents exit: the dossier of a daemon.

1s clock 0 realtime=1795262401000000000
1s source 0 caps=3 filter=0xffffffffffffffff
1s scan_begin 0 scope=7
1s scan_task 1 start=1000000 files=0x1 sid=1 pgid=1 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="init"
1s scan_task 100 start=500000000 files=0x100 parent=1 sid=100 pgid=100 tty=34819 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="bash"
1s scan_args 100 start=500000000 exe="/usr/bin/bash" args=["bash"]
1s scan_end 0 scope=7 begin=1000000000
2s fork 100 start=2000000000 files=0x200 parent_files=0x100 child=200 parent=100 uid=0 exit_signal=17 pidns=4026531836
2s exec 200 start=2000000000 files=0x200 old_tid=200 name="server" exe="/srv/server" args=["/srv/server","--port","8801"]
3s fork 200 start=3000000000 files=0x210 parent_files=0x200 child=210 parent=200 uid=0 exit_signal=17 pidns=4026531836
3s session 210 target=210 sid=210 pgid=210
4s fork 210 start=4000000000 files=0x220 parent_files=0x210 child=220 parent=210 uid=0 exit_signal=17 pidns=4026531836
4s exit 210 start=3000000000 files=0x210 parent=200 code=0
4s exit 200 start=2000000000 files=0x200 parent=100 code=0
4s wait 100 nr=200
4s free 210 start=3000000000
5s socket 220 inode=7300 cookie=71 netns=4026531840 proto=tcp state=CLOSE files=0x220 fd=4 cloexec=1
5s bind 220 inode=7300 cookie=71 netns=4026531840 proto=tcp local=0.0.0.0:25 state=CLOSE fd=4
5s listen 220 inode=7300 cookie=71 netns=4026531840 proto=tcp local=0.0.0.0:25 state=LISTEN fd=4 backlog=128
6s install 220 inode=7300 cookie=71 netns=4026531840 local=0.0.0.0:25 proto=tcp state=LISTEN files=0x220 fd=8 from_fd=4 via=dup

=== pid 220
server[220]  running
  command     /srv/server --port 8801
  program     /srv/server
  started     12:00:04.000 (2.0 s ago)
  uid         0
  session     210, group 210, no terminal
  namespaces  pid 4026531836, net 4026531840, mnt 4026531841
Lineage
  server[210] forked server[220] at 12:00:04.000; dead, exited with code 0 at
  12:00:04.000
  server[200] forked server[210] at 12:00:03.000; dead, exited with code 0 at
  12:00:04.000
  bash[100] forked server[200] at 12:00:02.000
  init[1] is the parent of bash[100]
  init[1] adopted server[220] at 12:00:04.000
  It daemonised: it is in the session 210 made on its way, its parent
  server[210] is gone, adopted by init[1].
Sockets
FD  CLOEXEC  SOCKET          STATE   HOW                   HELD BY
 4  yes      tcp 0.0.0.0:25  LISTEN  created 12:00:05.000        1
 8  no       tcp 0.0.0.0:25  LISTEN  dup 12:00:06.000            1

=== pid --json 220
{"pid": 220,
 "start": "2026-11-21T12:00:04.000000000Z",
 "comm": "server",
 "exe": "/srv/server",
 "args": ["/srv/server", "--port", "8801"],
 "state": "running",
 "uid": 0,
 "ppid": 1,
 "birth_ppid": 210,
 "sid": 210,
 "pgid": 210,
 "tty": null,
 "nspid": [220],
 "ns": {"pid": 4026531836, "net": 4026531840, "mnt": 4026531841},
 "cgroup": null,
 "images": [{"ts": "2026-11-21T12:00:02.000000000Z",
     "comm": "server",
     "exe": "/srv/server",
     "args": ["/srv/server", "--port", "8801"]}],
 "lineage": [{"pid": 210,
     "start": "2026-11-21T12:00:03.000000000Z",
     "comm": "server",
     "state": "dead",
     "step": "fork"},
    {"pid": 200,
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
 "daemonised": true,
 "sockets": [{"fd": 4,
     "cloexec": true,
     "inode": 7300,
     "proto": "tcp",
     "local": "0.0.0.0:25",
     "remote": null,
     "state": "LISTEN",
     "netns": 4026531840,
     "via": "created",
     "since": "2026-11-21T12:00:05.000000000Z",
     "refs": 1},
    {"fd": 8,
     "cloexec": false,
     "inode": 7300,
     "proto": "tcp",
     "local": "0.0.0.0:25",
     "remote": null,
     "state": "LISTEN",
     "netns": 4026531840,
     "via": "dup",
     "since": "2026-11-21T12:00:06.000000000Z",
     "refs": 1}],
 "children": [],
 "zombies": 0,
 "exit": null,
 "reaped": null}

=== pid 210
server[210]  dead
  command     /srv/server --port 8801
  program     /srv/server
  started     12:00:03.000 (3.0 s ago)
  uid         0
  session     210, group 210, no terminal
  namespaces  pid 4026531836, net 4026531840, mnt 4026531841
  It exited with code 0 at 12:00:04.000, and needed no reaping: its parent
  ignores SIGCHLD or asked for no signal.
Lineage
  server[200] forked server[210] at 12:00:03.000; dead, exited with code 0 at
  12:00:04.000
  bash[100] forked server[200] at 12:00:02.000
  init[1] is the parent of bash[100]
  It daemonised: setsid at 12:00:03.000, its parent server[200] is gone, adopted
  by an unknown process.

=== pid 4242
No process 4242 is known: it does not exist, or it died before anything was
watching.
=== exit 1

=== port 25
tcp 0.0.0.0:25  LISTEN
  inode 7300, uid 0
  Made by server[220] (/srv/server --port 8801) at 12:00:05.000 (1.0 s ago),
  running.
  Held by server[220] itself, running
    fd 4, CLOEXEC set; fd 8, CLOEXEC missing
  Verdict: owned — server[220] made it and is the only one that holds it.
  Do: Stop server[220] if you need it free; nothing is wrong with the socket
  itself.
