"""The rooms of user/ stand in an order: a file includes from its own room and from those before it."""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
USER = ROOT / "user"
ORDER = ["base", "event", "model", "verdict", "answer", "words", "source", "record", "metrics", "web",
         "run", "command", "report", "doctor", "serve", "main.c"]
# What one room before the other does not know all the same.
STRANGERS = {("source", "words"), ("record", "words"), ("web", "model"), ("web", "event"), ("web", "source")}


def files():
    return sorted(p for p in USER.rglob("*") if p.suffix in (".c", ".h"))


def room(path):
    return path.relative_to(USER).parts[0]


def includes(path, how):
    return re.findall(rf'^\s*#\s*include\s+{how}', path.read_text(), re.M)


def edges():
    where = {p.name: p for p in files()}
    for path in files():
        for name in includes(path, '"([^"]+)"'):
            if name in where:
                yield path, where[name]


def test_every_room_has_its_place():
    assert {room(p) for p in files()} == set(ORDER)


def test_headers_have_one_name():
    headers = [p.name for p in files() if p.suffix == ".h"]
    assert len(headers) == len(set(headers))


def test_includes_go_one_way():
    wrong = [f"{a.relative_to(USER)} includes {b.relative_to(USER)}" for a, b in edges()
             if ORDER.index(room(a)) < ORDER.index(room(b)) or (room(a), room(b)) in STRANGERS]
    assert not wrong, "\n".join(wrong)


def test_commands_do_not_know_each_other():
    def command(path):
        return re.sub(r"^view_", "", path.stem).split("_")[0]

    wrong = [f"{a.name} includes {b.name}" for a, b in edges()
             if room(a) == room(b) == "command" and a.stem != "commands" and command(a) != command(b)]
    assert not wrong, "\n".join(wrong)


def test_libbpf_stays_where_the_kernel_is():
    wrong = [str(p.relative_to(USER)) for p in files()
             if includes(p, "<bpf/") and "source/bpf" not in str(p.relative_to(USER))]
    assert not wrong, "\n".join(wrong)


def test_the_model_reads_nothing_and_prints_nothing():
    """Event time alone: no clock, no environment, no file; the same bytes give the same answers."""
    words = (r"\b(clock_gettime|gettimeofday|time|time_boot_ns|getenv|secure_getenv|fopen|fdopen|fprintf|"
             r"printf|puts|fputs|putchar|fwrite|fread|open|openat|read|write|stderr|stdout|warn)\s*[(,;)]")
    wrong = []
    for path in files():
        if room(path) not in ("model", "verdict"):
            continue
        code = re.sub(r"/\*.*?\*/|//[^\n]*|\"(\\.|[^\"\\])*\"", " ", path.read_text(), flags=re.S)
        wrong += [f"{path.relative_to(USER)}: {m.group(1)}" for m in re.finditer(r"(?<![.>])" + words, code)]
    assert not wrong, "\n".join(wrong)


def test_the_map_names_every_room_in_order():
    """user/README.md, and every file it names is there."""
    text = (USER / "README.md").read_text()
    rooms = re.findall(r"^\| `(\w+)/` \|", text, re.M)
    assert rooms == [r for r in ORDER if r != "main.c"]
    for name in re.findall(r"`((?:bpf|tests|contrib|" + "|".join(rooms) + r")/[\w/.]+\.\w+)`", text):
        assert "NAME" in name or (ROOT / name).exists() or (USER / name).exists(), name
