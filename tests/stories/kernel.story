# A socket of the kernel itself: nobody to kill.

1s clock 0 realtime=1795262401000000000
1s source 0 caps=8 filter=0xffffffffffffffff
1s scan_begin 0 scope=7
1s scan_task 1 start=1000000 files=0x1 sid=1 pgid=1 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="init"
1s scan_task 100 start=500000000 files=0x100 parent=1 sid=100 pgid=100 tty=34819 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="bash"
1s scan_args 100 start=500000000 exe="/usr/bin/bash" args=["bash"]
1s scan_sock 0 cookie=51 netns=4026531840 local=0.0.0.0:4789 proto=udp state=CLOSE sflags=8
1s scan_end 0 scope=7 begin=1000000000

=== port 4789
udp 0.0.0.0:4789  UNCONN
  cookie 51, uid 0
  Made by the kernel for itself.
  Verdict: kernel (not certain) — The kernel made it for itself (vxlan,
  wireguard, nfsd or the like).
  Do: There is no process to kill: remove the device or stop the kernel service.

=== ports
PROTO  LOCAL         STATE   CREATOR   HELD BY  VERDICT
udp    0.0.0.0:4789  UNCONN  (kernel)  -        kernel

1 socket: 1 kernel.
