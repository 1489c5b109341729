"""The tree is as clang-format 14 writes it, by .clang-format."""
import re
import shutil
import subprocess

import pytest

from test_walls import ROOT

VERSION = "14"


def formatter():
    for name in f"clang-format-{VERSION}", "clang-format":
        if shutil.which(name):
            said = subprocess.run([name, "--version"], capture_output=True, text=True).stdout
            if re.search(rf"version {VERSION}\.", said):
                return name
    pytest.skip(f"clang-format {VERSION} is not installed; others format in their own way")


def test_format():
    name = formatter()
    files = [str(p.relative_to(ROOT)) for d in ("bpf", "user", "tests") for p in sorted((ROOT / d).rglob("*.[ch]"))]
    done = subprocess.run([name, "--dry-run", "--Werror", *files], cwd=ROOT, capture_output=True, text=True)
    wrong = sorted(set(re.findall(r"^(\S+?):\d+", done.stderr, re.M)))
    assert done.returncode == 0, f"clang-format -i {' '.join(wrong)}"
