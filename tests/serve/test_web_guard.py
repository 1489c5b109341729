"""Who may: passwords, TLS, certificates of clients; and what holds against those who may not."""
import base64
import concurrent.futures
import contextlib
import http.client
import os
import socket
import ssl
import subprocess
import sys
import threading
import time

import pytest

from web_client import (CHEAP, DEAR, PATIENCE, SECOND, SLOW, await_true, certificates, config,  # noqa: F401
                        driver, read_all, refusal)

CONN_MAX = 64  # web_priv.h


def basic(user, password):
    said = f"{user}:{password}".encode()
    return {"Authorization": "Basic " + base64.b64encode(said).decode()}


# ---- passwords ----------------------------------------------------------------------------------------

def test_passwords(driver, config):
    d = driver("--config", config(f"basic_auth_users:\n  alice: {CHEAP}\n  bob: '{SECOND}'\n"))
    for headers in basic("alice", "right"), basic("bob", "second"):
        for path in "/metrics", "/", "/-/healthy":
            assert d.get(path, headers)[0] == 200
        assert d.get("/nothing", headers)[0] == 404
    wrong = [{}, basic("bob", "right"), basic("carol", "right"), basic("alice", ""),
             basic("", ""), basic("alice", "right "), basic("Alice", "right"),
             basic("alice", "x" * 5000), basic("alice", "right\0"),
             {"Authorization": "Basic !!!"}, {"Authorization": "Basic"},
             {"Authorization": "Basic " + base64.b64encode(b"alice").decode()},
             {"Authorization": "Bearer " + base64.b64encode(b"alice:right").decode()}]
    for headers in wrong:
        for path in "/metrics", "/nothing", "/-/ready":
            status, got, body = d.get(path, headers)
            assert status == 401 and b"page" not in body
            assert got["WWW-Authenticate"].startswith("Basic realm=")
    assert d.get(headers=basic("alice", "right"))[0] == 200


def test_a_password_is_computed_once(driver, config):
    d = driver("--config", config(f"basic_auth_users: {{alice: {DEAR}}}"))
    assert d.get(headers=basic("alice", "right"))[0] == 200
    before = cpu_s(d)
    for _ in range(300):
        assert d.get(headers=basic("alice", "right"))[0] == 200
    assert cpu_s(d) - before < 2.5  # of bcrypts they would be 15 seconds


def cpu_s(d):
    with open(f"/proc/{d.proc.pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Flood:
    """Wrong passwords, as fast as they are answered, from one address or from several."""

    def __init__(self, d, users, addresses=("127.0.0.1",), clients=8):
        self.d, self.counts, self.stop = d, {}, threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(
            f"{users[n % len(users)]}:{n}.%d", addresses[n % len(addresses)])) for n in range(clients)]
        for t in self.threads:
            t.start()

    def run(self, said, address):
        n = 0
        while not self.stop.is_set():
            n += 1
            with contextlib.suppress(OSError, http.client.HTTPException):
                status = ask(self.d, said % n, address)
                self.counts[status] = self.counts.get(status, 0) + 1

    def end(self):
        self.stop.set()
        for t in self.threads:
            t.join()


def ask(d, said, address="127.0.0.1", timeout=PATIENCE):
    c = http.client.HTTPConnection(d.host, d.port, timeout=timeout, source_address=(address, 0))
    with contextlib.closing(c):
        c.request("GET", "/metrics", headers=basic(*said.split(":", 1)))
        return c.getresponse().status


@pytest.mark.parametrize("users,addresses,clients,address", [
    (("bob", "nobody"), ("127.0.0.1",), 8, "127.0.0.1"),   # for others, from where we ask
    (("alice",), ("127.0.0.1",), 40, "127.0.0.2"),         # for us, from another address
    (("alice",), ("127.0.0.1",), 8, "127.0.0.1"),          # for us, from where we ask
    (("alice", "bob"), [f"127.0.0.{n}" for n in range(3, 40)], 40, "127.0.0.2")],
    ids=["user", "address", "both", "many"])
