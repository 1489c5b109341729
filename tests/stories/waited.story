# A listener that is closed while a thread sleeps in accept on it: who binds next is refused, and a look tells by what.

1s clock 0 realtime=1795262401000000000
1s source 0 caps=3 filter=0xffffffffffffffff
1s scan_begin 0 scope=7
1s scan_task 100 start=500000000 files=0x100 parent=1 sid=100 pgid=100 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 name="bash"
1s scan_end 0 scope=7 begin=1000000000
2s fork 100 start=2000000000 files=0x200 parent_files=0x100 child=200 parent=100 uid=0 exit_signal=17 pidns=4026531836
2s exec 200 start=2000000000 files=0x200 old_tid=200 name="srv" exe="/srv/srv" args=["/srv/srv"]
3s socket 200 inode=7001 cookie=11 netns=4026531840 uid=0 proto=tcp state=CLOSE files=0x200 fd=3 cloexec=1
3s bind 200 inode=7001 cookie=11 netns=4026531840 uid=0 proto=tcp local=127.0.0.1:8801 state=CLOSE fd=3
3s listen 200 inode=7001 cookie=11 netns=4026531840 uid=0 proto=tcp local=127.0.0.1:8801 state=LISTEN fd=3 backlog=8
4s close 200 inode=7001 cookie=11 files=0x200 fd=3
4001ms socket 200 inode=7002 cookie=12 netns=4026531840 uid=0 proto=tcp state=CLOSE files=0x200 fd=3 cloexec=1
4001ms bind 200 inode=7002 cookie=12 netns=4026531840 uid=0 proto=tcp local=127.0.0.1:8801 state=CLOSE fd=3 error=-98
4500ms scan_keeper 200/203 inode=7001 cookie=11 how=1 call=2 count=1
5s fork 100 start=5000000000 files=0x300 parent_files=0x100 child=300 parent=100 uid=0 exit_signal=17 pidns=4026531836
5s socket 300 inode=7003 cookie=13 netns=4026531840 uid=0 proto=tcp state=CLOSE files=0x300 fd=3 cloexec=1
5s bind 300 inode=7003 cookie=13 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8801 state=CLOSE fd=3 error=-98
6s exit 200 start=2000000000 files=0x200 parent=100 signal=9
7s scan_begin 0 scope=7
7s scan_task 100 start=500000000 files=0x100 parent=1 sid=100 pgid=100 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 name="bash"
7s scan_end 0 scope=7 begin=7000000000

=== --at @1795262404.7 port 8801
tcp 127.0.0.1:8801  LISTEN
  inode 7001, uid 0
  Made by srv[200] (/srv/srv) at 12:00:03.000 (1.7 s ago), running, which closed
  it since.
  Verdict: hidden — srv[200] closed its last descriptor at 12:00:04; no
  descriptor is left, but thread 203 of srv[200] sleeps in accept4() on it.
  Do: It ends with that call: shutdown() of the socket before its close() wakes
  the thread; now something else must, or the end of srv[200].

=== report 8801
Report on port 8801
  From 2026-11-21 12:00:01.000 to 12:00:07.000 UTC (6.0 s)
  22 events, none lost

How it stood at the end
Nothing held port 8801: it was free.
  It was last held by srv[200] until 12:00:04.000, and lived on without a
  descriptor until 12:00:07.000; what kept it: thread 203 of srv[200] sleeps in
  accept4() on it.

Sockets that had it
  tcp 127.0.0.1:8801, inode 7001: opened 12:00:03.000, gone 12:00:07.000
    12:00:03.000 srv[200] created it
    12:00:03.000 srv[200] bound it to tcp 127.0.0.1:8801
    12:00:03.000 srv[200] listened on it
    12:00:04.000 srv[200] closed it
    12:00:04.001 srv[200] could not bind tcp 127.0.0.1:8801: EADDRINUSE; nobody
    held it by a descriptor, but thread 203 of srv[200] sleeps in accept4() on
    it
    12:00:04.500 it lived on without a descriptor: thread 203 of srv[200] sleeps
    in accept4() on it
    12:00:05.000 bash[300] could not bind tcp 0.0.0.0:8801: EADDRINUSE; nobody
    held it by a descriptor, but thread 203 of srv[200] sleeps in accept4() on
    it
    12:00:07.000 it was gone: nothing held it any more
  HELD BY   FROM          UNTIL         USED  HOW
  srv[200]  12:00:03.000  12:00:04.000  yes   made it

Refused
  12:00:04.001 srv[200] could not bind tcp 127.0.0.1:8801: EADDRINUSE; nobody
  held it by a descriptor, but thread 203 of srv[200] sleeps in accept4() on it
  12:00:05.000 bash[300] could not bind tcp 0.0.0.0:8801: EADDRINUSE; nobody
  held it by a descriptor, but thread 203 of srv[200] sleeps in accept4() on it

Processes
  pid 1: when it started is not known; still running at the end
    bash[100]: there from the beginning, started at 12:00:00.500; still running
    at the end
      srv[200]: started at 12:00:02.000; killed by SIGKILL at 12:00:06.000; a
      zombie for 1.0 s
