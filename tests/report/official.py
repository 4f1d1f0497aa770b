"""The formats' official schemas, where they lie beside the checkout: `shared/schemas` with its validator.

The project does not carry them; where they are absent the tests that use them are skipped. Every format is
checked against a schema or a reader from a package as well.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest

_FILE = next(
    (
        file
        for folder in Path(__file__).resolve().parents
        if (file := folder.parent / "shared" / "schemas" / "validate.py").is_file()
    ),
    None,
)


@pytest.fixture
def officially(tmp_path: Path) -> Callable[[str, bytes], list[str]]:
    """What the official schema of a format has to say against a document; empty: nothing."""
    if _FILE is None:
        pytest.skip("no official schemas beside the checkout")
    spec = importlib.util.spec_from_file_location("official_validator", _FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def complaints(name: str, document: bytes) -> list[str]:
        file = tmp_path / "document"
        file.write_bytes(document)
        found: list[str] = module.check(name, file)
        return found

    return complaints