def test_a_flood_of_wrong_passwords(driver, config, users, addresses, clients, address):
    """The right one, never said before, is let in all the same; once known it does not wait."""
    d = driver("--config", config(f"basic_auth_users:\n  alice: {DEAR}\n  bob: '{DEAR}'\n"))
    flood = Flood(d, users, addresses, clients)
    try:
        await_true(lambda: flood.counts.get(401, 0) > 12)  # more than is given ahead
        end = time.monotonic() + 2 * PATIENCE
        got = []
        while 200 not in got:
            assert time.monotonic() < end, got
            got.append(ask(d, "alice:right", address))
        before = dict(flood.counts)
        assert [ask(d, "alice:right", a) for a in (address, "127.0.0.1") * 20] == [200] * 40
        await_true(lambda: flood.counts != before)  # it was there all the time
    finally:
        flood.end()
    assert set(flood.counts) <= {401, 429} and set(got[:-1]) <= {429}


def test_a_wrong_password_is_computed_once(driver, config):
    d = driver("--config", config(f"basic_auth_users: {{alice: {DEAR}}}"))
    assert d.get(headers=basic("alice", "wrong"))[0] == 401
    before = cpu_s(d)
    for _ in range(300):
        assert d.get(headers=basic("alice", "wrong"))[0] == 401
    assert cpu_s(d) - before < 2.5


def test_pages_go_out_while_a_password_is_computed(driver, config):
    d = driver("--config", config(f"basic_auth_users: {{alice: {DEAR}, bob: {SLOW}}}"))
    assert d.get(headers=basic("alice", "right"))[0] == 200
    waits = threading.Thread(target=d.get, kwargs={"headers": basic("bob", "wrong")})
    waits.start()
    n = 0
    while waits.is_alive():
        assert d.get(headers=basic("alice", "right"))[0] == 200
        n += 1
    assert n > 3


# ---- TLS ------------------------------------------------------------------------------------------------

def server(c, more=""):
    return f"tls_server_config:\n  cert_file: {c['server.crt']}\n  key_file: {c['server.key']}\n" \
        + "".join(f"  {line}\n" for line in more.splitlines())


def test_tls(driver, certificates, config):
    d = driver("--config", config(server(certificates)))
    assert d.url.startswith("https://127.0.0.1:")
    context = certificates.context()
    assert d.get(context=context)[0] == 200
    with contextlib.closing(d.connection(context)) as c:
        for _ in range(5):
            c.request("GET", "/metrics", headers={"Accept-Encoding": "gzip"})
            assert c.getresponse().read()
        assert c.sock.version() == "TLSv1.3"
    d.tell("size 3000000")
    assert len(d.get(context=context)[2]) >= 3000000


def test_tls_wants_tls(driver, certificates, config):
    d = driver("--config", config(server(certificates)))
    for data in (b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", os.urandom(3000), b"\x16\x03\x01",
                 b"\x16\x03\x01\xff\xff" + os.urandom(70000), b"\x16\x03\x01\x00\x05\x01\x00\x00\x01"):
        with d.socket() as s:
            with contextlib.suppress(OSError):
                s.sendall(data)
                s.shutdown(socket.SHUT_WR)
            assert b"HTTP" not in read_all(s)
    assert d.get(context=certificates.context())[0] == 200


def negotiated(d, context):
    with d.socket() as s, context.wrap_socket(s, server_hostname=d.host) as t:
        return t.version()


def test_versions(driver, certificates, config):
    new = certificates.context()
    old = certificates.context()
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    d = driver("--config", config(server(certificates)))
    assert negotiated(d, new) == "TLSv1.3" and negotiated(d, old) == "TLSv1.2"
    d = driver("--config", config(server(certificates, "min_version: TLS13")))
    assert negotiated(d, new) == "TLSv1.3"
    with pytest.raises((ssl.SSLError, ConnectionError)):
        negotiated(d, old)
    d = driver("--config", config(server(certificates, "max_version: TLS12")))
    assert negotiated(d, new) == "TLSv1.2"
    old.set_ciphers("AES128-SHA256")  # no forward secrecy
    with pytest.raises((ssl.SSLError, ConnectionError)):
        negotiated(d, old)


def allowed(d, certificates, client):
    """Does a client with this certificate get a page?"""
    try:
        return d.get(context=certificates.context(client))[0] == 200
    except (ssl.SSLError, ConnectionError, http.client.BadStatusLine):
        return False


