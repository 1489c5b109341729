# Events of a user were held back and nothing has made up for it yet: said, and in the exit code.

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
5s held 0 uid=1000 count=17 since=4500000000

=== ports
PROTO  LOCAL         STATE   CREATOR      HELD BY      VERDICT
tcp    0.0.0.0:8801  LISTEN  server[200]  server[200]  owned

1 socket: 1 owned.

uid 1000: 17 events held back, the last at 12:00:05.000: it made more than its
share of the recording. What its processes did to descriptors then may not be
known.
=== exit 4
