"""A real Chromium for what people look at."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

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
