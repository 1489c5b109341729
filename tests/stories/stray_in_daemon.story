# A server daemonised: who made its listener has ended.  It accepts, its worker is the same program,
# and what a hook of its began only keeps the listener.

1s clock 0 realtime=1795262401000000000
1s source 0 caps=3 filter=0xffffffffffffffff
1s scan_begin 0 scope=7
1s scan_task 1 start=1000000 files=0x1 sid=1 pgid=1 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="init"
1s scan_task 100 start=500000000 files=0x100 parent=1 sid=100 pgid=100 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="bash"
1s scan_args 100 start=500000000 exe="/usr/bin/bash" args=["bash"]
1s scan_end 0 scope=7 begin=1000000000
2s fork 100 start=2000000000 files=0x200 parent_files=0x100 child=200 parent=100 exit_signal=17 pidns=4026531836
2s exec 200 start=2000000000 files=0x200 old_tid=200 name="nginx" exe="/usr/sbin/nginx" args=["nginx"]
3s socket 200 inode=7001 cookie=11 netns=4026531840 proto=tcp state=CLOSE files=0x200 fd=3
3s bind 200 inode=7001 cookie=11 netns=4026531840 proto=tcp local=0.0.0.0:8801 state=CLOSE fd=3
3s listen 200 inode=7001 cookie=11 netns=4026531840 proto=tcp local=0.0.0.0:8801 state=LISTEN fd=3 backlog=128
4s fork 200 start=4000000000 files=0x300 parent_files=0x200 child=300 parent=200 exit_signal=17 pidns=4026531836
4s exit 200 start=2000000000 files=0x200 parent=100 code=0
5s fork 300 start=5000000000 files=0x301 parent_files=0x300 child=301 parent=300 exit_signal=17 pidns=4026531836
5s use 301 files=0x301 inode=7001 fd=3
5s fork 300 start=5500000000 files=0x302 parent_files=0x300 child=302 parent=300 exit_signal=17 pidns=4026531836
6s exec 302 start=5500000000 files=0x302 old_tid=302 name="sleep" exe="/usr/bin/sleep" args=["sleep","1000"]
10s tick 0

=== port 8801
tcp 0.0.0.0:8801  LISTEN
  inode 7001, uid 0
  Made by nginx[200] (nginx) at 12:00:03.000 (7.0 s ago), zombie: exited with
  code 0 at 12:00:04.000.
  Held by nginx[300], running: nginx
    fd 3, CLOEXEC missing; inherited by fork from nginx[200] at 12:00:04.000
    (6.0 s ago); it never used it
  Held by nginx[301], running: nginx
    fd 3, CLOEXEC missing; inherited by fork from nginx[300] at 12:00:05.000
    (5.0 s ago); it uses it
      12:00:03.000 nginx[200] created it
      12:00:04.000 nginx[300] forked from nginx[200] with it
      12:00:05.000 nginx[301] forked from nginx[300] with it
  Held by sleep[302], running: sleep 1000
    fd 3, CLOEXEC missing; inherited by fork from nginx[300] at 12:00:05.000
    (5.0 s ago); it never used it
      12:00:03.000 nginx[200] created it
      12:00:04.000 nginx[300] forked from nginx[200] with it
      12:00:05.500 nginx[302] forked from nginx[300] with it
      12:00:06.000 sleep[302] executed this program and kept it
  Verdict: inherited — nginx[200] made it and exited with code 0 at 12:00:04;
  nginx[300] and nginx[301] inherited it and carry on with it; sleep[302] only
  keeps it open: another program that never used it, and would keep it when the
  others end.
  Do: Stop nginx[300] and sleep[302] (the other one descends from them) if you
  need it free: nginx[300] and nginx[301] still serve it, so work in progress is
  cut.

=== ports --leaked
No leaked sockets.