@pytest.mark.parametrize("kind,who", [
    ("NoClientCert", {None, "client", "stranger", "expired", "server"}),
    ("RequestClientCert", {None, "client", "stranger", "expired", "server"}),
    ("RequireAnyClientCert", {"client", "stranger", "expired", "server"}),
    ("VerifyClientCertIfGiven", {None, "client"}),
    ("RequireAndVerifyClientCert", {"client"})])
@pytest.mark.parametrize("version", ["TLS12", "TLS13"])
def test_certificates_of_clients(driver, certificates, config, kind, who, version):
    ca = "client_ca_file: " + certificates["ca.crt"] if "Verify" in kind else ""
    d = driver("--config", config(server(
        certificates, f"client_auth_type: {kind}\nmax_version: {version}\n{ca}")))
    got = {c for c in (None, "client", "stranger", "expired", "server")
           if allowed(d, certificates, c)}
    if not ca:  # which ones a client sends when the server names no authority is its own affair
        assert got == who
    assert got == who
    # the pages of who was refused were never made
    assert d.requests()[1] == len(who)


@pytest.mark.parametrize("sans,fits", [
    ("[scraper.example]", True), ("[x, 192.0.2.7]", True), ("['spiffe://example/scraper']", True),
    ("[example]", False), ("[SCRAPER.example]", False), ("['']", False), ("[client]", False)])
def test_names_of_clients(driver, certificates, config, sans, fits):
    d = driver("--config", config(server(
        certificates, "client_auth_type: RequireAndVerifyClientCert\nclient_allowed_sans: "
                      f"{sans}\nclient_ca_file: {certificates['ca.crt']}")))
    assert allowed(d, certificates, "client") == fits
    assert not allowed(d, certificates, "stranger") and not allowed(d, certificates, None)


def test_text_instead_of_files(driver, certificates, config):
    def block(name, file):
        with open(certificates[file]) as f:
            return f"{name}: |\n" + "".join("  " + line for line in f)

    text = block("cert", "server.crt") + block("key", "server.key") + \
        block("client_ca", "ca.crt") + "client_auth_type: RequireAndVerifyClientCert\n"
    d = driver("--config", config("tls_server_config:\n" +
                                  "".join("  " + line + "\n" for line in text.splitlines())))
    assert allowed(d, certificates, "client") and not allowed(d, certificates, None)


def test_paths_beside_the_configuration(driver, certificates):
    path = certificates["web.yml"]
    with open(path, "w") as f:
        f.write("tls_server_config: {cert_file: server.crt, key_file: ./server.key}\n")
    d = driver("--config", path)
    assert d.get(context=certificates.context())[0] == 200


def test_tls_and_passwords_together(driver, certificates, config):
    d = driver("--config", config(server(certificates) + f"basic_auth_users: {{a: {CHEAP}}}"))
    assert d.get(headers=basic("a", "right"), context=certificates.context())[0] == 200
    assert d.get(headers=basic("a", "wrong"), context=certificates.context())[0] == 401


# ---- configurations that are wrong -----------------------------------------------------------------------

@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "tls_server_config:\n",
                                  "{}", "tls_server_config: {}\nhttp_server_config: ~\n"
                                  "basic_auth_users: {}\n", "http_server_config: {http2: off}"])
def test_configurations_that_say_nothing(driver, config, text):
    assert driver("--config", config(text)).get()[0] == 200


