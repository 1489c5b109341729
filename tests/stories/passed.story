# A hot restart: the old server passes its listener over a UNIX socket and exits.

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
4s exec 400 start=4000000000 files=0x400 old_tid=400 name="server2" exe="/srv/server2" args=["/srv/server2"]
5s pass 200 files=0x200 inode=7001 cookie=11 over=7055 fd=3
5s install 400 inode=7001 cookie=11 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8801 state=LISTEN files=0x400 fd=9 from_fd=-1 via=scm_rights cloexec=1
6s exit 200 start=2000000000 files=0x200 parent=100 code=0
6s wait 100 nr=200

=== ports
PROTO  LOCAL         STATE   CREATOR       HELD BY       VERDICT
tcp    0.0.0.0:8801  LISTEN  †server[200]  server2[400]  passed

1 socket: 1 passed.

=== port 8801
tcp 0.0.0.0:8801  LISTEN
  inode 7001, uid 0
  Made by server[200] (/srv/server --port 8801) at 12:00:03.000 (3.0 s ago),
  dead: exited with code 0 at 12:00:06.000.
  Held by server2[400], running: /srv/server2
    fd 9, CLOEXEC set; received over a UNIX socket (SCM_RIGHTS) at 12:00:05.000
    (1.0 s ago); it never used it
      12:00:03.000 server[200] created it
      12:00:05.000 server2[400] received it by SCM_RIGHTS from server[200]
  Verdict: passed — server[200] made it and exited with code 0 at 12:00:06;
  server2[400] was given it over a UNIX socket by server[200].
  Do: It was handed over on purpose; stop server2[400] if you need it free.

=== report 8801
Report on port 8801
  From 2026-11-21 12:00:01.000 to 12:00:06.000 UTC (5.0 s)
  18 events, none lost

How it stood at the end
tcp 0.0.0.0:8801 LISTEN
  inode 7001, uid 0
  Made by server[200] (/srv/server --port 8801) at 12:00:03.000, dead: exited
  with code 0 at 12:00:06.000.
  Held by server2[400], running: /srv/server2
    fd 9, CLOEXEC set; received over a UNIX socket (SCM_RIGHTS) at 12:00:05.000;
    it never used it
      12:00:03.000 server[200] created it
      12:00:05.000 server2[400] received it by SCM_RIGHTS from server[200]
  Verdict: passed — server[200] made it and exited with code 0 at 12:00:06;
  server2[400] was given it over a UNIX socket by server[200].
  Do: It was handed over on purpose; stop server2[400] if you need it free.

Sockets that had it
  tcp 0.0.0.0:8801, inode 7001: opened 12:00:03.000, still there at the end
  (passed)
    12:00:03.000 server[200] created it
    12:00:03.000 server[200] bound it to tcp 0.0.0.0:8801
    12:00:03.000 server[200] listened on it
    12:00:05.000 server[200] sent it over a UNIX socket
    12:00:05.000 server2[400] received it by SCM_RIGHTS from server[200]
    12:00:06.000 server[200] exited with code 0
    12:00:06.000 it passed from server[200], which died, to server2[400]
  HELD BY       FROM          UNTIL         USED   HOW
  server[200]   12:00:03.000  12:00:06.000  yes    made it
  server2[400]  12:00:05.000  the end       never  SCM_RIGHTS from server[200]

Processes
  init[1]: there from the beginning, started at 12:00:00.001; still running at
  the end
    bash[100]: there from the beginning, started at 12:00:00.500; still running
    at the end
      server[200]: started at 12:00:02.000; exited with code 0 at 12:00:06.000;
      reaped by bash[100] at 12:00:06.000
      server2[400]: started at 12:00:04.000; still running at the end
