"""Requests: pages, formats, headers, what is refused, sockets and the service manager."""
import concurrent.futures
import contextlib
import gzip
import os
import socket
import sys
import threading

import pytest

from web_client import PATIENCE, await_true, config, driver, read_all, refusal  # noqa: F401

PROMETHEUS = ("application/openmetrics-text;version=1.0.0,application/openmetrics-text;"
              "version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1")
TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPEN = "application/openmetrics-text; version=1.0.0; charset=utf-8"


@pytest.mark.parametrize("accept,wanted", [
    (None, TEXT), ("*/*", TEXT), (PROMETHEUS, OPEN), ("application/openmetrics-text", OPEN),
    ("text/html,application/xhtml+xml,*/*;q=0.8", TEXT), ("nonsense;;;q=,,", TEXT)])
def test_the_format_is_negotiated(driver, accept, wanted):
    d = driver()
    status, headers, body = d.get(headers={"Accept": accept} if accept else {})
    assert (status, headers["Content-Type"]) == (200, wanted)
    assert body.startswith(b"# page openmetrics" if wanted == OPEN else b"# page text")
    assert "Accept" in headers["Vary"]


def test_the_pages(driver):
    d = driver()
    status, headers, body = d.get("/")
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert body.startswith(b"# page landing")
    assert "script" not in headers["Content-Security-Policy"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff" and headers["X-Frame-Options"] == "deny"
    assert d.get("/metrics?name=x")[0] == 200
    for path in "/nothing", "/metrics/", "/-/", "//", "/%2e%2e/etc/passwd", "/metric":
        assert d.get(path)[0] == 404
    assert d.requests() == [0, 2, 0, 6, 0]


def test_the_metrics_may_be_elsewhere(driver, refusal):
    d = driver("--path", "/")
    assert d.get("/")[2].startswith(b"# page text")
    assert d.get("/metrics")[0] == 404
    for path in "metrics", "/-/ready", "/a?b", "/a b", "/a\n", "/" + "x" * 300, "":
        code, said = refusal("--listen", "127.0.0.1:0", "--path", path)
        assert code == 2 and "path of the metrics" in said


def test_health_and_readiness(driver):
    d = driver()
    assert d.get("/-/healthy")[::2] == (200, b"healthy\n")
    assert d.get("/-/ready")[::2] == (503, b"starting\n")
    d.tell("ready")
    assert d.get("/-/ready")[::2] == (200, b"ready\n")
    d.tell("unready events were lost")
    assert d.get("/-/ready")[::2] == (503, b"events were lost\n")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "FOO"])
def test_other_methods(driver, method):
    status, headers, _ = driver().get(method=method)
    assert status == 405 and headers["Allow"] == "GET, HEAD"


def test_head(driver):
    d = driver()
    length = d.get()[1]["Content-Length"]
    status, headers, body = d.get(method="HEAD")
    assert (status, headers["Content-Length"], body) == (200, length, b"")
    assert d.get("/", method="HEAD")[0] == 200
    assert d.get("/nothing", method="HEAD")[0] == 404


def test_bodies_are_refused(driver):
    d = driver()
    assert d.get(body=b"x" * 10)[0] == 413
    for request in (b"Content-Length: 1000000000\r\n", b"Transfer-Encoding: chunked\r\n",
                    b"Content-Length: 5\r\nExpect: 100-continue\r\n"):
        with d.socket() as s:
            s.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n" + request + b"\r\n")
            assert read_all(s).startswith(b"HTTP/1.1 413 ")
    with d.socket() as s:
        s.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close"
                  b"\r\n\r\n")
        assert read_all(s).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("encoding,packed", [
    ("gzip", True), ("deflate, gzip;q=1.0, *;q=0.5", True), ("*", True), ("identity", False),
    ("gzip;q=0", False), ("*;q=0", False), ("gzip;q=0, *", False)])
def test_gzip(driver, encoding, packed):
    d = driver()
    d.tell("size 100000")
    _, headers, body = d.get(headers={"Accept-Encoding": encoding})
    assert (headers["Content-Encoding"] == "gzip") == packed
    assert len(body) == int(headers["Content-Length"])
    if packed:
        assert len(body) < 50000
        body = gzip.decompress(body)
    assert body.startswith(b"# page text 1\n") and len(body) >= 100000 and body.endswith(b"\n")


