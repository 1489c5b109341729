"""The HTML report in a real browser: quiet, alone, selectable, reachable by keyboard, legible, harmless.

The events are those of the stories.  Needs python3-selenium, chromium and chromium-driver.
"""
import base64
import json
import os
import re
import shutil
import subprocess

import pytest

webdriver = pytest.importorskip("selenium.webdriver", reason="python3-selenium is not installed")
from selenium.common.exceptions import WebDriverException  # noqa: E402
from selenium.webdriver.chrome.options import Options  # noqa: E402
from selenium.webdriver.chrome.service import Service  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROBATE = os.environ.get("PROBATE", os.path.join(ROOT, "build", "probate"))
THEMES = ("light", "dark")
WIDTHS = (1280, 400)
PAGES = {
    "incident": ("incident", ["8801"]),
    "machine": ("incident", []),
    "process": ("incident", ["pid", "300"]),
    "leaked": ("leaked", ["8801"]),
    "zombies": ("zombies", ["pid", "200"]),
    "lost": ("lost", ["8801"]),
    "markup": ("markup", ["unix:/tmp/<svg/onload=alert(5)>"]),
    "free": ("leaked", ["9999"]),
}


def events_of(story):
    with open(os.path.join(ROOT, "tests", "stories", story + ".story"), encoding="utf-8") as f:
        return re.split(r"^=== ", f.read(), flags=re.M)[0]


def report(events, *args):
    env = {"PATH": os.environ.get("PATH", ""), "TZ": "UTC", "LC_ALL": "C.UTF-8", "COLUMNS": "80"}
    env.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})
    done = subprocess.run([PROBATE, "-r", "-", "report", *args], input=events.encode(), env=env,
                          capture_output=True, timeout=60)
    assert done.returncode in (0, 1, 4), done.stderr.decode()
    return done.stdout.decode("utf-8")


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not driver:
        pytest.skip("chromium or chromium-driver is not installed")
    options = Options()
    options.binary_location = chromium
    for arg in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                "--no-first-run", "--disable-component-update", "--disable-background-networking",
                f"--user-data-dir={tmp_path_factory.mktemp('chromium')}", "--window-size=1280,900"):
        options.add_argument(arg)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    try:
        started = webdriver.Chrome(service=Service(driver), options=options)
    except WebDriverException as e:
        pytest.skip(f"Chromium does not start here: {e.msg.splitlines()[0]}")
    started.set_page_load_timeout(30)
    yield started
    started.quit()


class Page:
    def __init__(self, browser, path):
        self.browser, self.url = browser, "file://" + str(path)
        self.media("light")
        self.width(1280)
        for kind in ("browser", "performance"):
            browser.get_log(kind)  # what an earlier page left there
        browser.get(self.url)

    def js(self, script, *args):
        return self.browser.execute_script(script, *args)

    def media(self, theme, media=""):
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "media": media, "features": [{"name": "prefers-color-scheme", "value": theme}]})

    def width(self, width):
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False})

    def screenshot(self, path):
        shot = self.browser.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True})
        path.write_bytes(base64.b64decode(shot["data"]))
        return path.stat().st_size

    def tab_stops(self, most=60):
        """What Tab reaches, in order, as name and class."""
        stops = []
        for _ in range(most):
            self.browser.switch_to.active_element.send_keys(Keys.TAB)
            at = self.js("const e = document.activeElement;"
                         "return e === document.body ? null : e.localName + '.' + e.className;")
            if at is None:
                break
            stops.append(at)
        return stops


@pytest.fixture
def open_page(browser, tmp_path):
    def opener(name, events=None):
        story, args = PAGES[name]
        path = tmp_path / f"{name}.html"
        path.write_text(report(events or events_of(story), "--html", *args), encoding="utf-8")
        return Page(browser, path)
    return opener


@pytest.mark.parametrize("name", PAGES)
def test_quiet_and_alone(open_page, name):
    """Nothing on the console, nothing asked of the network."""
    page = open_page(name)
    assert page.browser.get_log("browser") == []
    asked = [m["params"]["request"]["url"] for m in
             (json.loads(e["message"])["message"] for e in page.browser.get_log("performance"))
             if m["method"] == "Network.requestWillBeSent"]
    assert asked == [page.url]


def test_one_file_no_script(open_page):
    """The policy is in the page, and holds: a script put there does not run."""
    page = open_page("incident")
    policy = page.js("return document.querySelector('meta[http-equiv=Content-Security-Policy]').content")
    assert "default-src 'none'" in policy and "script" not in policy
    assert page.js("return document.querySelectorAll("
                   "'script,link,img,iframe,object,embed,base,form').length") == 0
    page.js("const s = document.createElement('script'); s.textContent = 'window.ran = 1';"
            "document.body.append(s);")
    assert page.js("return window.ran === undefined")


