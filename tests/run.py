#!/usr/bin/python3
"""Run every test: the cmocka units, then pytest (stories, scenes, load), and sum up in one line."""
import glob
import os
import re
import subprocess
import sys
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


def run_pytest(build, args):
    """All black-box tests; returns (passed, failed, skipped) from the JUnit file."""
    xml = os.path.join(build, "pytest.xml")
    env = dict(os.environ, PROBATE=os.path.join(build, "probate"), PYTHONDONTWRITEBYTECODE="1",
               TOOLS=os.path.join(build, "tests"))
    if os.path.exists(xml):
        os.unlink(xml)
    done = subprocess.run(["/usr/bin/python3", "-m", "pytest", "-c", "tests/pytest.ini", "-q", "-rfEs", "--tb=short",
                           "-p", "no:cacheprovider", "--junitxml", xml, "tests", *args],
                          cwd=ROOT, env=env, stdin=subprocess.DEVNULL)
    try:
        suites = list(ET.parse(xml).getroot().iter("testsuite"))
    except (OSError, ET.ParseError):
        return [0, 1, 0]
    n = {k: sum(int(s.get(k)) for s in suites) for k in ("tests", "failures", "errors", "skipped")}
    bad = n["failures"] + n["errors"]
    if done.returncode not in (0, 1, 5) and not bad:
        bad = 1
    return [n["tests"] - n["failures"] - n["errors"] - n["skipped"], bad, n["skipped"]]


def main():
    build = os.path.join(ROOT, sys.argv[1] if len(sys.argv) > 1 else "build")
    units = run_units(build)
    black = run_pytest(build, sys.argv[2:])
    passed, failed, skipped = (a + b for a, b in zip(units, black))
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
