"""Every format at 5,000 applications and 100,000 findings: seconds, size, largest memory.

Each in a process of its own, so that the memory is its own; that of the report itself is told first.
"""

from __future__ import annotations

import multiprocessing
import resource
import time

from auditor.report import formats
from tests.benchmarks.html_report import large_report


def measure() -> None:
    """Prints the figures."""
    processes = multiprocessing.get_context("spawn")
    for name in ("", *formats()):
        process = processes.Process(target=_measure, args=(name,))
        process.start()
        process.join()


def _measure(name: str) -> None:
    report = large_report()
    if not name:
        print(f"{'the report alone':>16}: {_mebibytes():,} MiB", flush=True)
        return
    start = time.process_time()
    size = len(formats()[name].render(report))
    seconds = time.process_time() - start
    print(f"{name:>16}: {seconds:6.1f} s, {size / 1e6:6.1f} MB, {_mebibytes():,} MiB", flush=True)


def _mebibytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
