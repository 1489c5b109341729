# A listener with many connections: they are counted, it is explained. 25 of them were
# closed by the peer and never by the server.

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
5s accept 200 inode=8000 cookie=500 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41000 proto=tcp state=ESTABLISHED files=0x200 listener=7001 fd=10 listen_fd=3 cloexec=1
5s accept 200 inode=8001 cookie=501 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41001 proto=tcp state=ESTABLISHED files=0x200 listener=7001 fd=11 listen_fd=3 cloexec=1
5s accept 200 inode=8002 cookie=502 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41002 proto=tcp state=ESTABLISHED files=0x200 listener=7001 fd=12 listen_fd=3 cloexec=1
5s accept 200 inode=8003 cookie=503 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41003 proto=tcp state=ESTABLISHED files=0x200 listener=7001 fd=13 listen_fd=3 cloexec=1
5s accept 200 inode=8004 cookie=504 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41004 proto=tcp state=ESTABLISHED files=0x200 listener=7001 fd=14 listen_fd=3 cloexec=1
5s accept 200 inode=8005 cookie=505 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41005 proto=tcp state=ESTABLISHED files=0x200 listener=7001 fd=15 listen_fd=3 cloexec=1
5s accept 200 inode=8006 cookie=506 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41006 proto=tcp state=ESTABLISHED files=0x200 listener=7001 fd=16 listen_fd=3 cloexec=1
5s accept 200 inode=8007 cookie=507 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41007 proto=tcp state=ESTABLISHED files=0x200 listener=7001 fd=17 listen_fd=3 cloexec=1
5s accept 200 inode=8008 cookie=508 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41008 proto=tcp state=ESTABLISHED files=0x200 listener=7001 fd=18 listen_fd=3 cloexec=1
5s accept 200 inode=8009 cookie=509 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41009 proto=tcp state=ESTABLISHED files=0x200 listener=7001 fd=19 listen_fd=3 cloexec=1
5s accept 200 inode=8010 cookie=510 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41010 proto=tcp state=ESTABLISHED files=0x200 listener=7001 fd=20 listen_fd=3 cloexec=1
5s accept 200 inode=8011 cookie=511 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41011 proto=tcp state=ESTABLISHED files=0x200 listener=7001 fd=21 listen_fd=3 cloexec=1
5s accept 200 inode=8012 cookie=512 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41012 proto=tcp state=ESTABLISHED files=0x200 listener=7001 fd=22 listen_fd=3 cloexec=1
5s accept 200 inode=8013 cookie=513 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41013 proto=tcp state=ESTABLISHED files=0x200 listener=7001 fd=23 listen_fd=3 cloexec=1
5s accept 200 inode=8014 cookie=514 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41014 proto=tcp state=ESTABLISHED files=0x200 listener=7001 fd=24 listen_fd=3 cloexec=1
5s accept 200 inode=8015 cookie=515 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41015 proto=tcp state=ESTABLISHED files=0x200 listener=7001 fd=25 listen_fd=3 cloexec=1
5s accept 200 inode=8016 cookie=516 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41016 proto=tcp state=ESTABLISHED files=0x200 listener=7001 fd=26 listen_fd=3 cloexec=1
5s accept 200 inode=8017 cookie=517 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41017 proto=tcp state=ESTABLISHED files=0x200 listener=7001 fd=27 listen_fd=3 cloexec=1
5s accept 200 inode=8018 cookie=518 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41018 proto=tcp state=ESTABLISHED files=0x200 listener=7001 fd=28 listen_fd=3 cloexec=1
5s accept 200 inode=8019 cookie=519 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41019 proto=tcp state=ESTABLISHED files=0x200 listener=7001 fd=29 listen_fd=3 cloexec=1
5s accept 200 inode=8020 cookie=520 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41020 proto=tcp state=ESTABLISHED files=0x200 listener=7001 fd=30 listen_fd=3 cloexec=1
5s accept 200 inode=8021 cookie=521 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41021 proto=tcp state=ESTABLISHED files=0x200 listener=7001 fd=31 listen_fd=3 cloexec=1
5s accept 200 inode=8022 cookie=522 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41022 proto=tcp state=ESTABLISHED files=0x200 listener=7001 fd=32 listen_fd=3 cloexec=1
5s accept 200 inode=8023 cookie=523 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41023 proto=tcp state=ESTABLISHED files=0x200 listener=7001 fd=33 listen_fd=3 cloexec=1
5s accept 200 inode=8024 cookie=524 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41024 proto=tcp state=ESTABLISHED files=0x200 listener=7001 fd=34 listen_fd=3 cloexec=1
5s accept 200 inode=8025 cookie=525 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41025 proto=tcp state=ESTABLISHED files=0x200 listener=7001 fd=35 listen_fd=3 cloexec=1
5s accept 200 inode=8026 cookie=526 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41026 proto=tcp state=ESTABLISHED files=0x200 listener=7001 fd=36 listen_fd=3 cloexec=1
5s accept 200 inode=8027 cookie=527 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41027 proto=tcp state=ESTABLISHED files=0x200 listener=7001 fd=37 listen_fd=3 cloexec=1
5s accept 200 inode=8028 cookie=528 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41028 proto=tcp state=ESTABLISHED files=0x200 listener=7001 fd=38 listen_fd=3 cloexec=1
5s accept 200 inode=8029 cookie=529 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41029 proto=tcp state=ESTABLISHED files=0x200 listener=7001 fd=39 listen_fd=3 cloexec=1
9s state 0 inode=8000 cookie=500 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41000 proto=tcp state=CLOSE_WAIT old=ESTABLISHED
9s state 0 inode=8001 cookie=501 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41001 proto=tcp state=CLOSE_WAIT old=ESTABLISHED
9s state 0 inode=8002 cookie=502 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41002 proto=tcp state=CLOSE_WAIT old=ESTABLISHED
9s state 0 inode=8003 cookie=503 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41003 proto=tcp state=CLOSE_WAIT old=ESTABLISHED
9s state 0 inode=8004 cookie=504 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41004 proto=tcp state=CLOSE_WAIT old=ESTABLISHED
9s state 0 inode=8005 cookie=505 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41005 proto=tcp state=CLOSE_WAIT old=ESTABLISHED
9s state 0 inode=8006 cookie=506 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41006 proto=tcp state=CLOSE_WAIT old=ESTABLISHED
9s state 0 inode=8007 cookie=507 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41007 proto=tcp state=CLOSE_WAIT old=ESTABLISHED
9s state 0 inode=8008 cookie=508 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41008 proto=tcp state=CLOSE_WAIT old=ESTABLISHED
9s state 0 inode=8009 cookie=509 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41009 proto=tcp state=CLOSE_WAIT old=ESTABLISHED
9s state 0 inode=8010 cookie=510 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41010 proto=tcp state=CLOSE_WAIT old=ESTABLISHED
9s state 0 inode=8011 cookie=511 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41011 proto=tcp state=CLOSE_WAIT old=ESTABLISHED
9s state 0 inode=8012 cookie=512 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41012 proto=tcp state=CLOSE_WAIT old=ESTABLISHED
9s state 0 inode=8013 cookie=513 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41013 proto=tcp state=CLOSE_WAIT old=ESTABLISHED
9s state 0 inode=8014 cookie=514 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41014 proto=tcp state=CLOSE_WAIT old=ESTABLISHED
9s state 0 inode=8015 cookie=515 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41015 proto=tcp state=CLOSE_WAIT old=ESTABLISHED
9s state 0 inode=8016 cookie=516 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41016 proto=tcp state=CLOSE_WAIT old=ESTABLISHED
9s state 0 inode=8017 cookie=517 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41017 proto=tcp state=CLOSE_WAIT old=ESTABLISHED
9s state 0 inode=8018 cookie=518 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41018 proto=tcp state=CLOSE_WAIT old=ESTABLISHED
9s state 0 inode=8019 cookie=519 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41019 proto=tcp state=CLOSE_WAIT old=ESTABLISHED
9s state 0 inode=8020 cookie=520 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41020 proto=tcp state=CLOSE_WAIT old=ESTABLISHED
9s state 0 inode=8021 cookie=521 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41021 proto=tcp state=CLOSE_WAIT old=ESTABLISHED
9s state 0 inode=8022 cookie=522 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41022 proto=tcp state=CLOSE_WAIT old=ESTABLISHED
9s state 0 inode=8023 cookie=523 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41023 proto=tcp state=CLOSE_WAIT old=ESTABLISHED
9s state 0 inode=8024 cookie=524 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:41024 proto=tcp state=CLOSE_WAIT old=ESTABLISHED
10s scan_sock 0 cookie=999 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:40002 proto=tcp state=TIME_WAIT sflags=32 left_ms=42000
190s tick 0

