# A daemon inherits a datagram socket and takes its datagrams with read(2), which nobody tells of.
# A scan meets it asleep in that: a use, also when the next one finds it busy.

1s clock 0 realtime=1795262401000000000
1s source 0 caps=3 filter=0xffffffffffffffff
1s scan_begin 0 scope=7
1s scan_task 1 start=1000000 files=0x1 sid=1 pgid=1 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="init"
1s scan_task 100 start=500000000 files=0x100 parent=1 sid=100 pgid=100 tty=34819 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="bash"
1s scan_args 100 start=500000000 exe="/usr/bin/bash" args=["bash"]
1s scan_end 0 scope=7 begin=1000000000
2s fork 100 start=2000000000 files=0x200 parent_files=0x100 child=200 parent=100 uid=0 exit_signal=17 pidns=4026531836
2s exec 200 start=2000000000 files=0x200 old_tid=200 name="starter" exe="/srv/starter" args=["/srv/starter"]
3s socket 200 inode=7001 cookie=11 netns=4026531840 uid=0 proto=udp state=CLOSE files=0x200 fd=3
3s bind 200 inode=7001 cookie=11 netns=4026531840 uid=0 proto=udp local=0.0.0.0:8801 state=CLOSE fd=3
5s fork 200 start=5000000000 files=0x300 parent_files=0x200 child=300 parent=200 uid=0 exit_signal=17 pidns=4026531836
6s exec 300 start=5000000000 files=0x300 old_tid=300 name="srv" exe="/srv/srv" args=["/srv/srv"]
7s exit 200 start=2000000000 files=0x200 parent=100 code=1
7s wait 100 nr=200
9s scan_begin 0 scope=2
9s scan_fd 300 inode=7001 cookie=11 netns=4026531840 uid=0 proto=udp local=0.0.0.0:8801 state=CLOSE files=0x300 fd=3 waits=1
9s scan_end 0 scope=2 begin=9000000000
11s scan_begin 0 scope=2
11s scan_fd 300 inode=7001 cookie=11 netns=4026531840 uid=0 proto=udp local=0.0.0.0:8801 state=CLOSE files=0x300 fd=3 waits=2
11s scan_end 0 scope=2 begin=11000000000

=== port 8801
udp 0.0.0.0:8801  UNCONN
  inode 7001, uid 0
  Made by starter[200] (/srv/starter) at 12:00:03.000 (8.0 s ago), dead: exited
  with code 1 at 12:00:07.000.
  Held by srv[300], running: /srv/srv
    fd 3, CLOEXEC missing; inherited by fork from starter[200] at 12:00:05.000
    (6.0 s ago); it uses it
      12:00:03.000 starter[200] created it
      12:00:05.000 starter[300] forked from starter[200] with it
      12:00:06.000 srv[300] executed this program and kept it
  Verdict: inherited — starter[200] made it and exited with code 1 at 12:00:07;
  srv[300] inherited it and carries on with it.
  Do: Stop srv[300] if you need it free: it still serves it, so work in progress
  is cut.

=== report 8801
Report on port 8801
  From 2026-11-21 12:00:01.000 to 12:00:11.000 UTC (10 s)
  21 events, none lost

How it stood at the end
udp 0.0.0.0:8801 UNCONN
  inode 7001, uid 0
  Made by starter[200] (/srv/starter) at 12:00:03.000, dead: exited with code 1
  at 12:00:07.000.
  Held by srv[300], running: /srv/srv
    fd 3, CLOEXEC missing; inherited by fork from starter[200] at 12:00:05.000;
    it uses it
      12:00:03.000 starter[200] created it
      12:00:05.000 starter[300] forked from starter[200] with it
      12:00:06.000 srv[300] executed this program and kept it
  Verdict: inherited — starter[200] made it and exited with code 1 at 12:00:07;
  srv[300] inherited it and carries on with it.
  Do: Stop srv[300] if you need it free: it still serves it, so work in progress
  is cut.

Sockets that had it
  udp 0.0.0.0:8801, inode 7001: opened 12:00:03.000, still there at the end
  (inherited)
    12:00:03.000 starter[200] created it
    12:00:03.000 starter[200] bound it to udp 0.0.0.0:8801
    12:00:05.000 starter[300] was forked from starter[200] with it
    12:00:06.000 srv[300] executed /srv/srv and kept it
    12:00:07.000 starter[200] exited with code 1
    12:00:07.000 it passed from starter[200], which died, to srv[300]
  HELD BY       FROM          UNTIL         USED  HOW
  starter[200]  12:00:03.000  12:00:07.000  ?     made it
  srv[300]      12:00:05.000  the end       yes   fork from starter[200]

Processes
  init[1]: there from the beginning, started at 12:00:00.001; still running at
  the end
    bash[100]: there from the beginning, started at 12:00:00.500; still running
    at the end
      starter[200]: started at 12:00:02.000; exited with code 1 at 12:00:07.000;
      reaped by bash[100] at 12:00:07.000
        srv[300]: started at 12:00:05.000; executed /srv/srv at 12:00:06.000;
        adopted by init[1] at 12:00:07.000; still running at the end
