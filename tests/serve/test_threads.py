"""The daemons with all their threads at work.  `make tsan` runs this under the thread sanitizer."""
import gzip
import os
import re
import signal
import subprocess
import threading
import urllib.request

import pytest

from serve_tools import PATIENCE, PROBATE, exporter, left_out, planted  # noqa: F401

ROUNDS = 12
RACE = re.compile(r"ThreadSanitizer|AddressSanitizer|runtime error:")
EVENTS = ["sh", "-c", "for i in $(seq 40); do /bin/true; (exit 3) & done; wait"]


def scrapes(serve, failed):
    """As Prometheus, a browser and a prober do, one after the other."""
    try:
        for n in range(ROUNDS):
            for path, accept in (("", "application/openmetrics-text"), ("/", "text/html"),
                                 ("/-/ready", "*/*"), ("/-/healthy", "*/*"), ("/nothing", "*/*")):
                request = urllib.request.Request(serve.base + path if path else serve.url, headers={
                    "Accept": accept, "Accept-Encoding": "gzip" if n % 2 else "identity"})
                try:
                    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                        body = answer.read()
                        if answer.headers["Content-Encoding"] == "gzip":
                            body = gzip.decompress(body)
                        assert body
                except urllib.error.HTTPError as e:
                    assert e.code in (404, 503), e
    except Exception as e:  # told by the test, not by the thread
        failed.append(e)


def asked(run, failed):
    """One-shots that want the history."""
    for _ in range(3):
        done = subprocess.run([PROBATE, "zombies", "--json"], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, env=dict(os.environ, PROBATE_RUN=run))
        if done.returncode not in (0, 4) or RACE.search(done.stderr):
            failed.append(done)


def all_at_once(*jobs):
    failed = []
    threads = [threading.Thread(target=job, args=(*args, failed)) for job, *args in jobs]
    for t in threads:
        t.start()
    for _ in range(4):
        subprocess.run(EVENTS, check=True)
    for t in threads:
        t.join()
    assert not failed, failed


@pytest.mark.parametrize("recording", [False, True], ids=["serve", "serve --record"])
def test_exporter(exporter, tmp_path, recording):
    run = str(tmp_path / "run")
    # segments end, old ones go, the state is dumped again and again
    extra = ["--record", f"{tmp_path}/d/", "--segment-size", "16K", "--max-size", "256K",
             "--checkpoint", "16K"] if recording else []
    serve = exporter(*extra, PROBATE_RUN=run)
    all_at_once((scrapes, serve), (scrapes, serve), (asked, run))
    serve.run.send_signal(signal.SIGTERM)
    serve.run.wait(PATIENCE)
    said = serve.end(code=serve.run.returncode)
    assert serve.run.returncode in (0, 4), said
    assert not RACE.search(said), said


def test_recorder(left_out, tmp_path):
    if left_out:
        pytest.skip(left_out)
    proc = subprocess.Popen([PROBATE, "record", f"{tmp_path}/d/", "--segment-size", "16K",
                             "--max-size", "256K", "--checkpoint", "16K"], stdin=subprocess.DEVNULL,
                            stderr=subprocess.PIPE, text=True,
                            env=dict(os.environ, PROBATE_RUN=str(tmp_path)))
    said = ""
    try:
        while "recording to" not in said:
            line = proc.stderr.readline()
            assert line, said
            said += line
        all_at_once((asked, str(tmp_path)))
        proc.send_signal(signal.SIGTERM)
        proc.send_signal(signal.SIGTERM)
        said += proc.communicate(timeout=PATIENCE)[1]
        assert proc.returncode in (0, 4) and not RACE.search(said), (proc.returncode, said)
    finally:
        proc.kill()
        proc.wait()
        proc.stderr.close()