def test_text_is_selectable(open_page):
    page = open_page("incident")
    text = page.js("const s = getSelection(); s.selectAllChildren(document.body); return s.toString();")
    for sentence in ("was given it over a UNIX socket by server[600].",
                     "leaked: sleep[300] keeps fd 3 of server[200] and never meant to",
                     "4711 events were lost here"):
        assert sentence in text
    assert page.js("return [...document.querySelectorAll('*')].filter("
                   "e => getComputedStyle(e).userSelect === 'none').length") == 0


@pytest.mark.parametrize("name", PAGES)
def test_no_sideways_scrolling(open_page, name):
    page = open_page(name)
    for width in WIDTHS:
        page.width(width)
        wide = page.js("return document.documentElement.scrollWidth")
        assert wide <= width, f"{name} is {wide} wide on a screen of {width}"


def test_keyboard(open_page):
    """Tab reaches the link to the answer first, then timeline, sockets and tables."""
    page = open_page("incident")
    stops = page.tab_stops()
    assert stops[0] == "a.skip"
    for stop in ("div.timeline", "summary.", "div.scroll"):
        assert stop in stops, stops


def test_keyboard_moves_the_timeline(open_page):
    page = open_page("incident")
    page.width(400)
    timeline = page.browser.find_element(By.CSS_SELECTOR, ".timeline")
    page.js("arguments[0].focus()", timeline)
    timeline.send_keys(Keys.ARROW_RIGHT)
    page.browser.set_script_timeout(10)
    assert page.browser.execute_async_script(
        "const e = arguments[0], done = arguments[arguments.length - 1];"
        "if (e.scrollLeft > 0) done(true); else e.onscroll = () => done(e.scrollLeft > 0);", timeline)


def test_folding_by_keyboard(open_page):
    page = open_page("incident")
    summary = page.browser.find_element(By.TAG_NAME, "summary")
    page.js("arguments[0].focus()", summary)
    summary.send_keys(Keys.ENTER)
    assert page.js("return !document.querySelector('details').open")


CONTRAST = r"""
const rgba = s => { const v = s.match(/[\d.]+/g).map(Number); return v.length < 4 ? [...v, 1] : v; };
const over = (a, b) => [0, 1, 2].map(i => a[i] * a[3] + b[i] * (1 - a[3])).concat(1);
const light = c => [0, 1, 2].map(i => { const v = c[i] / 255;
  return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; })
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const ratio = (a, b) => { const x = light(a), y = light(b);
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05); };
const behind = e => { let c = [0, 0, 0, 0], stack = [];
  for (; e; e = e.parentElement) stack.push(rgba(getComputedStyle(e).backgroundColor));
  let base = [255, 255, 255, 1];
  while (stack.length) base = over(stack.pop(), base);
  return base; };
const shape = e => { const s = getComputedStyle(e), c = rgba(s.fill);
  return [c[0], c[1], c[2], c[3] * Number(s.fillOpacity)]; };
const bad = [];
for (const e of document.body.querySelectorAll('*')) {
  const own = [...e.childNodes].filter(n => n.nodeType === 3 && n.textContent.trim()).length;
  if (!own || e.closest('title,style,.skip')) continue;
  const s = getComputedStyle(e), svg = e.localName === 'text';
  let back = [behind(e)];
  if (svg) {
    const row = document.querySelector('svg .row'), rect = e.parentElement.querySelector('rect');
    if (row) back.push(over(shape(row), back[0]));
    if (e.classList.contains('onbar')) back = [over(shape(rect), back[0])];
    else if (rect && rect.classList.contains('loss')) back = back.map(b => over(shape(rect), b));
  }
  const size = parseFloat(s.fontSize), big = size >= 24 || (size >= 18.66 && s.fontWeight >= 700);
  for (const b of back) {
    const r = ratio(over(rgba(svg ? s.fill : s.color), b), b);
    if (r < (big ? 3 : 4.5)) bad.push(`${e.localName}.${e.className.baseVal ?? e.className} ${r.toFixed(2)}`);
  }
}
return [...new Set(bad)];
"""


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", PAGES)
def test_contrast(open_page, name, theme):
    """WCAG AA: 4.5 to 1, for large text 3 to 1."""
    page = open_page(name)
    page.media(theme)
    assert page.js(CONTRAST) == []