TLS = "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n"
WRONG = [
    ("tls_config: {}", 1, "unknown key 'tls_config' in the configuration; known are "
     "tls_server_config, http_server_config, basic_auth_users"),
    (TLS + "  cert_fil: x", 4, "unknown key 'cert_fil' in tls_server_config"),
    ("http_server_config:\n  headers:\n    Server: x", 3, "unknown key 'Server' in headers"),
    ("a: [", 2, "this is not YAML"),
    ("basic_auth_users:\n\tx: y", 2, "this is not YAML"),
    ("[]", 1, "the configuration takes keys with values"),
    ("- x", 1, "takes keys with values"),
    ("text", 1, "takes keys with values"),
    ("{}\n---\n{}", 3, "a second document begins here"),
    ("? [a]\n: b", 1, "a key takes one value"),
    ("http_server_config: {}\nhttp_server_config: {}", 2, "given twice"),
    (TLS + "  key_file: server.key", 4, "given twice"),
    (TLS + "  cert: x", 4, "cert is given, too, in line 2"),
    (TLS + "  client_auth_type: Always", 4, "unknown client_auth_type 'Always'"),
    (TLS + "  client_auth_type: RequireAndVerifyClientCert", 4, "add client_ca_file"),
    (TLS + "  client_auth_type: VerifyClientCertIfGiven", 4, "add client_ca_file"),
    (TLS + "  client_ca_file: ca.crt", 4, "no client_auth_type"),
    (TLS + "  client_ca_file: server.key\n  client_auth_type: RequireAndVerifyClientCert", 4,
     "holds no certificate of an authority"),
    (TLS + "  client_ca_file: nothing\n", 4, "client_ca_file: cannot read"),
    (TLS + "  client_allowed_sans: [x]", 4, "names in certificates that nobody verified"),
    (TLS + "  client_allowed_sans: x", 4, "takes a list"),
    (TLS + "  client_allowed_sans: [[x]]", 4, "takes one value"),
    (TLS + "  min_version: TLS14", 4, "unknown min_version 'TLS14'"),
    (TLS + "  min_version: TLS13\n  max_version: TLS12", 5, "min_version is above max_version"),
    (TLS + "  cipher_suites: [TLS_AES_128_GCM_SHA256]", 4, "cipher_suites is not taken here"),
    (TLS + "  prefer_server_cipher_suites: true", 4, "is not taken here"),
    (TLS + "  curve_preferences: [X25519]", 4, "is not taken here"),
    ("tls_server_config:\n  cert_file: server.crt", 2, "has no private key: add key_file"),
    ("tls_server_config:\n  key_file: server.key", 2, "has no certificate: add cert_file"),
    ("tls_server_config:\n  client_auth_type: RequestClientCert", 2, "has no certificate"),
    ("tls_server_config:\n  cert_file: nothing.crt", 2, "No such file or directory"),
    ("tls_server_config:\n  cert_file: .", 2, "it is not a file"),
    ("tls_server_config:\n  cert_file: /dev/zero", 2, "it is not a file"),
    ("tls_server_config:\n  cert_file: huge", 2, "it is larger than 1024 KiB"),
    ("tls_server_config:\n  cert_file: binary", 2, "is not text: give it in PEM"),
    ("tls_server_config:\n  cert_file: server.key\n  key_file: server.key", 2,
     "holds no certificate in PEM"),
    ("tls_server_config:\n  cert_file: server.crt\n  key_file: server.crt", 3,
     "holds no private key in PEM"),
    ("tls_server_config:\n  cert_file: server.crt\n  key_file: client.key", 2,
     "certificate and key do not fit each other"),
    ("tls_server_config:\n  cert_file: server.crt\n  key_file: locked.key", 3,
     "is encrypted, and nobody is there to give its password"),
    ("tls_server_config:\n  cert_file: server.crt\n  key: secret", 3, "the text here holds no"),
    ("http_server_config:\n  http2: 3", 2, "http2 is true or false"),
    ("http_server_config:\n  headers:\n    X-Frame-Options: allow", 3, "is deny or sameorigin"),
    ("http_server_config:\n  headers:\n    X-Content-Type-Options: sniff", 3, "is nosniff"),
    ("http_server_config:\n  headers:\n    X-XSS-Protection: \"a\\nb\"", 3, "only printable ASCII"),
    ("http_server_config:\n  headers:\n    X-XSS-Protection: \"a\\0b\"", 3, "NUL byte"),
    ("http_server_config:\n  headers:\n    X-XSS-Protection: " + "x" * 3000, 3, "2048 bytes"),
    ("basic_auth_users:\n  alice: secret", 2, "the password of 'alice' is not a bcrypt hash"),
    ("basic_auth_users:\n  a: x\n  a: y", 2, "is not a bcrypt hash"),
    (f"basic_auth_users:\n  a: {CHEAP}\n  a: {CHEAP}", 3, "given twice"),
    (f"basic_auth_users:\n  'a:b': {CHEAP}", 2, "could never log in"),
    (f"basic_auth_users:\n  a: {CHEAP[:-1]}", 2, "is not a bcrypt hash"),
    (f"basic_auth_users:\n  a: {CHEAP.replace('05', '16')}", 2, "costs too much (at most 15)"),
    (f"basic_auth_users:\n  a: {CHEAP.replace('05', '99')}", 2, "costs too much"),
    (f"basic_auth_users:\n  a: {CHEAP.replace('2y', '2x')}", 2, "is not a bcrypt hash"),
    ("basic_auth_users:\n  a: $6$rounds=5000$abc$def", 2, "is not a bcrypt hash"),
    ("basic_auth_users:\n" + "".join(f"  u{n}: {CHEAP}\n" for n in range(257)), 258,
     "at most 256 users"),
]


