"""How long the first answer takes: of the program, and of the embedded tenant."""

from __future__ import annotations

import subprocess
import sys
import time
from statistics import median

from auditor.emulator import Emulator, load_scene

TIMES = 5


def measure() -> None:
    """Prints medians, in milliseconds."""
    print(f"auditor --help: {median(_help() for _ in range(TIMES)):.0f} ms")
    print(f"the smallest tenant listens after: {median(_tenant() for _ in range(TIMES)):.0f} ms")


def _help() -> float:
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-m", "auditor", "--help"], check=True, stdout=subprocess.DEVNULL)
    return 1000 * (time.perf_counter() - begin)


def _tenant() -> float:
    begin = time.perf_counter()
    with Emulator(load_scene("smallest")) as emulator:
        assert emulator.url
        return 1000 * (time.perf_counter() - begin)
