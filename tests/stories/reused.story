# A pid is used again: the dead and the living are told apart.

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
5s fork 200 start=5000000000 files=0x300 parent_files=0x200 child=300 parent=200 uid=0 exit_signal=17 pidns=4026531836
6s exec 300 start=5000000000 files=0x300 old_tid=300 name="sleep" exe="/usr/bin/sleep" args=["sleep","1000"]
6s scan_begin 300 scope=8 files=0x300
6s scan_fd 300 inode=7001 cookie=11 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8801 state=LISTEN files=0x300 fd=3
6s scan_end 300 scope=8 files=0x300 begin=6000000000
7s signal 100 target=200 target_tid=200 signal=SIGKILL
7s exit 200 start=2000000000 files=0x200 parent=100 code=-1 signal=SIGKILL
8s wait 100 nr=200
8s free 200 start=2000000000
9s fork 100 start=9000000000 files=0x900 parent_files=0x100 child=200 parent=100 uid=0 exit_signal=17 pidns=4026531836
9s exec 200 start=9000000000 files=0x900 old_tid=200 name="stranger" exe="/bin/stranger" args=["stranger"]

=== pid 200
stranger[200]  running
  command     stranger
  program     /bin/stranger
  started     12:00:09.000
  uid         0
  session     100, group 100, terminal pts/3
  namespaces  pid 4026531836, net 4026531840, mnt 4026531841
Lineage
  bash[100] forked stranger[200] at 12:00:09.000
  init[1] is the parent of bash[100]
Before, the same pid was server[200], killed by SIGKILL from bash[100] at
12:00:07.000.

=== port 8801
tcp 0.0.0.0:8801  LISTEN
  inode 7001, uid 0
  Made by server[200] (/srv/server --port 8801) at 12:00:03.000 (6.0 s ago),
  dead: killed by SIGKILL from bash[100] at 12:00:07.000.
  Held by sleep[300], running: sleep 1000
    fd 3, CLOEXEC missing; inherited by fork from server[200] at 12:00:05.000
    (4.0 s ago); it never used it
      12:00:03.000 server[200] created it
      12:00:05.000 server[300] forked from server[200] with it
      12:00:06.000 sleep[300] executed this program and kept it
  Verdict: leaked — server[200] made it and was killed by SIGKILL from bash[100]
  at 12:00:07; sleep[300] inherited fd 3 by fork and kept it over exec because
  CLOEXEC was not set.
  Do: Kill sleep[300] to free the port now; in server, open the socket with
  SOCK_CLOEXEC (or close fd 3 in the child before exec).
