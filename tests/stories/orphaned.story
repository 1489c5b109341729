# Nobody holds it, the kernel finishes the close.

1s clock 0 realtime=1795262401000000000
1s source 0 caps=8 filter=0xffffffffffffffff
1s scan_begin 0 scope=7
1s scan_task 1 start=1000000 files=0x1 sid=1 pgid=1 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="init"
1s scan_task 100 start=500000000 files=0x100 parent=1 sid=100 pgid=100 tty=34819 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="bash"
1s scan_args 100 start=500000000 exe="/usr/bin/bash" args=["bash"]
1s scan_sock 0 cookie=41 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:40002 proto=tcp state=TIME_WAIT sflags=32 left_ms=42000
1s scan_sock 0 cookie=42 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:40003 proto=tcp state=TIME_WAIT sflags=32 left_ms=12000
1s scan_end 0 scope=7 begin=1000000000

=== port 8801
tcp 127.0.0.1:8801 -> 127.0.0.1:40002  TIME_WAIT
  cookie 41
  Verdict: orphaned (not certain) — Everybody has closed it and the kernel is
  finishing the connection (TIME_WAIT), for 42 s more.
  Do: Wait 42 s, or set SO_REUSEADDR before bind: then it does not keep a server
  from the port.
  And 1 more like it.

=== ports
0 sockets.