@pytest.mark.parametrize("theme", THEMES)
def test_themes_differ(open_page, theme):
    page = open_page("incident")
    page.media(theme)
    dark = page.js("return +getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0] < 128")
    assert dark == (theme == "dark")


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", PAGES)
def test_screenshots(open_page, tmp_path, name, theme):
    page = open_page(name)
    page.media(theme)
    for width in WIDTHS:
        page.width(width)
        assert page.screenshot(tmp_path / f"{name}-{theme}-{width}.png") > 10000


def test_on_paper(open_page):
    """Dark theme or not, paper is white; nothing is cut off."""
    page = open_page("incident")
    page.media("dark", "print")
    page.width(700)
    assert page.js("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.js("return document.documentElement.scrollWidth") <= 700
    pdf = page.browser.execute_cdp_cmd("Page.printToPDF", {"printBackground": False})
    assert base64.b64decode(pdf["data"]).startswith(b"%PDF")


def test_times_are_exact(open_page):
    """Local for people, UTC to the nanosecond behind it."""
    page = open_page("leaked")
    times = page.js("return [...document.querySelectorAll('time')].map("
                    "e => [e.textContent, e.dateTime, e.title])")
    assert ["12:00:07.000", "2026-11-21T12:00:07.000000000Z", "2026-11-21T12:00:07.000000000Z"] in times


# ---- names that are markup ----------------------------------------------------------------------

def harmless(events):
    """The same events with names of letters in the place of everything a browser might take for more."""
    def plain(match):
        text = re.sub(r"\\x[0-9a-f]{2}", "x", match.group(2))
        return match.group(1) + re.sub(r"[^A-Za-z0-9/. ]", "x", text.replace('\\"', "x")) + '"'
    return re.sub(r'((?:name=|exe=|\[|,)")((?:[^"\\]|\\.)*)"', plain, events)


def elements(page):
    return page.js("const n = {}; for (const e of document.querySelectorAll('*'))"
                   " n[e.localName] = (n[e.localName] || 0) + 1; return n;")


def test_markup_is_text(open_page):
    """No name makes an element or runs: the page has the elements of one with plain names."""
    page = open_page("markup")
    found = elements(page)
    assert not {"script", "img", "iframe", "u", "b"} & set(found), found
    assert page.js("return [...document.querySelectorAll('*')].filter(e => [...e.attributes].some("
                   "a => a.name.startsWith('on') || /javascript:/i.test(a.value))).length") == 0
    text = page.js("return document.body.innerText")
    for name in ("<script>x</scri[200]", '"><img src=x>[300]', "<script>alert(1)</script>",
                 "/tmp/<svg/onload=alert(5)>", "&lt;b&gt;", r"\x1b[31mred", r"\u{202e}gnp.exe", r"\xff\xfe"):
        assert name in text, name
    plain = harmless(events_of("markup"))
    assert "<" not in plain and "script" in plain
    PAGES["plain"] = ("markup", ["unix:/tmp/xsvg/onloadxalertx5xx"])
    try:
        twin = elements(open_page("plain", plain))
    finally:
        del PAGES["plain"]
    # whether an address fits into its bar depends on nothing but its length, which is the same
    assert twin == found


@pytest.mark.parametrize("story", ["markup", "hostile"])
def test_bytes_are_clean(story):
    """No control character, no direction mark, in any form."""
    for args in (["--html"], ["--json"], ["--html", "pid", "200"], []):
        out = report(events_of(story), *args)
        found = re.findall(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", out)
        assert not found, (args, found)
        if "--json" in args:
            assert json.loads(out)["subject"] == "machine"
        else:
            assert not re.search("[\u200b-\u200f\u202a-\u202e\u2066-\u2069]", out)


# ---- the command line ---------------------------------------------------------------------------

@pytest.mark.parametrize("args", [["--html", "--json"], ["--html", "--perfetto"], ["--perfetto", "--json"],
                                  ["pid"], ["port"], ["80", "81"], ["pid", "1", "2"], ["pid", "x"]])
def test_usage(args):
    done = subprocess.run([PROBATE, "-r", "-", "report", *args], input=b"", capture_output=True, timeout=30)
    assert done.returncode == 2
    assert done.stdout == b""
    assert len(done.stderr.decode().strip().splitlines()) == 1


def test_written_to_a_file(tmp_path):
    path = tmp_path / "report.html"
    assert report(events_of("leaked"), "8801", "--html", "-o", str(path)) == ""
    text = path.read_text(encoding="utf-8")
    assert text.startswith("<!DOCTYPE html>") and text.rstrip().endswith("</html>")