def test_a_connection_is_kept(driver):
    d = driver()
    c = d.connection()
    for n in range(1, 50):
        c.request("GET", "/metrics")
        assert c.getresponse().read().startswith(b"# page text %d\n" % n)
    c.close()
    with d.socket() as s:  # several at once
        s.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 3 +
                  b"GET /-/healthy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        got = read_all(s)
        assert got.count(b"HTTP/1.1 200 OK") == 4 and got.endswith(b"healthy\n")


def test_who_waits_gets_one_page_and_none_from_before(driver):
    d = driver()
    d.tell("hold")
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        plain = [pool.submit(d.get) for _ in range(8)]
        packed = [pool.submit(d.get, headers={"Accept-Encoding": "gzip"}) for _ in range(4)]
        c = d.connection()
        await_true(lambda: sum(f.running() for f in plain + packed) == 12)
        c.request("GET", "/-/healthy")  # does not wait for any page
        assert c.getresponse().read() == b"healthy\n"
        d.tell("go")
        bodies = [f.result(PATIENCE)[2] for f in plain]
        bodies += [gzip.decompress(f.result(PATIENCE)[2]) for f in packed]
    numbers = {int(b.split(b"\n")[0].split()[-1]) for b in bodies}
    assert len(numbers) <= 3
    assert int(d.get()[2].split(b"\n")[0].split()[-1]) == max(numbers) + 1


def test_the_end_comes_while_clients_wait(driver):
    d = driver()
    d.tell("hold")
    waiting = [d.socket() for _ in range(5)]
    for s in waiting:
        s.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
    idle = d.socket()
    assert d.get("/-/healthy")[0] == 200  # all of them were read by now
    d.end()
    for s in [*waiting, idle]:
        read_all(s)
        s.close()
    d.end = lambda: None


def test_configured_headers(driver, config):
    d = driver("--config", config("""
http_server_config:
  http2: false
  headers:
    Strict-Transport-Security: max-age=31536000
    X-Frame-Options: sameorigin
    Content-Security-Policy: "default-src 'self'"
    X-XSS-Protection: 1; mode=block
    X-Content-Type-Options: ""
"""))
    for path in "/", "/metrics", "/nothing", "/-/ready":
        headers = d.get(path)[1]
        assert headers["Strict-Transport-Security"] == "max-age=31536000"
        assert headers.get_all("X-Frame-Options") == ["sameorigin"]
        assert headers.get_all("Content-Security-Policy") == ["default-src 'self'"]
        assert headers["X-XSS-Protection"] == "1; mode=block"
        assert headers["X-Content-Type-Options"] is None


# ---- addresses ------------------------------------------------------------------------------------

def test_several_addresses(driver):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    d = driver("--listen", "127.0.0.1:0", "--listen", f"localhost:{port}")
    assert d.url == f"http://127.0.0.1:{d.port}/metrics"
    assert d.get()[0] == 200
    d.host, d.port = "127.0.0.1", port
    assert d.get()[0] == 200


def test_ipv6(driver):
    try:
        with socket.socket(socket.AF_INET6) as s:
            s.bind(("::1", 0))
    except OSError:
        pytest.skip("no IPv6 here")
    d = driver("--listen", "[::1]:0")
    assert d.url.startswith("http://[::1]:")
    assert d.get()[0] == 200


@pytest.mark.parametrize("address", [
    "9977", "localhost", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "::1:9977", "[::1]",
    "[127.0.0.1]:9977", "127.0.0.1:-1", "[::1:9977", "a" * 300 + ":1", ""])
def test_what_is_no_address(refusal, address):
    code, said = refusal("--listen", address)
    assert code == 2 and "is no address to listen on: give ADDRESS:PORT" in said


def test_addresses_that_cannot_be_had(driver, refusal):
    d = driver()
    code, said = refusal("--listen", f"127.0.0.1:{d.port}")
    assert code == 3 and "in use" in said and f"`probate port {d.port}` says who has it" in said
    code, said = refusal("--listen", "192.0.2.1:0")
    assert code == 3 and "no interface of this machine has that address" in said
    code, said = refusal("--listen", "no-such-name.invalid:1")
    assert code == 3 and "no-such-name.invalid" in said


# ---- systemd ------------------------------------------------------------------------------------------

# what systemd does before it starts a service: descriptor 3 and on, and who they are for
WRAP = (sys.executable, "-c", """
import os, sys
fds = [int(n) for n in sys.argv[1].split(",") if n]
high = [os.dup2(fd, 100 + i) for i, fd in enumerate(fds)]
for i, fd in enumerate(high):
    os.dup2(fd, 3 + i, inheritable=True)
os.environ.setdefault("LISTEN_PID", str(os.getpid()))
os.environ.setdefault("LISTEN_FDS", str(len(fds)))
os.execv(sys.argv[2], sys.argv[2:])
""")