@pytest.mark.parametrize("text,line,said", WRONG, ids=range(len(WRONG)))
def test_a_wrong_configuration_is_told(refusal, certificates, text, line, said):
    path = certificates["wrong.yml"]
    with open(path, "w") as f:
        f.write(text + "\n")
    for name, size in ("huge", 1 << 21), ("binary", 100):
        with open(certificates[name], "wb") as f:
            f.write(b"\0" * size)
    code, sentence = refusal("--listen", "127.0.0.1:0", "--config", path)
    assert code == 2
    assert sentence.startswith(f"{path}:{line}: ") and said in sentence
    assert "secret" not in sentence


def test_a_configuration_that_cannot_be_read(refusal, certificates, tmp_path):
    for path, said in ((tmp_path / "nothing", "No such file"), (tmp_path, "it is not a file"),
                       ("/dev/zero", "it is not a file")):
        code, sentence = refusal("--listen", "127.0.0.1:0", "--config", str(path))
        assert code == 2 and said in sentence and str(path) in sentence
    path = tmp_path / "bytes"
    path.write_bytes(b"tls_server_config: \xff\xfe\n")
    code, sentence = refusal("--listen", "127.0.0.1:0", "--config", str(path))
    assert code == 2 and "it is not UTF-8 text" in sentence
    path.write_bytes(b"#" * (1 << 20) + b"#")
    code, sentence = refusal("--listen", "127.0.0.1:0", "--config", str(path))
    assert code == 2 and "larger than 1024 KiB" in sentence


# ---- floods --------------------------------------------------------------------------------------------------

def test_memory_stays_bounded_under_a_flood(driver):
    d = driver()
    d.tell("size 150000")

    def scrape(n):
        with contextlib.closing(d.connection()) as c:
            for i in range(125):
                c.request("GET", "/metrics" if i % 5 else "/",
                          headers={"Accept-Encoding": "gzip"} if i % 2 else {})
                assert c.getresponse().read()

    def flood():
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            list(pool.map(scrape, range(16)))

    flood()
    before = d.rss_kib()
    flood()
    assert d.requests()[1] == 4000
    assert d.rss_kib() < before + 8192


def test_idle_connections_keep_nobody_out(driver):
    d = driver()
    held = []
    try:
        for n in range(6 * CONN_MAX):
            s = d.socket()
            held.append(s)
            if n % 2:
                s.sendall(b"GET /metrics HTTP/1.1\r\nHost:")
            if n % CONN_MAX == CONN_MAX - 1:
                assert d.get()[0] == 200
        assert len(os.listdir(f"/proc/{d.proc.pid}/fd")) < CONN_MAX + 20
    finally:
        for s in held:
            s.close()
    assert d.get()[0] == 200


def test_who_does_not_read_keeps_nobody_out(driver):
    d = driver()
    d.tell("size 8000000")
    held = []
    try:
        for _ in range(CONN_MAX):
            s = socket.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.settimeout(PATIENCE)
            s.connect((d.host, d.port))
            s.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            held.append(s)
        d.tell("size 200")
        assert d.get()[0] == 200
        assert d.rss_kib() < 1024 * 1024
    finally:
        for s in held:
            s.close()


def test_what_takes_too_long_ends(driver, certificates, config):
    """A byte a second, in the open and within TLS; a handshake that never ends; a page that never comes."""
    plain, tls = driver(), driver("--config", config(server(certificates)))
    plain.tell("hold")
    waiting = plain.socket(20)
    waiting.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    slow = [plain.socket(20), certificates.context().wrap_socket(tls.socket(20),
                                                                 server_hostname=tls.host)]
    silent = [plain.socket(20), tls.socket(20)]
    silent[1].sendall(b"\x16\x03\x01\x02\x00\x01")
    began = time.monotonic()
    ended = {}
    for s in slow:
        s.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nX: ")
    while len(ended) < 2 and time.monotonic() - began < 15:
        time.sleep(0.5)
        for s in slow:
            try:
                s.sendall(b"a")
            except (OSError, ssl.SSLError):
                ended.setdefault(s, time.monotonic() - began)
    assert len(ended) == 2 and all(8 < t < 13 for t in ended.values()), list(ended.values())
    for s in silent:
        assert read_all(s) == b""
        s.close()
    assert waiting.recv(4096).startswith(b"HTTP/1.1 503 ")
    assert time.monotonic() - began < 15
    plain.tell("go")
    assert plain.get()[0] == 200
    for s in [waiting, *slow]:
        s.close()


def test_hostile_flood_over_tls(driver, certificates, config):
    d = driver("--config", config(server(certificates)))
    context = certificates.context()
    assert d.get(context=context)[0] == 200

    def attack(n):
        for i in range(40):
            with d.socket() as s:
                if i % 3 == 0:
                    s.sendall(os.urandom(300))
                elif i % 3 == 1:
                    s.sendall(b"\x16\x03\x01\x01\x00\x01\x00\x00\xfc\x03\x03")
                else:
                    with contextlib.suppress(OSError, ssl.SSLError):
                        ssl.create_default_context().wrap_socket(s, server_hostname="wrong")
        return n

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(attack, range(8)))
    before = d.rss_kib()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(attack, range(8)))
    assert d.get(context=context)[0] == 200
    assert d.rss_kib() < before + 8192


def test_descriptors_run_out(driver):
    """Neither a busy loop nor an end when accept() fails."""
    limit = (sys.executable, "-c", "import os, resource, sys\n"
             "resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))\n"
             "os.execv(sys.argv[1], sys.argv[1:])")
    d = driver(wrap=limit)
    held = [d.socket() for _ in range(40)]
    assert d.tell("ready") == "ok"
    before = cpu_s(d)
    time.sleep(0.5)
    assert cpu_s(d) - before < 0.2
    for s in held:
        s.close()
    await_true(lambda: _gets(d))


def _gets(d):
    with contextlib.suppress(OSError, http.client.HTTPException):
        return d.get()[0] == 200
    return False


def test_who_stalls_costs_nothing(driver, certificates, config):
    plain, tls = driver(), driver("--config", config(server(certificates)))
    plain.tell("size 8000000")
    hello = ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        certificates.context().wrap_bio(ssl.MemoryBIO(), hello).do_handshake()
    hello = hello.read()
    held = []
    for d, data in ((plain, b""), (plain, b"\0" * 100), (plain, b"\r\n" * 100),
                    (plain, b"GET /metrics HTTP/1.1\r\nHost: x\r\nA"),
                    (plain, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"),
                    (plain, b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx"),
                    (tls, b""), (tls, b"\x16\x03"), (tls, hello[:50]), (tls, hello)):
        for half_closed in False, True:
            s = d.socket()
            held.append(s)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.sendall(data)
            if half_closed:
                s.shutdown(socket.SHUT_WR)
    assert plain.get("/-/healthy")[0] == 200
    assert tls.get(context=certificates.context())[0] == 200
    before = cpu_s(plain), cpu_s(tls)
    time.sleep(1)
    assert cpu_s(plain) - before[0] < 0.3 and cpu_s(tls) - before[1] < 0.3
    for s in held:
        s.close()


def test_what_it_costs_to_wait(driver):
    d = driver()
    assert d.get()[0] == 200
    before = cpu_s(d)
    time.sleep(1)
    assert cpu_s(d) == before
    status = subprocess.run(["cat", f"/proc/{d.proc.pid}/status"], capture_output=True, text=True,
                            check=True).stdout
    assert "Threads:\t2\n" in status
