"""Writes what a person must be able to rely on: whole or not at all, readable by its owner alone."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from auditor.errors import CannotRunError

_OWNER_ONLY = 0o700  # of directories; temporary files are 0600 from the start
_FOR_ALL = 0o644


def check_writable(directory: Path) -> None:
    """Raises CannotRunError unless files can be made in `directory`; leaves no trace, also not of itself."""
    made: list[Path] = []
    try:
        made = _make(directory)
        with tempfile.TemporaryFile(dir=directory):
            pass
    except OSError as error:
        raise _not_writable(directory, error) from error
    finally:
        _remove(made)


def write_files(files: Mapping[Path, bytes]) -> None:
    """Writes all of them, or changes none. Directories are made where they lack.

    Everything is written beside its place first and then moved there, so that a reader, a crash and Ctrl-C
    never see half a file.
    """
    with written_beside(files):
        pass


def write_for_all(file: Path, content: bytes) -> None:
    """Writes one file as a whole that another user's program is meant to read; its folder likewise."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary = _write_beside(file, content)
        try:
            temporary.chmod(_FOR_ALL)
            temporary.replace(file)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise _not_writable(file, error) from error


@contextmanager
def written_beside(files: Mapping[Path, bytes] | Iterable[tuple[Path, bytes]]) -> Iterator[None]:
    """While it lasts all of them lie beside their places, whole; they are moved there unless it raises.

    In their order: what links to others comes after them.
    """
    written: dict[Path, Path] = {}
    try:
        for file, content in files.items() if isinstance(files, Mapping) else files:
            _make(file.parent)
            written[file] = _write_beside(file, content)
        yield
        for file, temporary in written.items():
            temporary.replace(file)
    except OSError as error:
        raise _not_writable(Path(error.filename or "the output directory"), error) from error
    finally:
        for temporary in written.values():
            temporary.unlink(missing_ok=True)


def remove_files(files: Iterable[Path]) -> None:
    """Removes files, and the directory of each when that leaves it empty. Raises CannotRunError."""
    for file in files:
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            raise _not_writable(file, error) from error
        with suppress(OSError):  # not empty, as a rule
            file.parent.rmdir()


def _write_beside(file: Path, content: bytes) -> Path:
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException:  # Ctrl-C too
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _make(directory: Path) -> list[Path]:
    """Makes the directory and those above it that lack; gives the ones it made, outermost first."""
    missing: list[Path] = []
    while not directory.exists():
        missing.insert(0, directory)
        directory = directory.parent
    made: list[Path] = []
    for folder in missing:
        try:
            folder.mkdir(mode=_OWNER_ONLY)
        except OSError:
            _remove(made)
            raise
        made.append(folder)
    return made


def _remove(made: list[Path]) -> None:
    for folder in reversed(made):
        folder.rmdir()


def _not_writable(path: Path, error: OSError) -> CannotRunError:
    return CannotRunError(
        f"{path} cannot be written: {error.strerror or error}",
        remedy="Name another place (--out, --snapshot, --metrics), or see to permissions and free space.",
    )