def handed(*sockets):
    fds = [s.fileno() for s in sockets]
    return {"wrap": (*WRAP, ",".join(map(str, fds))), "fds": fds}


def test_sockets_of_systemd(driver):
    with socket.socket() as tcp, socket.socket(socket.AF_UNIX) as unix:
        for s, address in (tcp, ("127.0.0.1", 0)), (unix, "\0probate-test-%d" % os.getpid()):
            s.bind(address)
            s.listen()
        d = driver("--systemd", **handed(tcp, unix))
        assert d.port == tcp.getsockname()[1]
        assert d.get()[0] == 200
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(PATIENCE)
            s.connect(unix.getsockname())
            s.sendall(b"GET /-/healthy HTTP/1.0\r\n\r\n")
            assert read_all(s).endswith(b"healthy\n")
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind("\0probate-test-%d-2" % os.getpid())
        unix.listen()
        assert driver("--systemd", **handed(unix)).url == f"unix:@probate-test-{os.getpid()}-2"


def test_sockets_that_systemd_does_not_give(refusal):
    code, said = refusal("--systemd")
    assert code == 2 and "systemd gave no sockets" in said
    with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp, \
            open("/dev/null", "rb") as file:
        tcp.bind(("127.0.0.1", 0))
        for fd in tcp, udp, file:
            code, said = refusal("--systemd", **handed(fd))
            assert code == 2 and "descriptor 3 from systemd is not a listening stream" in said
        tcp.listen()
        for env in {"LISTEN_PID": "1"}, {"LISTEN_FDS": "0"}, {"LISTEN_FDS": "x"}:
            code, said = refusal("--systemd", env=env, **handed(tcp))
            assert code == 2 and "systemd gave no sockets" in said
        code, said = refusal("--systemd", env={"LISTEN_FDS": "17"}, **handed(tcp))
        assert code == 2 and "17 sockets" in said
    code, said = refusal("--systemd", "--listen", "127.0.0.1:0")
    assert code == 2 and "exclude each other" in said


@pytest.mark.parametrize("abstract", [True, False])
def test_the_service_manager_is_told(driver, tmp_path, abstract):
    name = f"\0probate-notify-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(name)
        s.settimeout(PATIENCE)
        d = driver(env={"NOTIFY_SOCKET": name.replace("\0", "@"), "WATCHDOG_USEC": "1000000"})
        assert s.recv(4096).decode() == f"READY=1\nSTATUS={d.url}\n"
        assert s.recv(4096) == b"WATCHDOG=1\n"
        d.end()
        assert s.recv(4096) == b"STOPPING=1\n"
        d.end = lambda: None


def test_a_manager_that_is_not_there(driver):
    for path in "/nonexistent/notify", "relative", "@", "/" + "x" * 200:
        d = driver(env={"NOTIFY_SOCKET": path})
        assert d.get()[0] == 200
        assert d.err.wait(lambda lines: lines)
        assert "cannot tell the service manager" in d.err.lines[0]


