# Two listeners are handed to a fork server, which lets go of them after it forked a worker for each.
# The worker of the first has not accepted anything yet; that of the second became another program,
# which nobody meant to have it.  Then the one who made them is killed.

1s clock 0 realtime=1795262401000000000
1s source 0 caps=3 filter=0xffffffffffffffff
1s scan_begin 0 scope=7
1s scan_task 1 start=1000000 files=0x1 sid=1 pgid=1 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="init"
1s scan_task 100 start=500000000 files=0x100 parent=1 sid=100 pgid=100 tty=34819 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="bash"
1s scan_args 100 start=500000000 exe="/usr/bin/bash" args=["bash"]
1s scan_end 0 scope=7 begin=1000000000
2s fork 100 start=2000000000 files=0x200 parent_files=0x100 child=200 parent=100 uid=0 exit_signal=17 pidns=4026531836
2s exec 200 start=2000000000 files=0x200 old_tid=200 name="python3" exe="/usr/bin/python3" args=["python3","/srv/server.py"]
3s fork 200 start=3000000000 files=0x300 parent_files=0x200 child=300 parent=200 uid=0 exit_signal=17 pidns=4026531836
3s exec 300 start=3000000000 files=0x300 old_tid=300 name="python3" exe="/usr/bin/python3" args=["python3","-c","from multiprocessing.forkserver import main; main(4, 5, [])"]
3s socket 200 inode=7001 cookie=11 netns=4026531840 uid=0 proto=tcp state=CLOSE files=0x200 fd=3 cloexec=1
3s bind 200 inode=7001 cookie=11 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8801 state=CLOSE fd=3
3s listen 200 inode=7001 cookie=11 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8801 state=LISTEN fd=3 backlog=128
3s socket 200 inode=7002 cookie=12 netns=4026531840 uid=0 proto=tcp state=CLOSE files=0x200 fd=4 cloexec=1
3s bind 200 inode=7002 cookie=12 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8802 state=CLOSE fd=4
3s listen 200 inode=7002 cookie=12 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8802 state=LISTEN fd=4 backlog=128
4s pass 200 files=0x200 inode=7001 cookie=11 over=7055 fd=3
4s install 300 inode=7001 cookie=11 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8801 state=LISTEN files=0x300 fd=9 from_fd=-1 via=scm_rights cloexec=1
4s fork 300 start=4100000000 files=0x301 parent_files=0x300 child=301 parent=300 uid=0 exit_signal=17 pidns=4026531836
4s close 300 files=0x300 inode=7001 cookie=11 fd=9
5s pass 200 files=0x200 inode=7001 cookie=11 over=7055 fd=3
5s install 300 inode=7001 cookie=11 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8801 state=LISTEN files=0x300 fd=9 from_fd=-1 via=scm_rights cloexec=1
5s close 300 files=0x300 inode=7001 cookie=11 fd=9
6s pass 200 files=0x200 inode=7002 cookie=12 over=7055 fd=4
6s install 300 inode=7002 cookie=12 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8802 state=LISTEN files=0x300 fd=9 from_fd=-1 via=scm_rights
6s fork 300 start=6100000000 files=0x302 parent_files=0x300 child=302 parent=300 uid=0 exit_signal=17 pidns=4026531836
6s close 300 files=0x300 inode=7002 cookie=12 fd=9
7s exec 302 start=6100000000 files=0x302 old_tid=302 name="sleep" exe="/usr/bin/sleep" args=["sleep","1000"]
8s signal 100 target=200 target_tid=200 signal=SIGKILL
8s exit 200 start=2000000000 files=0x200 parent=100 code=-1 signal=SIGKILL
8s wait 100 nr=200
8s free 200 start=2000000000
10s tick 0

=== port 8801
tcp 0.0.0.0:8801  LISTEN
  inode 7001, uid 0
  Made by python3[200] (python3 /srv/server.py) at 12:00:03.000 (7.0 s ago),
  dead: killed by SIGKILL from bash[100] at 12:00:08.000.
  Held by python3[301], running: python3 -c 'from multiprocessing.forkserver
  import main; main(4, 5, [])'
    fd 9, CLOEXEC set; inherited by fork from python3[300] at 12:00:04.000 (6.0
    s ago); it never used it
      12:00:03.000 python3[200] created it
      12:00:04.000 python3[300] received it by SCM_RIGHTS from python3[200]
      12:00:04.100 python3[301] forked from python3[300] with it
  Verdict: passed — python3[200] made it and was killed by SIGKILL from
  bash[100] at 12:00:08; python3[300] was given it over a UNIX socket by
  python3[200]; python3[301] was forked off it with that.
  Do: It was handed over on purpose; stop python3[301] if you need it free.

=== port 8802
tcp 0.0.0.0:8802  LISTEN
  inode 7002, uid 0
  Made by python3[200] (python3 /srv/server.py) at 12:00:03.000 (7.0 s ago),
  dead: killed by SIGKILL from bash[100] at 12:00:08.000.
  Held by sleep[302], running: sleep 1000
    fd 9, CLOEXEC missing; inherited by fork from python3[300] at 12:00:06.000
    (4.0 s ago); it never used it
      12:00:03.000 python3[200] created it
      12:00:06.000 python3[300] received it by SCM_RIGHTS from python3[200]
      12:00:06.100 python3[302] forked from python3[300] with it
      12:00:07.000 sleep[302] executed this program and kept it
  Verdict: leaked — python3[200] made it and was killed by SIGKILL from
  bash[100] at 12:00:08; sleep[302] inherited fd 9 by fork and kept it over exec
  because CLOEXEC was not set.
  Do: Kill sleep[302] to free the port now; in python3, set FD_CLOEXEC on fd 9
  or close it in the child before exec.

=== ports --leaked
PROTO  LOCAL         STATE   CREATOR        HELD BY     VERDICT
tcp    0.0.0.0:8802  LISTEN  †python3[200]  sleep[302]  leaked

1 socket: 1 leaked. `probate port PORT` says more.
=== exit 1

=== report 8801
Report on port 8801
  From 2026-11-21 12:00:01.000 to 12:00:10.000 UTC (9.0 s)
  34 events, none lost

How it stood at the end
tcp 0.0.0.0:8801 LISTEN
  inode 7001, uid 0
  Made by python3[200] (python3 /srv/server.py) at 12:00:03.000, dead: killed by
  SIGKILL from bash[100] at 12:00:08.000.
  Held by python3[301], running: python3 -c 'from multiprocessing.forkserver
  import main; main(4, 5, [])'
    fd 9, CLOEXEC set; inherited by fork from python3[300] at 12:00:04.000; it
    never used it
      12:00:03.000 python3[200] created it
      12:00:04.000 python3[300] received it by SCM_RIGHTS from python3[200]
      12:00:04.100 python3[301] forked from python3[300] with it
  Verdict: passed — python3[200] made it and was killed by SIGKILL from
  bash[100] at 12:00:08; python3[300] was given it over a UNIX socket by
  python3[200]; python3[301] was forked off it with that.
  Do: It was handed over on purpose; stop python3[301] if you need it free.

Sockets that had it
  tcp 0.0.0.0:8801, inode 7001: opened 12:00:03.000, still there at the end
  (passed)
    12:00:03.000 python3[200] created it
    12:00:03.000 python3[200] bound it to tcp 0.0.0.0:8801
    12:00:03.000 python3[200] listened on it
    12:00:04.000 python3[200] sent it over a UNIX socket
    12:00:04.000 python3[300] received it by SCM_RIGHTS from python3[200]
    12:00:04.000 python3[301] was forked from python3[300] with it
    12:00:04.000 python3[300] closed it
    12:00:05.000 python3[200] sent it over a UNIX socket
    12:00:05.000 python3[300] received it by SCM_RIGHTS from python3[200]
    12:00:05.000 python3[300] closed it
    12:00:08.000 python3[200] was killed by SIGKILL from bash[100]
    12:00:08.000 it passed from python3[200], which died, to python3[301]
  HELD BY       FROM          UNTIL         USED   HOW
  python3[200]  12:00:03.000  12:00:08.000  yes    made it
  python3[300]  12:00:04.000  12:00:04.000  never  SCM_RIGHTS from python3[200]
  python3[301]  12:00:04.000  the end       never  fork from python3[300]
  python3[300]  12:00:05.000  12:00:05.000  never  SCM_RIGHTS from python3[200]

Processes
  init[1]: there from the beginning, started at 12:00:00.001; still running at
  the end
    bash[100]: there from the beginning, started at 12:00:00.500; still running
    at the end
      python3[200]: started at 12:00:02.000; killed by SIGKILL from bash[100] at
      12:00:08.000; reaped by bash[100] at 12:00:08.000
        python3[300]: started at 12:00:03.000; adopted by init[1] at
        12:00:08.000; still running at the end
          python3[301]: started at 12:00:04.100; still running at the end
