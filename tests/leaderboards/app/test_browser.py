"""The rendered board in a real browser: no script of a record runs, nothing is fetched, and the page works."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from headless import Page, browser_path
from made_boards import Tables, hostile

from leaderboards.app.state import TABS
from leaderboards.boards import store

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(browser_path() is None, reason="no chromium on this machine"),
]

BODY = "document.querySelector('#body .board')"
READY = f"{BODY} && {BODY}.querySelector('h1') && document.querySelector('[role=tab]')"


def served(folder: Path, tables: Tables) -> Iterator[str]:
    pytest.importorskip("gradio", reason="the board extra is not installed")
    for name, rows in tables.items():
        store.write(folder, name, rows)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = ["serve", "--board", str(folder), "--port", str(port)]
    code = f"import sys; sys.argv = ['leaderboards', *{words!r}]; import leaderboards.cli as c; c.main()"
    server = subprocess.Popen([sys.executable, "-c", code], env=os.environ | {"OMP_NUM_THREADS": "1"})
    address = f"http://127.0.0.1:{port}/"
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(address, timeout=5).close()
                break
            except OSError:
                time.sleep(0.2)
        yield address
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture(scope="module")
def plain(made: Tables, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from served(tmp_path_factory.mktemp("plain"), made)


@pytest.fixture(scope="module")
def wild(made: Tables, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from served(tmp_path_factory.mktemp("wild"), hostile(made))


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    page = Page(tmp_path / "profile")
    yield page
    page.close()


def at(page: Page, address: str, tab: str) -> None:
    page.open(f"{address}?tab={tab}")
    page.wait(READY)
    if tab != "overview":
        page.wait(f"({BODY}.dataset.query || '').includes('tab={tab}')")


def test_no_text_of_a_record_runs(page: Page, wild: str) -> None:
    for tab in TABS:
        at(page, wild, tab)
        page.run("new Promise(done => setTimeout(done, 300))")
        assert page.run("window.pwned === undefined"), tab
        assert page.run(f"{BODY}.querySelectorAll('script,iframe,img,object,embed,form').length") == 0, tab
    assert all(each.startswith((wild, "data:", "blob:", "about:")) for each in page.requests)


def test_the_page_works_without_errors_and_without_other_hosts(page: Page, plain: str) -> None:
    at(page, plain, "fidelity")
    first = page.run(f"{BODY}.querySelector('tbody .name').textContent")

    def sort(key: str, expected: str) -> None:
        page.run(f"{BODY}.querySelector('th a[data-go*=\"sort={key}\"]').click()")
        page.wait(f"{BODY}.querySelector('th[aria-sort={expected}]')")

    sort("kid", "ascending")
    assert page.run("location.search").count("sort=kid") == 1  # the address follows
    assert page.run(f"[...{BODY}.querySelectorAll('tbody .name')].pop().textContent") == "bad"
    sort("-kid", "descending")
    assert page.run(f"{BODY}.querySelector('tbody .name').textContent") == "bad" != first

    # Typing in the search box filters, as a person would.
    box = "document.querySelector(`[placeholder^='model, source']`)"
    page.run(f"{box}.value = 'twin'; {box}.dispatchEvent(new Event('input', {{bubbles: true}}))")
    page.wait(f"{BODY}.querySelectorAll('tbody .name').length === 1")
    assert page.run(f"{BODY}.querySelector('tbody .name').textContent") == "twin"

    # What is shown is what is saved.
    saved = page.run(f"fetch({BODY}.querySelector('.files a').href).then(answer => answer.text())")
    assert saved.count("\n") == 2 and "twin" in saved and "KID" in saved

    page.run("[...document.querySelectorAll('[role=tab]')].find(t => t.textContent.trim() === 'Compare two').click()")
    page.wait(f"({BODY}.dataset.query || '').includes('tab=compare')")
    heading = page.run(f"{BODY}.querySelector('h1').textContent")
    page.run(f"{BODY}.querySelector('.lead a').click()")  # swap A and B
    page.wait(f"{BODY}.querySelector('h1').textContent !== {heading!r}")

    assert page.errors == []
    assert all(each.startswith((plain, "data:", "blob:", "about:")) for each in page.requests)


def test_phone_and_both_themes(page: Page, plain: str) -> None:
    page.size(390, 844)
    for tab in ("overview", "fidelity", "mirb", "compare", "published"):
        at(page, plain, tab)
        assert page.run("document.documentElement.scrollWidth <= window.innerWidth + 1"), tab
    light = page.run(f"getComputedStyle({BODY}).color")
    page.run("document.querySelector('button.theme, .theme button').click()")
    page.wait(f"getComputedStyle({BODY}).color !== {light!r}")
    assert len(page.picture()) > 10_000 and page.errors == []


def test_a_lost_request_is_asked_again(page: Page, plain: str) -> None:
    page.block("*/queue/join*")
    page.open(f"{plain}?tab=fidelity")
    page.wait(READY)
    page.run("new Promise(done => setTimeout(done, 1500))")
    assert page.run(f"{BODY}.dataset.query") == ""
    page.block()
    page.wait(f"({BODY}.dataset.query || '').includes('tab=fidelity')")
    assert page.run("location.search") == "?tab=fidelity"
