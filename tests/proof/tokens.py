"""A token of the tests' own: SoftHSM in a temporary folder."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

_MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so")


class NoSoftHSM(Exception):
    """Why there is none here."""


class Token:
    """Called `audit`; its keys have the ids 01, 02, ..."""

    pin = "pin-4711-of-the-token"

    def __init__(self, folder: Path) -> None:
        """SOFTHSM2_CONF has to name `folder`/softhsm2.conf before it is used."""
        found = [module for module in _MODULES if Path(module).exists()]
        if shutil.which("softhsm2-util") is None or not found:
            raise NoSoftHSM("softhsm2-util is missing (softhsm2)")
        self.module, self._folder, self._keys = found[0], folder, 0
        (folder / "tokens").mkdir(parents=True)
        (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
        self._run("--init-token", "--free", "--label", "audit", "--so-pin", "so-pin-0815")

    def take(self, label: str, key: Path) -> None:
        """Takes a private key (PEM) in."""
        self._keys += 1
        words = ("--token", "audit", "--label", label, "--id", f"{self._keys:02}")
        self._run("--import", key, *words)

    def _run(self, *words: object) -> None:
        command: Iterable[object] = ("softhsm2-util", *words, "--pin", self.pin)
        environment = {"SOFTHSM2_CONF": str(self._folder / "softhsm2.conf"), "PATH": "/usr/bin:/bin"}
        subprocess.run([str(word) for word in command], env=environment, check=True, capture_output=True)
