# Two listeners share a port by SO_REUSEPORT; one of them is leaked.

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
3s bind 200 inode=7001 cookie=11 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8801 state=CLOSE sflags=1 fd=3
3s listen 200 inode=7001 cookie=11 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8801 state=LISTEN sflags=1 fd=3 backlog=128
5s fork 200 start=5000000000 files=0x300 parent_files=0x200 child=300 parent=200 uid=0 exit_signal=17 pidns=4026531836
6s exec 300 start=5000000000 files=0x300 old_tid=300 name="sleep" exe="/usr/bin/sleep" args=["sleep","1000"]
7s exit 200 start=2000000000 files=0x200 parent=100 code=1
7s wait 100 nr=200
8s fork 100 start=8000000000 files=0x210 parent_files=0x100 child=210 parent=100 uid=0 exit_signal=17 pidns=4026531836
8s socket 210 inode=7002 cookie=12 netns=4026531840 uid=0 proto=tcp state=CLOSE files=0x210 fd=3 cloexec=1
8s bind 210 inode=7002 cookie=12 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8801 state=CLOSE sflags=1 fd=3
8s listen 210 inode=7002 cookie=12 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8801 state=LISTEN sflags=1 fd=3 backlog=128

=== ports
PROTO  LOCAL         STATE   CREATOR       HELD BY     VERDICT
tcp    0.0.0.0:8801  LISTEN  †server[200]  sleep[300]  leaked
tcp    0.0.0.0:8801  LISTEN  bash[210]     bash[210]   owned

2 sockets: 1 owned, 1 leaked. `probate port PORT` says more.

=== port 8801
tcp 0.0.0.0:8801  LISTEN
  inode 7001, uid 0
  Made by server[200] (/srv/server --port 8801) at 12:00:03.000 (5.0 s ago),
  dead: exited with code 1 at 12:00:07.000.
  Held by sleep[300], running: sleep 1000
    fd 3, CLOEXEC missing; inherited by fork from server[200] at 12:00:05.000
    (3.0 s ago); it never used it
      12:00:03.000 server[200] created it
      12:00:05.000 server[300] forked from server[200] with it
      12:00:06.000 sleep[300] executed this program and kept it
  Verdict: leaked — server[200] made it and exited with code 1 at 12:00:07;
  sleep[300] inherited fd 3 by fork and kept it over exec because CLOEXEC was
  not set, and as a member of a SO_REUSEPORT group it is dealt 1 of 2
  connections that nobody will answer.
  Do: Kill sleep[300] so that no more connections are lost to it; the port stays
  with bash[210]; in server, open the socket with SOCK_CLOEXEC (or close fd 3 in
  the child before exec).

tcp 0.0.0.0:8801  LISTEN
  inode 7002, uid 0
  Made by bash[210] (bash) at 12:00:08.000, running.
  Held by bash[210] itself, running
    fd 3, CLOEXEC set
  Verdict: owned — bash[210] made it and is the only one that holds it; but a
  leaked member of its SO_REUSEPORT group, held by sleep[300], eats a part of
  the connections.
  Do: Stop bash[210] if you need it free; nothing is wrong with the socket
  itself.

A tcp bind works all the same if it sets SO_REUSEPORT and is of uid 0: what
holds it has that set, too.
