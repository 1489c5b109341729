# The same port in two network namespaces: two sockets, told apart.

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
5s socket 400 inode=7600 cookie=95 netns=4026532600 proto=tcp state=CLOSE files=0x400 fd=5 cloexec=1
5s bind 400 inode=7600 cookie=95 netns=4026532600 proto=tcp local=0.0.0.0:8801 state=CLOSE fd=5
5s listen 400 inode=7600 cookie=95 netns=4026532600 proto=tcp local=0.0.0.0:8801 state=LISTEN fd=5 backlog=128

=== ports
PROTO  LOCAL                          STATE   CREATOR      HELD BY      VERDICT
tcp    0.0.0.0:8801                   LISTEN  server[200]  server[200]  owned
tcp    0.0.0.0:8801 netns:4026532600  LISTEN  bash[400]    bash[400]    owned

2 sockets: 2 owned.

=== port 8801
tcp 0.0.0.0:8801  LISTEN
  inode 7001, uid 0, network namespace 4026531840
  Made by server[200] (/srv/server --port 8801) at 12:00:03.000 (2.0 s ago),
  running.
  Held by server[200] itself, running
    fd 3, CLOEXEC set
  Verdict: owned — server[200] made it and is the only one that holds it.
  Do: Stop server[200] if you need it free; nothing is wrong with the socket
  itself.

In network namespace 4026532600, which is another one:
tcp 0.0.0.0:8801 netns:4026532600  LISTEN
  inode 7600, uid 0, network namespace 4026532600
  Made by bash[400] (bash) at 12:00:05.000, running.
  Held by bash[400] itself, running
    fd 5, CLOEXEC set
  Verdict: owned — bash[400] made it and is the only one that holds it; it is in
  network namespace 4026532600.
  Do: Stop bash[400] if you need it free; nothing is wrong with the socket
  itself; this is about network namespace 4026532600 and keeps nothing here.
