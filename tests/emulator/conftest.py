"""A tenant per test and somebody who speaks to it over HTTPS."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import ExitStack
from datetime import datetime
from typing import Protocol

import pytest

from auditor.emulator import Emulator, Scene, load_scene
from tests.emulator.speaking import Speaker


class Serve(Protocol):
    """Serves a scene until the test ends."""

    def __call__(
        self, scene: Scene, *, permissions: Collection[str] | None = None, now: datetime | None = None
    ) -> Speaker: ...


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as stack:

        def start(
            scene: Scene, *, permissions: Collection[str] | None = None, now: datetime | None = None
        ) -> Speaker:
            emulator = stack.enter_context(Emulator(scene, permissions=permissions, now=now))
            return stack.enter_context(Speaker(emulator))

        yield start


@pytest.fixture(scope="module")
def demo_emulator() -> Iterator[Speaker]:
    with Emulator(load_scene("demo")) as emulator, Speaker(emulator) as speaker:
        yield speaker


@pytest.fixture
def demo(demo_emulator: Speaker) -> Speaker:
    """The demo's tenant without faults, its log empty; shared by the tests of a module."""
    demo_emulator.emulator.faults.clear()
    demo_emulator.emulator.log.clear()
    return demo_emulator