=== port 8801
tcp 0.0.0.0:8801  LISTEN
  inode 7001, uid 0
  Made by server[200] (/srv/server --port 8801) at 12:00:03.000 (3 min ago),
  running.
  Held by server[200] itself, running
    fd 3, CLOEXEC set
  Verdict: owned — server[200] made it and is the only one that holds it.
  Do: Stop server[200] if you need it free; nothing is wrong with the socket
  itself.

25 connections CLOSE_WAIT, held by server[200]; the oldest since 12:00:05.000
5 connections ESTABLISHED, held by server[200]; the oldest since 12:00:05.000
1 connection TIME_WAIT from 127.0.0.1:40002, held by no process

=== ports
PROTO  LOCAL         STATE   CREATOR      HELD BY      VERDICT
tcp    0.0.0.0:8801  LISTEN  server[200]  server[200]  owned

1 socket: 1 owned.

=== pid 200
server[200]  running
  command     /srv/server --port 8801
  program     /srv/server
  started     12:00:02.000 (3 min ago)
  uid         0
  session     100, group 100, terminal pts/3
  namespaces  pid 4026531836, net 4026531840, mnt 4026531841
Lineage
  bash[100] forked server[200] at 12:00:02.000
  init[1] is the parent of bash[100]
Sockets
FD  CLOEXEC  SOCKET            STATE   HOW                   HELD BY
 3  yes      tcp 0.0.0.0:8801  LISTEN  created 12:00:03.000        1
  31 socket descriptors in all
  5 ESTABLISHED; the oldest since 12:00:05.000 (3 min ago)
  25 CLOSE_WAIT: the peer has closed, this process has not; the oldest since
  12:00:09.000 (3 min ago)
