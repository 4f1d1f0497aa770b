"""Runs the measurements named on the command line, or all."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import tests.benchmarks


def main() -> None:
    names = sys.argv[1:] or [
        m.name for m in pkgutil.iter_modules(tests.benchmarks.__path__) if m.name[0] != "_"
    ]
    for name in names:
        print(f"== {name}", flush=True)
        importlib.import_module(f"tests.benchmarks.{name}").measure()


if __name__ == "__main__":
    main()
