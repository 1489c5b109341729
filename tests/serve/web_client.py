"""What the tests of the HTTP side share: the driver as a process, certificates, raw requests, fixtures."""
import contextlib
import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
import time

import pytest

from conftest import BROKEN, ROOT, Lines

DRIVER = os.path.join(os.environ.get("TOOLS", os.path.join(ROOT, "build/tests")), "web_driver")
PATIENCE = 30.0
# what was freed is kept for a while by the sanitizer: not so much that memory seems to grow
ASAN = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"
# bcrypt of "right" at two costs, and of "second"
CHEAP = "$2y$05$abcdefghijklmnopqrstuu8xaCxxL82bnl.UY74PMksDxIJShppPC"
DEAR = "$2b$10$abcdefghijklmnopqrstuu1VS0P7v3ZJmd2gzBFIzgfN7OOl6Rl52"
SLOW = "$2b$13$abcdefghijklmnopqrstuu1VS0P7v3ZJmd2gzBFIzgfN7OOl6Rl52"  # of nothing: takes half a second
SECOND = "$2a$04$zyxwvutsrqponmlkjihgfuCxXxx13O80ZtlsjiqvuA0W38x4k1lcG"


class Driver:
    """The HTTP side with pages that are made up."""

    def __init__(self, *args, env=None, wrap=(), fds=()):
        if "--systemd" not in args and "--listen" not in args:
            args = ("--listen", "127.0.0.1:0", *args)
        self.proc = subprocess.Popen([*wrap, DRIVER, *args], stdin=subprocess.PIPE, pass_fds=fds,
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                     env=dict(os.environ, ASAN_OPTIONS=ASAN, **(env or {})))
        self.out = Lines(self.proc.stdout)
        self.err = Lines(self.proc.stderr)
        self.said = 1
        assert self.out.wait(lambda lines: lines), f"no start: {self.err.lines}"
        self.url = self.out.lines[0]
        found = re.match(r"https?://(.*):(\d+)/", self.url)
        if found:
            self.host, self.port = found[1].strip("[]"), int(found[2])

    def tell(self, line):
        """One command; its answer."""
        self.proc.stdin.write(line + "\n")
        self.proc.stdin.flush()
        self.said += 1
        assert self.out.wait(lambda lines: len(lines) >= self.said), self.err.lines
        return self.out.lines[self.said - 1]

    def rss_kib(self):
        return int(self.tell("rss"))

    def requests(self):
        """Answered ones: [1xx, 2xx, 3xx, 4xx, 5xx]."""
        return [int(n) for n in self.tell("requests").split()]

    def socket(self, timeout=PATIENCE):
        return socket.create_connection((self.host, self.port), timeout)

    def connection(self, context=None, timeout=PATIENCE):
        if context:
            return http.client.HTTPSConnection(self.host, self.port, timeout=timeout,
                                               context=context)
        return http.client.HTTPConnection(self.host, self.port, timeout=timeout)

    def get(self, path="/metrics", headers=None, method="GET", body=None, context=None):
        """(status, headers, body) over a connection of its own."""
        with contextlib.closing(self.connection(context)) as c:
            c.request(method, path, body=body, headers=headers or {})
            r = c.getresponse()
            return r.status, r.headers, r.read()

    def end(self):
        self.proc.stdin.close()
        try:
            code = self.proc.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.proc.kill()
            self.proc.wait()
            code = "none: it did not end"
        self.out.thread.join(2)
        self.err.thread.join(2)
        told = "\n".join(self.err.lines)
        self.proc.stdout.close()
        self.proc.stderr.close()
        assert code == 0 and not BROKEN.search(told), f"driver: exit {code}: {told[-3000:]}"


def refused(*args, env=None, wrap=(), fds=()):
    """A start that must not succeed: (exit code, sentence)."""
    done = subprocess.run([*wrap, DRIVER, *args], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=PATIENCE, pass_fds=fds,
                          env=dict(os.environ, **(env or {})))
    assert not BROKEN.search(done.stderr), done.stderr[-3000:]
    lines = done.stderr.splitlines()
    assert len(lines) == 1 and lines[0].startswith("probate: "), done.stderr
    return done.returncode, lines[0][len("probate: "):]


def read_all(s):
    """Until the other side closes."""
    got = b""
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while True:
            part = s.recv(65536)
            if not part:
                break
            got += part
    return got


def await_true(what, timeout=PATIENCE):
    until = time.monotonic() + timeout
    while not what():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.01)


# ---- certificates -------------------------------------------------------------------------------

def openssl(*args):
    subprocess.run(["openssl", *args], check=True, capture_output=True, timeout=60)


class Certificates:
    """Two authorities; a server and clients of the first, a client of the other one."""

    def __init__(self, where):
        self.dir = str(where)
        for ca in ("ca", "otherca"):
            openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-keyout", self[f"{ca}.key"], "-out", self[f"{ca}.crt"],
                    "-subj", f"/CN={ca}", "-days", "2")
        self.issue("server", "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth")
        self.issue("client", "subjectAltName=DNS:scraper.example,IP:192.0.2.7,"
                             "URI:spiffe://example/scraper\nextendedKeyUsage=clientAuth")
        self.issue("stranger", "subjectAltName=DNS:scraper.example\nextendedKeyUsage=clientAuth",
                   ca="otherca")
        self.issue("expired", "extendedKeyUsage=clientAuth", days=-1)
        openssl("pkey", "-in", self["server.key"], "-aes128", "-passout", "pass:x",
                "-out", self["locked.key"])

    def __getitem__(self, name):
        return os.path.join(self.dir, name)

    def issue(self, name, extensions, ca="ca", days=2):
        with open(self["ext"], "w") as f:
            f.write(extensions)
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", self[f"{name}.key"], "-out", self["csr"], "-subj", f"/CN={name}")
        openssl("x509", "-req", "-in", self["csr"], "-CA", self[f"{ca}.crt"],
                "-CAkey", self[f"{ca}.key"], "-CAcreateserial", "-out", self[f"{name}.crt"],
                "-days", str(days), "-extfile", self["ext"])

    def context(self, client=None):
        """Of a client that verifies the server; with a certificate of its own."""
        c = ssl.create_default_context(cafile=self["ca.crt"])
        if client:
            c.load_cert_chain(self[f"{client}.crt"], self[f"{client}.key"])
        return c


# ---- fixtures, imported by the tests ---------------------------------------------------------------

def driver_obstacle():
    return None if os.access(DRIVER, os.X_OK) else f"{DRIVER} is not built (no `serve` here?)"


@pytest.fixture
def driver():
    """driver(*args) starts the HTTP side; it is ended with the test."""
    if driver_obstacle():
        pytest.skip(driver_obstacle())
    started = []

    def start(*args, **how):
        started.append(Driver(*args, **how))
        return started[-1]

    yield start
    for one in started:
        one.end()


@pytest.fixture
def refusal():
    if driver_obstacle():
        pytest.skip(driver_obstacle())
    return refused


@pytest.fixture
def config(tmp_path):
    """config(text) writes a --web.config.file; its path."""
    def write(text):
        path = tmp_path / "web.yml"
        path.write_text(text)
        return str(path)
    return write


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    return Certificates(tmp_path_factory.mktemp("certificates"))
