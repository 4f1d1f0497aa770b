"""`auditor scan --all-applications` over tenants of 100 and 1,000 applications, over HTTPS, by the real SDK.

Prints seconds, the largest memory of the scanning process, requests, and the size of report.json. Most of the
time for 1,000 applications is the pace that Graph's documented limits ask for.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from auditor.cli.emulator import write_configuration
from auditor.emulator import Emulator, generated_scene

FAULTS = ("wrong-reply-url", "active-certificate-expired", "guest-assigned")


def measure() -> None:
    """Prints the figures."""
    for applications in (100, 1000):
        with tempfile.TemporaryDirectory() as folder:
            _measure(applications, Path(folder))


def _measure(applications: int, folder: Path) -> None:
    with Emulator(generated_scene(applications=applications, faults=FAULTS)) as emulator:
        configuration = write_configuration(emulator, folder)
        arguments = ["--config", configuration, "--all-applications", "--out", folder / "out", "--quiet"]
        start = time.perf_counter()
        command = [sys.executable, "-m", "auditor", "scan", *map(str, arguments)]
        ended = subprocess.run(command, check=False, capture_output=True, text=True)
        seconds = time.perf_counter() - start
        largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        size = (folder / "out" / "report.json").stat().st_size / 1e6
        print(
            f"{applications:,} applications: {seconds:.1f} s, {largest:.0f} MiB, "
            f"{len(emulator.log):,} requests, report.json {size:.1f} MB, exit code {ended.returncode}"
        )
