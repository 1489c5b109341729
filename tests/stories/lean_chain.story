# No system call is hooked.  A shell executes a server, which listens, accepts and forks a child for
# the connection before a scan meets that.  Then the listener is gone.

1s clock 0 realtime=1795262401000000000
1s source 0 caps=1 filter=0xffffffffffffffff
1s scan_begin 0 scope=7
1s scan_task 1 start=1000000 files=0x1 sid=1 pgid=1 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="init"
1s scan_task 100 start=500000000 files=0x100 parent=1 sid=100 pgid=100 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="bash"
1s scan_args 100 start=500000000 exe="/usr/bin/bash" args=["bash"]
1s scan_end 0 scope=7 begin=1000000000
2s fork 100 start=2000000000 files=0x200 parent_files=0x100 child=200 parent=100 exit_signal=17 pidns=4026531836
3s exec 200 start=2000000000 files=0x200 old_tid=200 name="sh" exe="/bin/sh" args=["sh","-c","exec server"]
4s exec 200 start=2000000000 files=0x200 old_tid=200 name="server" exe="/srv/server" args=["/srv/server"]
5s listen 200 inode=7001 cookie=11 netns=4026531840 proto=tcp local=127.0.0.1:8801 state=LISTEN fd=-1 backlog=128 maker=200
6s fork 200 start=6000000000 files=0x300 parent_files=0x200 child=300 parent=200 exit_signal=17 pidns=4026531836
8s scan_begin 0 scope=2
8s scan_fd 200 inode=7001 cookie=11 netns=4026531840 proto=tcp local=127.0.0.1:8801 state=LISTEN files=0x200 fd=3 maker=200
8s scan_fd 200 inode=7101 cookie=21 netns=4026531840 proto=tcp local=127.0.0.1:8801 remote=127.0.0.1:40001 state=ESTABLISHED files=0x200 fd=4 maker=200
8s scan_fd 300 inode=7001 cookie=11 netns=4026531840 proto=tcp local=127.0.0.1:8801 state=LISTEN files=0x300 fd=3 maker=200
8s scan_fd 300 inode=7101 cookie=21 netns=4026531840 proto=tcp local=127.0.0.1:8801 remote=127.0.0.1:40001 state=ESTABLISHED files=0x300 fd=4 maker=200
8s scan_end 0 scope=2 begin=8000000000
9s destroy 0 inode=7001 cookie=11
10s tick 0

=== port 8801
tcp 127.0.0.1:8801 -> 127.0.0.1:40001  ESTABLISHED
  inode 7101, uid 0
  Accepted by server[200] (/srv/server), running.
  Held by server[300], running: /srv/server
    fd 4, CLOEXEC missing; inherited by fork from server[200] at 12:00:06.000
    (4.0 s ago)
  Held by server[200] itself, running
    fd 4, CLOEXEC missing
  Verdict: shared (not certain) — As far as was seen, server[200] accepted it
  and shares it: 2 hold it, server[300] and server[200].
  Do: It is free only when all of them are gone: stop server[200] and see to it
  that the others end with it.
