"""Want of memory ends a recorder in one sentence, and its recording is whole until then."""
import os
import re
import resource
import subprocess
import sys
import time

import pytest

PROBATE = os.path.abspath(os.environ.get("PROBATE", "build/probate"))
PATIENCE = 60
CANNOT = 3
MANY = """
import resource, socket
resource.setrlimit(resource.RLIMIT_NOFILE, (20000, 20000))
kept = []
try:
    while True:
        kept.append(socket.socketpair())
except OSError:
    pass
print("made", flush=True)
input()
"""


def read(rec):
    return subprocess.run([PROBATE, "-r", rec, "trace", "--raw"], capture_output=True, text=True)


def bytes_of(pid):
    with open(f"/proc/{pid}/status") as f:
        return int(re.search(r"VmSize:\s+(\d+)", f.read())[1]) << 10


SERVE = ["serve", "--fd=full", "--user", "root", "--web.listen-address=127.0.0.1:0", "--record"]


@pytest.mark.parametrize("args", [["record"], ["trace", "-o", "/dev/null", "--record"], SERVE], ids=lambda a: a[0])
@pytest.mark.parametrize("more", [512 << 10, 2 << 20])
def test_out_of_memory(obstacle, tmp_path, args, more):
    if obstacle:
        pytest.skip(obstacle)
    rec = f"{tmp_path}/d/"
    proc = subprocess.Popen([PROBATE, *args, rec], stdin=subprocess.DEVNULL, text=True,
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                            env=dict(os.environ, PROBATE_RUN=str(tmp_path)))
    many = []
    try:
        said = proc.stderr.readline()
        while "recording to" not in said and "watching" not in said:
            said = proc.stderr.readline()
            assert said
        if bytes_of(proc.pid) > 1 << 40:
            pytest.skip("a sanitizer has its own memory")
        subprocess.run(["/bin/true", "before-the-want"], check=True)
        end = time.monotonic() + PATIENCE
        while "before-the-want" not in read(rec).stdout:  # else it may be the first block that starves
            assert time.monotonic() < end
        resource.prlimit(proc.pid, resource.RLIMIT_AS, 2 * (bytes_of(proc.pid) + more,))
        while proc.poll() is None and len(many) < 40:
            many.append(subprocess.Popen([sys.executable, "-c", MANY], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE))
            many[-1].stdout.readline()
        said = proc.communicate(timeout=PATIENCE)[1]
        assert proc.returncode == CANNOT, (proc.returncode, said)
        assert said == "probate: out of memory\n"
    finally:
        for one in [proc, *many]:
            one.kill()
            one.wait()
            for f in one.stdin, one.stdout, one.stderr:
                if f:
                    f.close()
    done = read(rec)
    # it is the thread that writes that may have starved: then there is no end, which is said
    assert done.returncode == 0 or "cut off" in done.stderr, done.stderr
    assert "before-the-want" in done.stdout
