"""The page in a real browser: every kind of log, wide and narrow, light and dark."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from functools import partial
from html import escape, unescape

import pytest

from page.looks import LOGS
from page.proofs import whole_proof
from page.test_finding import page

WIDTHS = (320, 390, 1280)
PAGES = {name: partial(page, name) for name in LOGS} | {"a proof": whole_proof}
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium: run make test-deps")

WATCH = """<script>
window.bad = [];
addEventListener("error", e => bad.push(e.message));
addEventListener("securitypolicyviolation", e => bad.push("loads " + e.blockedURI));
</script>"""

MEASURE = r"""
const overlap = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
  && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
function look(frame) {
  const w = frame.contentWindow, d = w.document, width = w.innerWidth, said = [];
  d.querySelectorAll("details").forEach(e => e.open = true);
  const tables = [...d.querySelectorAll(".scroll")];
  const cut = tables.filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.getAttribute("aria-label"));
  const unsigned = tables.filter(e => !w.getComputedStyle(e).backgroundAttachment.includes("local")).length;
  const slider = d.getElementById("budget");
  if (slider) for (let at = 1; at <= 40; at++) {
    slider.value = at; slider.dispatchEvent(new w.Event("input")); said.push(d.getElementById("say").textContent);
  }
  const out = [...d.querySelectorAll("body *")].filter(e => !e.closest(".scroll, pre, svg") &&
    e.getBoundingClientRect().right > width + 1).map(e => e.tagName + " " + e.textContent.slice(0, 30));
  const crowded = [];
  for (const svg of d.querySelectorAll("svg")) {
    const texts = [...svg.querySelectorAll("text")].filter(t => t.getBoundingClientRect().width);
    texts.forEach((a, i) => texts.slice(i + 1).forEach(b => {
      const both = overlap(a.getBoundingClientRect(), b.getBoundingClientRect());
      if (both) crowded.push(a.textContent + " | " + b.textContent);
    }));
  }
  return {name: frame.title, width, scroll: d.documentElement.scrollWidth, out, crowded, said, cut, unsigned,
    bad: w.bad, loads: w.performance.getEntriesByType("resource").length};
}
onload = () => { found.textContent = JSON.stringify([...document.querySelectorAll("iframe")].map(look)) };
"""


def dump(html, folder, *more):
    """The document after its scripts have run."""
    file = folder / "harness.html"
    file.write_text(html, encoding="utf-8")
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
               "--disable-background-networking", f"--user-data-dir={folder / 'profile'}",
               "--virtual-time-budget=4000", *more, "--dump-dom", file.as_uri()]  # fmt: skip
    return subprocess.run(command, capture_output=True, check=True, timeout=120, text=True).stdout


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """What a browser says about every kind of log at every width."""
    frames = []
    for name, whole in PAGES.items():
        html = whole().replace("<title>", WATCH + "<title>", 1)
        style = 'style="height:4000px;border:0;width:{}px"'
        frames += [f'<iframe title="{name}" {style.format(w)} srcdoc="{escape(html)}"></iframe>' for w in WIDTHS]
    harness = f'<!doctype html><body>{"".join(frames)}<pre id="found"></pre><script>{MEASURE}</script>'
    dom = dump(harness, tmp_path_factory.mktemp("chromium"))
    found = re.search(r'<pre id="found">(.*?)</pre>', dom, re.DOTALL)
    assert found is not None
    return json.loads(unescape(found[1]))


def test_every_page_was_looked_at(measured):
    assert len(measured) == len(PAGES) * len(WIDTHS)


def test_nothing_fails_and_nothing_is_loaded(measured):
    assert [(m["name"], m["bad"], m["loads"]) for m in measured if m["bad"] or m["loads"]] == []


def test_no_page_is_wider_than_its_window(measured):
    assert [(m["name"], m["width"], m["out"]) for m in measured if m["scroll"] > m["width"] or m["out"]] == []


def test_on_a_phone_every_table_is_read_without_scrolling_sideways(measured):
    phones = [m for m in measured if m["width"] < 700]
    assert len(phones) == 2 * len(PAGES)
    assert [(m["name"], m["width"], m["cut"]) for m in phones if m["cut"]] == []


def test_a_table_that_may_scroll_has_a_sign_that_it_does(measured):
    assert [m["name"] for m in measured if m["unsigned"]] == []


def test_no_label_of_a_plot_lies_on_another(measured):
    assert [(m["name"], m["width"], m["crowded"]) for m in measured if m["crowded"]] == []


def test_the_slider_says_something_at_every_budget(measured):
    moved = [m for m in measured if m["said"]]
    assert moved
    for m in moved:
        assert len(m["said"]) == 40
        assert all(said.startswith(f"At {at} %, ") for at, said in enumerate(m["said"], 1))


def test_what_is_read_on_screen_has_enough_contrast_in_both_schemes(tmp_path):
    """Ink on paper by the colours of the page itself, at least 4.5 to 1."""
    html = page("ordinary")
    for scheme in (html, html.replace("(prefers-color-scheme: dark)", "all")):
        dom = dump(scheme.replace("</body>", f"<pre id='found'></pre><script>{CONTRAST}</script></body>"), tmp_path)
        found = re.search(r'<pre id="found">(.*?)</pre>', dom, re.DOTALL)
        assert found is not None
        assert json.loads(unescape(found[1])) == []


CONTRAST = r"""
const linear = v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
const light = c => {
  const [r, g, b] = c.match(/[\d.]+/g).slice(0, 3).map(linear);
  return .2126 * r + .7152 * g + .0722 * b;
};
const behind = e => {
  for (; e; e = e.parentElement) {
    const c = getComputedStyle(e).backgroundColor;
    if (!/, 0\)$/.test(c)) return c;
  }
  return "rgb(255,255,255)";
};
const weak = [];
for (const e of document.querySelectorAll("body *")) {
  if (e.closest("script, details, svg") && !e.matches("text")) continue;
  if (![...e.childNodes].some(n => n.nodeType == 3 && n.textContent.trim())) continue;
  const s = getComputedStyle(e), a = light(e.matches("text") ? s.fill : s.color), b = light(behind(e));
  const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
  if (ratio < 4.5) weak.push(e.tagName + " " + e.textContent.slice(0, 30) + " " + ratio.toFixed(2));
}
document.getElementById("found").textContent = JSON.stringify(weak);
"""
