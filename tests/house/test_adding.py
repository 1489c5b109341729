"""What the READMEs say must be touched to add something is all: done in a copy of the tree, built and asked."""
import os
import re
import shutil
import subprocess

import pytest

from test_walls import ROOT

STORY = """\
1s clock 0 realtime=1795262401000000000
1s source 0 caps=24 filter=0xffffffffffffffff
1s scan_begin 0 scope=7
1s scan_task 1 start=1000000 sid=1 pgid=1 exit_signal=17 sigchld=handled name="init"
1s scan_task 100 start=500000000 parent=1 sid=100 pgid=100 exit_signal=17 sigchld=handled name="shell"
1s scan_end 0 scope=7 begin=1000000000
2s fork 100 parent=100 child=101 start=2000000000 exit_signal=17
3s exit 101 start=2000000000
4s marked 0 count=3
9s tick 0
"""

HELLO = """\
#include "view.h"

static void *hello_open(const struct opts *o, struct out *out)
{
	(void)o;
	return out;
}

static int hello_finish(void *view, const struct model *m)
{
	(void)m;
	out_printf(view, "hello");
	return EXIT_ANSWERED;
}

const struct view view_hello = {.name = "hello", .usage = "", .help = "greet", .open = hello_open, .finish = hello_finish};
"""

EVENTS = (ROOT / "bpf/events.h").read_text()
FREE = next(n for n in [*range(1, 40), *range(50, 90)] if f"\tK({n}, " not in EVENTS)

# file: [(what stands there, what is put before it)]
KIND = {
    "bpf/events.h": [("#define EV_HELD(F)", '#define EV_MARKED(F) F(u64, count, DEC, "how many marks")\n\n'),
                     ("\tK(60, CLOCK", f'\tK({FREE}, MARKED, marked, "marked", RAW, "somebody set marks") \\\n')],
    "user/model/model.c": [("void on_held(", "void on_marked(struct model *m, const struct ev_marked *e)\n{\n"
                            "\tm->blind += (u32)e->count;\n}\n\n")],
    "user/words/trace_text.c": [
        ("static details_fn *const details", "static enum tint on_marked(struct buf *b, const struct model *m, const struct ev *e)\n{\n"
         "\tSELF(marked);\n\n\t(void)m;\n\tbuf_printf(b, \"%u marks\", (u32)x->count);\n\treturn TINT_NONE;\n}\n\n"),
        ("\t[EV_KIND_LOST]", "\t[EV_KIND_MARKED] = on_marked,\n")],
}
REASON = {
    "user/verdict/reason.h": [("\tR(PARENT_STOPPED", '\tR(PARENT_IS_SHELL, "parent_is_shell", "it is a shell", "Ask it", "%p is a shell: ask it about %c.") \\\n')],
    "user/verdict/zombie.c": [("\treturn reason_of(m, p, false);", "\tif (p->parent && !strcmp(proc_comm(m, proc_at(m, p->parent)), \"shell\"))\n"
                               "\t\treturn REASON_PARENT_IS_SHELL;\n")],
}
COMMAND = {
    "user/command/commands.h": [("C(ports)", "C(hello) ")],
    "user/command/view_hello.c": HELLO,
}


@pytest.fixture(scope="module")
def changed(tmp_path_factory):
    """The program with one more of each."""
    tree = tmp_path_factory.mktemp("adding")
    for name in "bpf", "user", "vmlinux", "Makefile":
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, tree / name)
    for edits in KIND, REASON, COMMAND:
        for name, edit in edits.items():
            path = tree / name
            text = path.read_text() if path.exists() else edit
            for before, new in edit if isinstance(edit, list) else []:
                assert text.count(before) == 1, (name, before)
                text = text.replace(before, new + before)
            path.write_text(text)
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    made = subprocess.run(["make", "-s", "-j2", "CFLAGS=-O0", "SAN=", "TSAN=", "build/probate"], cwd=tree, env=env,
                          capture_output=True, text=True, timeout=1200)
    assert made.returncode == 0, made.stderr[-3000:]
    story = tree / "marked.story"
    story.write_text(STORY)

    def ask(*command):
        return subprocess.run([tree / "build/probate", "-r", story, *command], capture_output=True, text=True, timeout=60).stdout

    yield ask
    shutil.rmtree(tree, ignore_errors=True)


def test_a_kind(changed):
    assert len(KIND) <= 4
    assert re.search(r"  marked .* 3 marks$", changed("trace"), re.M)
    assert "somebody set marks" in changed("trace", "--list")


def test_a_reason(changed):
    assert "parent_is_shell: it is a shell" in changed("zombies")
    assert "shell[100] is a shell: ask it about" in changed("zombies")


def test_a_command(changed):
    assert len(COMMAND) <= 3
    assert changed("hello") == "hello\n"


def test_the_readmes_say_so():
    """What a test touches is named where the room says how to add one."""
    for edits, readme in (KIND, "user/README.md"), (REASON, "user/verdict/README.md"), (COMMAND, "user/command/README.md"):
        said = (ROOT / readme).read_text()
        for name in edits:
            base = "view_NAME.c" if "hello" in name else os.path.basename(name)
            assert base in said, (readme, name)
