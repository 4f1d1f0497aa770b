"""The archive: a ZIP whose bytes follow from its members alone, so that every byte of it can be checked.

Members are sorted and stored as they are (not compressed: another version of the library would give other
bytes), with a fixed time. Reading is patient, so that the member that was tampered with can be named; what
the archive itself has that this program would not have written is a problem of its own.
"""

from __future__ import annotations

import io
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from auditor.proof.problem import Kind, Problem, RefusedError

MAGIC = b"PK\x03\x04"

MOST_BYTES = 2**31
"""Of an archive, and of what its members come to."""

_MOST_MEMBERS = 30_000
_MOST_RATIO = 100
"""What the members of an archive may come to, compared with the archive; ours is below 1."""
_ALWAYS_ALLOWED = 64 * 2**20
_LONGEST_NAME = 300

_TIME = (1980, 1, 1, 0, 0, 0)  # the first that a ZIP can hold
_UNIX = 3
_MODE = 0o100600
_VERSION = 20
_LOCAL_HEADER = struct.Struct("<4s5H3I2H")


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """What could be read of an archive."""

    members: Mapping[str, bytes]
    """Of a name that stands there twice: the first."""
    problems: tuple[Problem, ...]


def write_archive(members: Mapping[str, bytes]) -> bytes:
    """The archive; the same members give the same bytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, content in sorted(members.items()):
            info = zipfile.ZipInfo(name, _TIME)
            info.create_system = _UNIX
            info.create_version = info.extract_version = _VERSION
            info.external_attr = _MODE << 16
            archive.writestr(info, content)
    return stream.getvalue()


def read_archive(data: bytes) -> Archive:
    """The members and what is wrong with the archive. Raises RefusedError when nothing can be read safely."""
    if len(data) > MOST_BYTES:
        raise _too_large(f"it has {len(data)} bytes, more than the {MOST_BYTES} that are read")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, struct.error, NotImplementedError, EOFError) as error:
        raise RefusedError(
            Problem(kind=Kind.ARCHIVE_DAMAGED, message=f"the archive is cut off or damaged: {error}")
        ) from error
    _check_sizes(entries, len(data))
    members: dict[str, bytes] = {}
    problems: list[Problem] = []
    seen: dict[str, str] = {}
    for entry in entries:
        name = entry.orig_filename
        problem = _name_problem(name) or _twin(name, seen)
        if problem is not None:
            problems.append(problem)
            continue
        content = _content(data, entry)
        if isinstance(content, Problem):
            problems.append(content)
        else:
            members[name] = content
    problems.extend(_rewritten(data, entries, members, whole=not problems))
    return Archive(members=members, problems=tuple(problems))


def _too_large(what: str) -> RefusedError:
    return RefusedError(Problem(kind=Kind.TOO_LARGE, message=f"the archive is not opened: {what}"))


def _check_sizes(entries: list[zipfile.ZipInfo], size: int) -> None:
    if len(entries) > _MOST_MEMBERS:
        raise _too_large(f"it has {len(entries)} members, more than the {_MOST_MEMBERS} that are read")
    most = min(MOST_BYTES, max(_ALWAYS_ALLOWED, _MOST_RATIO * size))
    total = sum(entry.file_size for entry in entries)
    if total > most:
        raise _too_large(f"its members come to {total} bytes, more than the {most} that are read")


def _name_problem(name: str) -> Problem | None:
    parts = name.split("/")
    unsafe = (
        any(part in ("", ".", "..") for part in parts)
        or any(sign in name for sign in '\\:*?"<>|')
        or any(unicodedata.category(sign).startswith("C") for sign in name)
        or len(name) > _LONGEST_NAME
    )
    if not unsafe:
        return None
    return Problem(
        kind=Kind.UNSAFE_NAME,
        message=f"the archive has a member with an unsafe name: {_shown(name)}",
        member=_shown(name),
    )


def _shown(name: str) -> str:
    return ascii(name[:_LONGEST_NAME])


def _twin(name: str, seen: dict[str, str]) -> Problem | None:
    """A name that is the same as an earlier one, on some file system at least."""
    first = seen.setdefault(unicodedata.normalize("NFC", name).casefold(), name)
    if first is name:
        return None
    again = "twice" if first == name else f"twice, once as {first}"
    return Problem(kind=Kind.DUPLICATE_NAME, message=f"{name} stands in the archive {again}", member=name)


def _content(data: bytes, entry: zipfile.ZipInfo) -> bytes | Problem:
    """What a member holds, whatever its checksum says: the manifest knows better."""
    name, start = entry.orig_filename, entry.header_offset
    damaged = Problem(
        kind=Kind.ARCHIVE_DAMAGED, message=f"{name} cannot be read from the archive", member=name
    )
    header = data[start : start + _LOCAL_HEADER.size] if start >= 0 else b""
    if len(header) < _LOCAL_HEADER.size:
        return damaged
    signature, *_, name_size, extra_size = _LOCAL_HEADER.unpack(header)
    begin = start + _LOCAL_HEADER.size + name_size + extra_size
    raw = data[begin : begin + entry.compress_size]
    if signature != MAGIC or len(raw) != entry.compress_size or entry.flag_bits & 1:  # encrypted
        return damaged
    if entry.compress_type == zipfile.ZIP_STORED:
        return raw
    if entry.compress_type != zipfile.ZIP_DEFLATED:
        return damaged
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(raw, max(entry.file_size, 1))
    except zlib.error:
        return damaged


def _rewritten(
    data: bytes, entries: list[zipfile.ZipInfo], members: Mapping[str, bytes], *, whole: bool
) -> Iterator[Problem]:
    """Whether the archive has anything that does not follow from its members."""
    if not whole or write_archive(members) == data:
        return
    what = next(_deviations(data, entries), None)
    if what is None:
        offset = _first_difference(write_archive(members), data)
        what = f"byte {offset} is not what follows from its members"
    yield Problem(
        kind=Kind.ARCHIVE_REWRITTEN, message=f"the archive is not as this program writes it: {what}"
    )


def _deviations(data: bytes, entries: list[zipfile.ZipInfo]) -> Iterator[str]:
    if not data.startswith(MAGIC):
        yield "something stands before its first member"
    names = [entry.orig_filename for entry in entries]
    if names != sorted(names):
        yield "its members are not in their order"
    for entry in entries:
        if entry.compress_type != zipfile.ZIP_STORED:
            yield f"{entry.orig_filename} is compressed"
        if entry.date_time != _TIME:
            yield f"{entry.orig_filename} has another time"
        if entry.external_attr != _MODE << 16 or entry.create_system != _UNIX:
            yield f"{entry.orig_filename} has other attributes"
        if entry.extra or entry.comment:
            yield f"{entry.orig_filename} has an extra field or a comment"


def _first_difference(one: bytes, other: bytes) -> int:
    """The offset of the first byte that differs; where one is the beginning of the other, its end."""
    low, high = 0, min(len(one), len(other))
    while low < high:  # both begin alike up to `low`
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
