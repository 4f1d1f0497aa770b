"""Finds `rules/` and `reports/`, in an installed wheel and in a checkout alike.

A plain `Path` is right here: lxml and cryptography are C extensions, so the package never runs from a zip.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

_PACKAGE = Path(__file__).resolve().parent
_ROOTS = (_PACKAGE / "_data", _PACKAGE.parent)  # the wheel's copy first, then the checkout


def bundled(kind: Literal["rules", "reports"]) -> Path:
    """The folder of the rules or of the report templates that came with the program.

    Raises FileNotFoundError when the installation is incomplete.
    """
    for root in _ROOTS:
        if (root / kind).is_dir():
            return root / kind
    raise FileNotFoundError(f"the installation lacks its {kind} folder; install the package again")
