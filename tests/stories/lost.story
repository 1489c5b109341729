# Events were lost and nothing has made up for it: said, and in the exit code.

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
5s lost 0 count=17

=== ports
PROTO  LOCAL         STATE   CREATOR      HELD BY      VERDICT
tcp    0.0.0.0:8801  LISTEN  server[200]  server[200]  owned

1 socket: 1 owned.

Incomplete: 17 events were lost and no scan has made up for it yet.
=== exit 4

=== port 8801
tcp 0.0.0.0:8801  LISTEN
  inode 7001, uid 0
  Made by server[200] (/srv/server --port 8801) at 12:00:03.000 (2.0 s ago),
  running.
  Held by server[200] itself, running
    fd 3, CLOEXEC set
  Verdict: owned (not certain) — As far as was seen, server[200] made it and is
  the only one that holds it.
  Do: Stop server[200] if you need it free; nothing is wrong with the socket
  itself.

Incomplete: 17 events were lost and no scan has made up for it yet.
=== exit 4

=== report 8801
Report on port 8801
  From 2026-11-21 12:00:01.000 to 12:00:05.000 UTC (4.0 s)
  13 events, 17 lost
  Incomplete: 17 events were lost and no scan has made up for it yet.

How it stood at the end
tcp 0.0.0.0:8801 LISTEN
  inode 7001, uid 0
  Made by server[200] (/srv/server --port 8801) at 12:00:03.000, running.
  Held by server[200] itself, running
    fd 3, CLOEXEC set
  Verdict: owned (not certain) — As far as was seen, server[200] made it and is
  the only one that holds it.
  Do: Stop server[200] if you need it free; nothing is wrong with the socket
  itself.

Sockets that had it
  tcp 0.0.0.0:8801, inode 7001: opened 12:00:03.000, still there at the end
  (owned)
    12:00:03.000 server[200] created it
    12:00:03.000 server[200] bound it to tcp 0.0.0.0:8801
    12:00:03.000 server[200] listened on it
    12:00:05.000 17 events were lost here
  HELD BY      FROM          UNTIL    USED  HOW
  server[200]  12:00:03.000  the end  yes   made it

Processes
  init[1]: there from the beginning, started at 12:00:00.001; still running at
  the end
    bash[100]: there from the beginning, started at 12:00:00.500; still running
    at the end
      server[200]: started at 12:00:02.000; still running at the end

Losses
  12:00:05.000 17 events were lost; no scan made up for it by the end
=== exit 4
