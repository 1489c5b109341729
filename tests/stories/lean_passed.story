# No system call is hooked.  Two workers are executed before their server makes its sockets, and are
# given them over a UNIX socket (nobody sees that); then the server exits.  200 is busy whenever it is
# asked.  300 forks a child at once, which executes a sleep, and ends.  400 is looked at by no scan
# between its fork and the listen: in which order it got it is not known.

1s clock 0 realtime=1795262401000000000
1s source 0 caps=1 filter=0xffffffffffffffff
1s scan_begin 0 scope=7
1s scan_task 1 start=1000000 files=0x1 sid=1 pgid=1 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="init"
1s scan_task 100 start=500000000 files=0x100 parent=1 sid=100 pgid=100 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="server"
1s scan_args 100 start=500000000 exe="/srv/server" args=["server"]
1s scan_end 0 scope=7 begin=1000000000
2s fork 100 start=1900000000 files=0x200 parent_files=0x100 child=200 parent=100 exit_signal=17 pidns=4026531836
2s exec 200 start=1900000000 files=0x200 old_tid=200 name="worker" exe="/srv/worker" args=["worker","8801"]
2s scan_end 200 scope=8 files=0x200 begin=2000000002
2s fork 100 start=1900000000 files=0x300 parent_files=0x100 child=300 parent=100 exit_signal=17 pidns=4026531836
2s exec 300 start=1900000000 files=0x300 old_tid=300 name="worker" exe="/srv/worker" args=["worker","8802"]
2s scan_end 300 scope=8 files=0x300 begin=2000000002
2s fork 100 start=1900000000 files=0x400 parent_files=0x100 child=400 parent=100 exit_signal=17 pidns=4026531836
3s listen 100 inode=7001 cookie=11 netns=4026531840 proto=tcp local=0.0.0.0:8801 state=LISTEN fd=-1 backlog=128 maker=100
3s listen 100 inode=7002 cookie=12 netns=4026531840 proto=tcp local=0.0.0.0:8802 state=LISTEN fd=-1 backlog=128 maker=100
3s listen 100 inode=7003 cookie=13 netns=4026531840 proto=tcp local=0.0.0.0:8803 state=LISTEN fd=-1 backlog=128 maker=100
4s fork 300 start=4000000000 files=0x500 parent_files=0x300 child=500 parent=300 exit_signal=17 pidns=4026531836
5s exec 500 start=4000000000 files=0x500 old_tid=500 name="sleep" exe="/usr/bin/sleep" args=["sleep","1000"]
5s scan_fd 500 inode=7002 cookie=12 netns=4026531840 proto=tcp local=0.0.0.0:8802 state=LISTEN files=0x500 fd=4
5s scan_end 500 scope=8 files=0x500 begin=5000000000
5s exit 300 start=1900000000 files=0x300 parent=100 code=0
6s scan_begin 0 scope=2
6s scan_fd 100 inode=7003 cookie=13 netns=4026531840 proto=tcp local=0.0.0.0:8803 state=LISTEN files=0x100 fd=5 maker=100 waits=2
6s scan_fd 200 inode=7001 cookie=11 netns=4026531840 proto=tcp local=0.0.0.0:8801 state=LISTEN files=0x200 fd=4 maker=100 waits=2
6s scan_fd 400 inode=7003 cookie=13 netns=4026531840 proto=tcp local=0.0.0.0:8803 state=LISTEN files=0x400 fd=5 maker=100 waits=2
6s scan_fd 500 inode=7002 cookie=12 netns=4026531840 proto=tcp local=0.0.0.0:8802 state=LISTEN files=0x500 fd=4 waits=2
6s scan_end 0 scope=2 begin=6000000000
7s exit 100 start=500000000 files=0x100 parent=1 code=0
8s scan_begin 0 scope=2
8s scan_fd 200 inode=7001 cookie=11 netns=4026531840 proto=tcp local=0.0.0.0:8801 state=LISTEN files=0x200 fd=4 waits=2
8s scan_fd 400 inode=7003 cookie=13 netns=4026531840 proto=tcp local=0.0.0.0:8803 state=LISTEN files=0x400 fd=5 waits=2
8s scan_fd 500 inode=7002 cookie=12 netns=4026531840 proto=tcp local=0.0.0.0:8802 state=LISTEN files=0x500 fd=4 waits=2
8s scan_end 0 scope=2 begin=8000000000
9s tick 0

