"""Holds sockets with the worst names there are, as a process with the worst names there are.

Arguments: the bad bytes in hex, a directory to be in, and whatever else there shall be.  Says one
line of JSON when all is there; ends with its standard input.
"""
import ctypes
import json
import os
import socket
import sys

BAD = bytes.fromhex(sys.argv[1])
HERE = os.fsencode(sys.argv[2])
libc = ctypes.CDLL(None)


def main():
    libc.prctl(15, BAD[:15] + b"\0", 0, 0, 0)  # PR_SET_NAME
    os.chdir(HERE)
    path, abstract = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
    path.bind(BAD.replace(b"/", b"_").replace(b"\0", b"_")[:60])
    path.listen()
    abstract.bind(b"\0" + BAD[:40] + b"\0probate: forged\0" + str(os.getpid()).encode())
    abstract.listen()
    tcp = socket.socket()
    tcp.bind(("127.0.0.1", 0))
    tcp.listen()
    zombie = os.fork()
    if not zombie:
        os._exit(3)
    os.waitid(os.P_PID, zombie, os.WEXITED | os.WNOWAIT)
    print(json.dumps({"pid": os.getpid(), "port": tcp.getsockname()[1], "zombie": zombie,
                      "inode": os.fstat(abstract.fileno()).st_ino}), flush=True)
    sys.stdin.read()
    os.waitpid(zombie, 0)


main()
