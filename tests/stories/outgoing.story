# An outgoing connection occupies the port that a server wants.

1s clock 0 realtime=1795262401000000000
1s source 0 caps=3 filter=0xffffffffffffffff
1s scan_begin 0 scope=7
1s scan_task 1 start=1000000 files=0x1 sid=1 pgid=1 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="init"
1s scan_task 100 start=500000000 files=0x100 parent=1 sid=100 pgid=100 tty=34819 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="bash"
1s scan_args 100 start=500000000 exe="/usr/bin/bash" args=["bash"]
1s scan_end 0 scope=7 begin=1000000000
2s fork 100 start=2000000000 files=0x200 parent_files=0x100 child=200 parent=100 uid=0 exit_signal=17 pidns=4026531836
2s exec 200 start=2000000000 files=0x200 old_tid=200 name="server" exe="/srv/server" args=["/srv/server","--port","8801"]
3s socket 200 inode=7500 cookie=91 netns=4026531840 proto=tcp state=CLOSE files=0x200 fd=3 cloexec=1
4s connect 200 inode=7500 cookie=91 netns=4026531840 local=10.0.0.1:8801 remote=10.0.0.2:443 proto=tcp state=ESTABLISHED fd=3

=== port 8801
tcp 10.0.0.1:8801 -> 10.0.0.2:443  ESTABLISHED
  inode 7500, uid 0
  Made by server[200] (/srv/server --port 8801) at 12:00:03.000 (1.0 s ago),
  running.
  Held by server[200] itself, running
    fd 3, CLOEXEC set
  Verdict: owned — server[200] made it and is the only one that holds it.
  Do: Stop server[200] if you need it free; nothing is wrong with the socket
  itself.

=== port 0.0.0.0:8801
tcp 10.0.0.1:8801 -> 10.0.0.2:443  ESTABLISHED
  inode 7500, uid 0
  Made by server[200] (/srv/server --port 8801) at 12:00:03.000 (1.0 s ago),
  running.
  Held by server[200] itself, running
    fd 3, CLOEXEC set
  Verdict: owned — server[200] made it and is the only one that holds it.
  Do: Stop server[200] if you need it free; nothing is wrong with the socket
  itself.

=== port 10.0.0.9:8801
Nothing holds 10.0.0.9:8801: it is free.
=== exit 1