=== ports
PROTO  LOCAL         STATE   CREATOR       HELD BY      VERDICT
tcp    0.0.0.0:8801  LISTEN  †server[100]  worker[200]  passed
tcp    0.0.0.0:8802  LISTEN  †server[100]  sleep[500]   leaked
tcp    0.0.0.0:8803  LISTEN  †server[100]  server[400]  inherited

3 sockets: 1 inherited, 1 leaked, 1 passed. `probate port PORT` says more.

=== port 8801
tcp 0.0.0.0:8801  LISTEN
  inode 7001, uid 0
  Made by server[100] (server), zombie: exited with code 0 at 12:00:07.000.
  Held by worker[200], running: worker 8801
    fd 4, CLOEXEC missing; how it came there is not known: only --fd=full
    watches that
  Verdict: passed (not certain) — As far as was seen, server[100] made it and
  exited with code 0 at 12:00:07; worker[200] has it from another process, and
  not by fork: how it came there is not known, because only --fd=full watches
  that.
  Do: It was most likely handed over on purpose; stop worker[200] if you need it
  free.

=== port 8802
tcp 0.0.0.0:8802  LISTEN
  inode 7002, uid 0
  Made by server[100] (server), zombie: exited with code 0 at 12:00:07.000.
  Held by sleep[500], running: sleep 1000
    fd 4, CLOEXEC missing; inherited by fork from worker[300] at 12:00:04.000
    (5.0 s ago)
      earlier worker[300] had it when it was first looked at
      12:00:04.000 worker[500] forked from worker[300] with it
      12:00:05.000 sleep[500] executed this program and kept it
  Verdict: leaked (not certain) — server[100] made it and exited with code 0 at
  12:00:07; as far as was seen, sleep[500] inherited fd 4 by fork and kept it
  over exec because CLOEXEC was not set.
  Do: Its use was not watched from the beginning, so look first, then kill
  sleep[500] to free the port now; in worker, set FD_CLOEXEC on fd 4 or close it
  in the child before exec.

=== port 8803
tcp 0.0.0.0:8803  LISTEN
  inode 7003, uid 0
  Made by server[100] (server), zombie: exited with code 0 at 12:00:07.000.
  Held by server[400], running: server
    fd 5, CLOEXEC missing; found there; how it came was not seen
  Verdict: inherited (not certain) — server[100] made it and exited with code 0
  at 12:00:07; as far as was seen, server[400] inherited it and holds it, and
  whether it uses it was not watched.
  Do: Stop server[400] if you need it free; see first whether clients still get
  an answer from it.

=== report 8801
Report on port 8801
  From 2026-11-21 12:00:01.000 to 12:00:09.000 UTC (8.0 s)
  32 events, none lost

How it stood at the end
tcp 0.0.0.0:8801 LISTEN
  inode 7001, uid 0
  Made by server[100] (server), zombie: exited with code 0 at 12:00:07.000.
  Held by worker[200], running: worker 8801
    fd 4, CLOEXEC missing; how it came there is not known: only --fd=full
    watches that
  Verdict: passed (not certain) — As far as was seen, server[100] made it and
  exited with code 0 at 12:00:07; worker[200] has it from another process, and
  not by fork: how it came there is not known, because only --fd=full watches
  that.
  Do: It was most likely handed over on purpose; stop worker[200] if you need it
  free.

Sockets that had it
  tcp 0.0.0.0:8801, inode 7001: older than the watch, still there at the end
  (passed)
    12:00:03.000 server[100] listened on it
    12:00:06.000 worker[200] had it from another process
    12:00:06.000 it passed from server[100], which closed it, to worker[200]
  HELD BY      FROM          UNTIL    USED  HOW
  worker[200]  12:00:06.000  the end  ?     not known

Processes
  init[1]: there from the beginning, started at 12:00:00.001; still running at
  the end
    server[100]: there from the beginning, started at 12:00:00.500; exited with
    code 0 at 12:00:07.000; a zombie since, for 2.0 s at the end, which init[1]
    has not reaped
      worker[200]: started at 12:00:01.900; executed worker 8801 at
      12:00:02.000; adopted by init[1] at 12:00:07.000; still running at the end

=== trace leak
=== exit 2
