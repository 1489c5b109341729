"""The manual page and the completion know the same commands and options as the program."""
import os
import re
import shutil
import subprocess

import pytest

from conftest import PATIENCE, PROBATE, ROOT

MANUAL = os.path.join(ROOT, "contrib", "probate.8")
COMPLETION = os.path.join(ROOT, "contrib", "probate.bash")
README = os.path.join(ROOT, "README.md")


def read(path):
    with open(path) as f:
        return f.read()


def told(*args):
    done = subprocess.run([PROBATE, *args, "--help"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    return done.stdout


def commands():
    return re.findall(r"^  ([a-z]+)  ", told(), re.M)


def options(command=None):
    text = told(command) if command else "".join(told(c) for c in commands())
    return set(re.findall(r"^  (?:-.,|   ) --([a-z.-]+)", text, re.M))


def named(options):
    """As they are written about: one name for all collectors."""
    return {re.sub(r"(?<=collector)\..*", "", o) for o in options}


def complete(*words):
    """What bash would offer for the last word."""
    script = ('compopt() { :; }; source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
              '_probate; printf "%s\\n" "${COMPREPLY[@]}"')
    done = subprocess.run(["bash", "-c", script, COMPLETION, "probate", *words], cwd="/",
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout.split()


def test_the_help_can_be_read_by_these_tests():
    assert "port" in commands() and "replay" in options() and "event" in options("trace")


def test_manual_is_clean():
    if not shutil.which("mandoc"):
        pytest.skip("mandoc is not installed")
    done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", MANUAL], capture_output=True, text=True,
                          timeout=PATIENCE)
    assert done.returncode == 0 and not done.stdout, done.stdout


def test_manual_has_every_command_and_option():
    page = read(MANUAL)
    synopsis, rest = page.split(".Sh DESCRIPTION")
    for command in commands():
        assert re.search(rf"^\.It Cm {command}\b", rest, re.M), command
        assert re.search(rf"^\.Cm {command}$", synopsis, re.M), command
    listed = set(re.findall(r"Fl -([a-z][a-z.-]+)", rest))
    listed |= set(re.findall(r"^\.It Fl . , -([a-z-]+)", rest, re.M))
    assert named(listed) == named(options())


def test_manual_says_what_the_exporter_refuses():
    """What all that look at this machine take, and it does not."""
    about = read(MANUAL).split(".It Cm serve\n")[1].split(".It ")[0]
    listed = re.search(r"^\.Fl ([^\n]+)\nand\n\.Fl (\S+)\nare refused", about, re.M)
    names = {"r": "replay", "w": "watch", "o": "output"}
    listed = {names.get(x, x.lstrip("-")) for x in [*listed[1].split(" , "), listed[2]]}
    assert listed == options("ports") & options("trace") & options("record") - options("serve")


def test_manual_has_every_state_reason_and_cause():
    """By the tables of the source: what is added there is added to the manual."""
    page = read(MANUAL).replace('"', "")
    reasons = re.findall(r'^\tR\([A-Z_0-9]+, *"([a-z_]+)"', read(f"{ROOT}/user/verdict/reason.h"), re.M)
    causes = re.findall(r'^\tC\([A-Z_]+, "([a-z_]+)"\)', read(f"{ROOT}/user/model/model.h"), re.M)
    states = re.findall(r'^\tS\([A-Z_]+, "([a-z -]+)"\)', read(f"{ROOT}/user/verdict/verdict.h"), re.M)
    assert len(set(reasons)) > 8 and len(causes) > 8 and len(states) > 6
    for name in [*reasons, *causes, *states]:
        assert re.search(rf"^\.(Ql|Pq Ql) {name}( |$)", page, re.M), name


def test_manual_has_every_collector():
    section = read(MANUAL).split(".Sh EXPORTER")[1].split(".Sh ")[0]
    listed = re.findall(r"^\.It Cm ([a-z]+)\n(.*)", section, re.M)
    help = dict(re.findall(r"--collector\.([a-z]+) +(.*)", told("serve")))
    assert listed and [name for name, _ in listed] == list(help)
    for name, words in listed:
        assert words.split()[0] == help[name].split()[0], name


def test_readme_has_every_command():
    table = read(README).split("## Commands")[1].split("##")[0]
    for command in commands():
        assert f"`probate {command}" in table, command


@pytest.mark.parametrize("path", [MANUAL, README])
def test_no_option_is_made_up(path):
    """What stands in an example must be an option of the command."""
    lines = re.findall(r"probate (?:-r [^ ]+ )?[^`\n|#]*", read(path).replace("\\", ""))
    known = options() | {"help", "version"}
    for line in lines:
        for option in re.findall(r"(?<= )--([a-z][a-z.-]*[a-z])", line.split(" -- ")[0]):
            assert option in known, line


def test_completion():
    if not shutil.which("bash"):
        pytest.skip("bash is not installed")
    assert set(commands()) <= set(complete(""))
    for command in commands():
        offered = {x.removeprefix("--").removesuffix("=") for x in complete(command, "--") if x}
        assert options(command) <= offered, command
        assert offered <= options() | {"help", "version", ""}, command
    assert {x.strip("-=") for x in complete("serve", "--")} == options("serve") | {"help", "version"}
    assert {"port", "pid"} <= set(complete("report", ""))
    for words in ["-r"], ["--replay"], ["ports", "-w", "--record"], ["record"], ["-o"]:
        assert "usr" in complete(*words, "us"), words
    assert "64M" in complete("record", "--segment-size", "")
    assert "7d" in complete("record", "--max-age", "")
    assert "-1h" in complete("ports", "--at", "")
    assert "--web.config.file" in complete("serve", "--web.")
    assert "usr" in complete("serve", "--web.config.file", "us")
    assert str(os.getpid()) in complete("report", "pid", str(os.getpid()))