# ---- hostile bytes ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("request_bytes,answers", [
    (b"GET /metrics HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20000 + b"\r\n\r\n", (b"431",)),
    (b"GET /metrics HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 5000 + b"\r\n", (b"431",)),
    (b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\n\r\n", (b"414", b"431")),
    (b"GET /metrics HTTP/9.9\r\n\r\n", (b"505", b"400")),
    (b"GET /metrics HTTP/1.1\r\n\r\n", (b"400",)),
], ids=["line", "lines", "url", "version", "host"])
def test_requests_that_are_too_large_or_wrong(driver, request_bytes, answers):
    d = driver()
    with d.socket() as s:
        with contextlib.suppress(OSError):  # it may have had enough before all was sent
            s.sendall(request_bytes)
            s.shutdown(socket.SHUT_WR)
        got = read_all(s)
    # what was not read may cost the client our answer
    assert not got or got.split(b" ")[1] in answers, got[:200]
    understood = b"\r\n" in request_bytes[:200] and b"9.9" not in request_bytes
    assert not got or sum(d.requests()) == understood
    assert d.get()[0] == 200


HEAD = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n"
FOUL = [
    b"GET /metrics\0 HTTP/1.1\r\nHost: localhost\r\n", b"GET /metrics\0x HTTP/1.1\r\nHost: localhost\r\n",
    b"GET /metrics%00 HTTP/1.1\r\nHost: localhost\r\n", b"GET /-/healthy%00x HTTP/1.1\r\nHost: localhost\r\n",
    b"GET /metrics?a=\0 HTTP/1.1\r\nHost: localhost\r\n", b"GET /metrics?a=%1f HTTP/1.1\r\nHost: localhost\r\n",
    b"GET\0 /metrics HTTP/1.1\r\nHost: localhost\r\n", b"GET /\x7f HTTP/1.1\r\nHost: localhost\r\n",
    HEAD + b"A\x01b: c\r\n", HEAD + b"A\0b: c\r\n", HEAD + b"\0: c\r\n", HEAD + b": c\r\n", HEAD + b"A : c\r\n",
    HEAD + b"A: c\0d\r\n", HEAD + b"A: \x1b[2J\r\n", HEAD + b"Host: localhost\r\n",
    HEAD + b"Content-Length: 0\r\nContent-Length: 5\r\n", HEAD + b"Content-Length: 5\r\nContent-Length: 0\r\n",
    HEAD + b"Content-Length: 0\r\ncontent-length: 0\r\n", HEAD + b"Content-Length: 0, 5\r\n",
    HEAD + b"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n",
    HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
]


@pytest.mark.parametrize("head", FOUL, ids=range(len(FOUL)))
def test_what_is_no_request(driver, head):
    d = driver()
    with d.socket() as s:
        s.sendall(head + b"Connection: close\r\n\r\n")
        s.shutdown(socket.SHUT_WR)
        got = read_all(s)
    assert got.startswith(b"HTTP/1.1 400 ") and b"# page" not in got
    assert d.get()[0] == 200


@pytest.mark.parametrize("host,good", [
    ("localhost", True), ("LOCALHOST:9977", True), ("127.0.0.1:1", True), ("[::1]:9977", True),
    ("192.0.2.7", True), ("[2001:db8::1]", True), (socket.gethostname(), True),
    (socket.gethostname() + ":9977", True), ("probate", True), ("web1.example.com:9977", True),
    ("a.example.net.", True), ("evil.example", False), ("evil.example:9977", False),
    ("localhost.evil.example", False), ("127.0.0.1.evil.example", False), ("[evil.example]", False),
    ("example.net", False), ("a.example.net.evil", False), ("", False), ("localhost:x", False),
    ("localhost evil.example", False)])
def test_host_names(driver, host, good):
    """A page of others that has its name resolve to our address does not get ours."""
    d = driver("--allow", "web1.example.com", "--allow", "*.example.net")
    for path in "/metrics", "/", "/-/ready":
        status, _, body = d.get(path, {"Host": host})
        assert status != 421 if good else status == 421 and b"--web.allow-host=NAME" in body
    assert driver("--allow", "*").get(headers={"Host": "evil.example"})[0] == 200


def test_garbage(driver):
    d = driver()
    some = os.urandom(4000)
    for data in (some, b"\0" * 5000, b"\r\n" * 3000, b"\xff" * 300, b"GET\r\n\r\n",
                 b"\x16\x03\x01\x02\x00" + some, b"GET / HTTP/1.1\r\n: \r\n :\r\n\r\n",
                 b"GET /metrics\0 HTTP/1.1\r\nHost: x\r\n\r\n", b" / / / \r\n\r\n",
                 b"GET %00%ff%zz HTTP/1.1\r\nHost: x\r\n\r\n"):
        with d.socket() as s, contextlib.suppress(OSError):
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
    assert d.get()[0] == 200
    assert d.err.lines == []  # what clients do wrong fills no log


def test_clients_that_leave_in_the_middle(driver):
    d = driver()
    d.tell("hold")
    for n in range(200):
        s = d.socket()
        s.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        if n % 2:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        s.close()
        if n % 20 == 19:
            d.tell("go")
            assert d.get()[0] == 200
            d.tell("hold")
    d.tell("go")
    assert d.get()[0] == 200


def test_many_at_once_in_many_ways(driver):
    d = driver()
    wrong = []

    def scrape(n):
        for i in range(60):
            if (n + i) % 3 == 0:
                with d.socket() as s:
                    s.sendall(b"GET /metrics HT")
            elif d.get(headers={"Accept-Encoding": "gzip"} if i % 2 else {})[0] != 200:
                wrong.append(n)

    threads = [threading.Thread(target=scrape, args=(n,)) for n in range(16)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong
