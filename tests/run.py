#!/usr/bin/python3
"""Run every test: the cmocka units, fuzzing for seconds, then pytest (stories, scenes, load); sum up in one line.

run.py BUILD [PYTEST ARGS...]
run.py BUILD --fuzz SECONDS     fuzzing alone, that long each
"""
import glob
import os
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def run_units(build):
    """Each unit program speaks TAP; returns (passed, failed, skipped)."""
    total = [0, 0, 0]
    env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP")
    for path in sorted(glob.glob(os.path.join(build, "tests", "test_*"))):
        if not os.access(path, os.X_OK) or path.endswith(".d"):
            continue
        done = subprocess.run([path], env=env, cwd=ROOT, stdin=subprocess.DEVNULL, timeout=900,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        out = done.stdout.decode(errors="replace")
        failed = len(re.findall(r"^not ok", out, re.M))
        skipped = len(re.findall(r"^ok .*# SKIP", out, re.M))
        passed = len(re.findall(r"^ok", out, re.M)) - skipped
        if done.returncode and not failed:
            failed = 1  # died without saying which
        if failed:
            print(out)
        print(f"{os.path.basename(path)}: {passed} passed, {failed} failed, {skipped} skipped",
              flush=True)
        for i, n in enumerate((passed, failed, skipped)):
            total[i] += n
    return total


def fuzz_start(path, seconds, corpus):
    """One fuzz target: its seeds are replayed first; what it finds new goes to `corpus`."""
    name = os.path.basename(path)[5:]
    seeds = [os.path.join(ROOT, "tests", "fuzz", "corpus", name)]
    if name == "story":
        seeds.append(os.path.join(ROOT, "tests", "stories"))
    log = tempfile.TemporaryFile()
    args = [path, f"-max_total_time={seconds}", "-max_len=16384", "-timeout=10",
            "-rss_limit_mb=512", "-malloc_limit_mb=128", "-print_final_stats=1", "-verbosity=1",
            f"-artifact_prefix={path}-"]
    return subprocess.Popen([*args, corpus, *seeds], cwd=ROOT, stdin=subprocess.DEVNULL,
                            stdout=log, stderr=subprocess.STDOUT), name, log


def fuzz_end(process, name, log):
    """Wait; did nothing come up?  What came up is told as libFuzzer says it, and kept by it."""
    process.wait()
    log.seek(0)
    out = log.read().decode(errors="replace")
    if process.returncode:
        print(out[-12000:])
    last = re.findall(r"^#\d+\s+(?:DONE|INITED|pulse|NEW|REDUCE).*", out, re.M)[-1:]
    print(f"fuzz_{name}: {'failed' if process.returncode else 'passed'}  {' '.join(last)}", flush=True)
    return not process.returncode


def run_fuzz(build, seconds, keep=None):
    """Each target is a test, two at a time.  keep: a directory for what is found new."""
    targets = sorted(glob.glob(os.path.join(ROOT, "tests", "fuzz", "fuzz_*.c")))
    paths = [os.path.join(build, "fuzz", os.path.basename(t)[:-2]) for t in targets]
    there = [p for p in paths if os.access(p, os.X_OK)]
    missing = len(paths) - len(there)
    if missing:
        print(f"fuzz: {missing} skipped: " + ("it is of `serve`, which was left out" if there else
              "clang has no libFuzzer here (libclang-rt-dev)"), flush=True)
    paths, total, running = there, [0, 0, missing], []
    with tempfile.TemporaryDirectory() as tmp:
        for path in paths:
            corpus = os.path.join(keep or tmp, os.path.basename(path)[5:])
            os.makedirs(corpus, exist_ok=True)
            while len(running) == 2:
                done = next((r for r in running if r[0].poll() is not None), None)
                if done:
                    running.remove(done)
                    total[0 if fuzz_end(*done) else 1] += 1
                else:
                    time.sleep(0.1)
            running.append(fuzz_start(path, seconds, corpus))
        for one in running:
            total[0 if fuzz_end(*one) else 1] += 1
    return total


def run_pytest(build, args):
    """All black-box tests, once; returns (passed, failed, skipped)."""
    xml = os.path.join(build, "pytest.xml")
    env = dict(os.environ, PROBATE=os.path.join(build, "probate"), PYTHONDONTWRITEBYTECODE="1",
               TOOLS=os.path.join(build, "tests"))
    if os.path.exists(xml):
        os.unlink(xml)
    code = subprocess.run(["/usr/bin/python3", "-m", "pytest", "-c", "tests/pytest.ini", "-q", "-rfEs", "--tb=short",
                           "-p", "no:cacheprovider", "--junitxml", xml, "tests", *args],
                          cwd=ROOT, env=env, stdin=subprocess.DEVNULL).returncode
    try:
        suites = list(ET.parse(xml).getroot().iter("testsuite"))
    except (OSError, ET.ParseError):
        return [0, 1, 0]
    n = {k: sum(int(s.get(k)) for s in suites) for k in ("tests", "failures", "errors", "skipped")}
    bad = n["failures"] + n["errors"]
    passed = n["tests"] - bad - n["skipped"]
    return [passed, bad or (code not in (0, 5)), n["skipped"]]


def main():
    build = os.path.join(ROOT, sys.argv[1] if len(sys.argv) > 1 else "build")
    if sys.argv[2:3] == ["--fuzz"]:
        runs = [run_fuzz(build, int(sys.argv[3]), os.path.join(build, "fuzz", "corpus"))]
    else:
        runs = [run_units(build), run_fuzz(build, 10), run_pytest(build, sys.argv[2:])]
    passed, failed, skipped = (sum(n) for n in zip(*runs))
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
