"""A real Chromium for what people look at."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, Protocol

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, expect, sync_playwright

from auditor.model.report import Report
from auditor.report.html import render, render_split

UNFOLD = """document.querySelectorAll('details').forEach((d) => {
    d.open = true;
    d.style.contentVisibility = 'visible';  // else what is off the screen moves when it is drawn
})"""

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Chromium from the system's packages. In CI its absence is a failure, elsewhere a skip that says so.

    For a module, not the session: while Playwright runs, no other test of the process can run an event loop.
    """
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if executable is None:
        if os.environ.get("CI"):
            pytest.fail("CI has no Chromium: install the package chromium")
        pytest.skip("no Chromium on this machine: install the package chromium")
    expect.set_options(timeout=60_000)  # milliseconds: how long a busy machine may take to draw
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


class Look(Protocol):
    """Opens a report in Chromium."""

    def __call__(
        self,
        report: Report,
        *,
        script: bool = True,
        scheme: Literal["light", "dark"] = "light",
        fragment: str = "",
        width: int = 1366,
        height: int = 768,
        split: bool = False,
    ) -> Page: ...


@pytest.fixture
def contexts(chromium: Browser) -> Iterator[list[BrowserContext]]:
    """The contexts a test opens, closed at its end."""
    opened: list[BrowserContext] = []
    yield opened
    for context in opened:
        context.close()


@pytest.fixture
def look(chromium: Browser, contexts: list[BrowserContext], tmp_path: Path) -> Iterator[Look]:
    """Opens a report and watches it: a request elsewhere, an error or a dialog fails the test at its end."""
    complaints: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        complaints.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def opened(
        report: Report,
        *,
        script: bool = True,
        scheme: Literal["light", "dark"] = "light",
        fragment: str = "",
        width: int = 1366,
        height: int = 768,
        split: bool = False,
    ) -> Page:
        file = tmp_path / "report.html"
        for name, content in render_split(report) if split else [(file.name, render(report))]:
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_bytes(content)
        context = chromium.new_context(
            java_script_enabled=script,
            color_scheme=scheme,
            viewport={"width": width, "height": height},
        )
        contexts.append(context)
        page = context.new_page()
        address = file.as_uri()
        ours = tuple({address, *(page.as_uri() for page in tmp_path.glob("applications/*.html"))})
        page.on(
            "request", lambda r: None if r.url.startswith(ours) else complaints.append(f"request {r.url}")
        )
        page.on("pageerror", lambda e: complaints.append(f"error {e}"))
        page.on("console", lambda m: complaints.append(f"console {m.text}"))
        page.on("dialog", dismiss)
        page.goto(address + fragment)
        return page

    yield opened
    assert complaints == []
