# A server that forks workers before it accepts: all hold the listener, all mean to.

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
4s fork 200 start=4000000000 files=0x301 parent_files=0x200 child=301 parent=200 uid=0 exit_signal=17 pidns=4026531836
4s fork 200 start=4000000000 files=0x302 parent_files=0x200 child=302 parent=200 uid=0 exit_signal=17 pidns=4026531836
4s fork 200 start=4000000000 files=0x303 parent_files=0x200 child=303 parent=200 uid=0 exit_signal=17 pidns=4026531836
5s accept 301 inode=7101 cookie=21 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:40001 proto=tcp state=ESTABLISHED files=0x301 listener=7001 fd=4 listen_fd=3

=== ports
PROTO  LOCAL         STATE   CREATOR      HELD BY         VERDICT
tcp    0.0.0.0:8801  LISTEN  server[200]  server[200] +3  shared

1 socket: 1 shared.

=== port 8801
tcp 0.0.0.0:8801  LISTEN
  inode 7001, uid 0
  Made by server[200] (/srv/server --port 8801) at 12:00:03.000 (2.0 s ago),
  running.
  Held by server[200] itself, running
    fd 3, CLOEXEC missing
  Held by server[301], running: /srv/server --port 8801
    fd 3, CLOEXEC missing; inherited by fork from server[200] at 12:00:04.000
    (1.0 s ago); it uses it
  Held by server[302], running: /srv/server --port 8801
    fd 3, CLOEXEC missing; inherited by fork from server[200] at 12:00:04.000
    (1.0 s ago); it never used it
  Held by server[303], running: /srv/server --port 8801
    fd 3, CLOEXEC missing; inherited by fork from server[200] at 12:00:04.000
    (1.0 s ago); it never used it
  Verdict: shared — server[200] made it and shares it: 4 hold it, server[200],
  server[301] and 2 more.
  Do: It is free only when all of them are gone: stop server[200] and see to it
  that the others end with it.

1 connection ESTABLISHED from 127.0.0.1:40001, held by server[301]; since
12:00:05.000

=== tree 200
server[200]  listens tcp :8801  /srv/server --port 8801
├─server[301]  listens tcp :8801 and 1 socket  /srv/server --port 8801
└─server[302] ×2  listens tcp :8801  /srv/server --port 8801

=== report 8801
Report on port 8801
  From 2026-11-21 12:00:01.000 to 12:00:05.000 UTC (4.0 s)
  16 events, none lost

How it stood at the end
tcp 0.0.0.0:8801 LISTEN
  inode 7001, uid 0
  Made by server[200] (/srv/server --port 8801) at 12:00:03.000, running.
  Held by server[200] itself, running
    fd 3, CLOEXEC missing
  Held by server[301], running: /srv/server --port 8801
    fd 3, CLOEXEC missing; inherited by fork from server[200] at 12:00:04.000;
    it uses it
  Held by server[302], running: /srv/server --port 8801
    fd 3, CLOEXEC missing; inherited by fork from server[200] at 12:00:04.000;
    it never used it
  Held by server[303], running: /srv/server --port 8801
    fd 3, CLOEXEC missing; inherited by fork from server[200] at 12:00:04.000;
    it never used it
  Verdict: shared — server[200] made it and shares it: 4 hold it, server[200],
  server[301] and 2 more.
  Do: It is free only when all of them are gone: stop server[200] and see to it
  that the others end with it.

1 connection ESTABLISHED from 127.0.0.1:40001, held by server[301]

Sockets that had it
  tcp 0.0.0.0:8801, inode 7001: opened 12:00:03.000, still there at the end
  (shared), 1 connection accepted
    12:00:03.000 server[200] created it
    12:00:03.000 server[200] bound it to tcp 0.0.0.0:8801
    12:00:03.000 server[200] listened on it
    12:00:04.000 server[301] was forked from server[200] with it
    12:00:04.000 server[302] was forked from server[200] with it
    12:00:04.000 server[303] was forked from server[200] with it
  HELD BY      FROM          UNTIL    USED   HOW
  server[200]  12:00:03.000  the end  yes    made it
  server[301]  12:00:04.000  the end  yes    fork from server[200]
  server[302]  12:00:04.000  the end  never  fork from server[200]
  server[303]  12:00:04.000  the end  never  fork from server[200]

Processes
  init[1]: there from the beginning, started at 12:00:00.001; still running at
  the end
    bash[100]: there from the beginning, started at 12:00:00.500; still running
    at the end
      server[200]: started at 12:00:02.000; still running at the end
        server[301]: started at 12:00:04.000; still running at the end
        server[302]: started at 12:00:04.000; still running at the end
        server[303]: started at 12:00:04.000; still running at the end
