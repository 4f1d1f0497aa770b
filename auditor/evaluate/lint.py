"""Checks rule and profile files: all that loading refuses, all at once, and what makes them hard to read."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auditor.bundled import bundled
from auditor.errors import DocumentError, UsageError
from auditor.evaluate.loader import (
    PROFILES,
    Loaded,
    RulePack,
    by_place,
    check_references,
    load_file,
    misplaced,
    yaml_files,
)
from auditor.model.profile import Profile
from auditor.model.rule import Rule
from auditor.yaml_document import YamlDocument, bundled_schema

_REQUIRED_TESTS = ("pass", "fail", "not-evaluated")


@dataclass(frozen=True, slots=True, kw_only=True)
class Linted:
    """What lies in a folder or a file, and everything that is wrong with it, in the order of lines."""

    rules: tuple[Rule, ...]
    profiles: tuple[Profile, ...]
    problems: tuple[DocumentError, ...]
    """With one of these nothing would run."""
    style: tuple[DocumentError, ...]
    """Keys out of order, tests that are missing."""
    pack: RulePack
    """The rules with those they may require: of the same folder, or bundled."""


def lint(path: Path, *, as_profile: bool = False) -> Linted:
    """Checks a folder of rules, a folder of one category, or a file.

    A file or a category may name rules of the folder around it, and bundled ones. `as_profile`: a file is a
    profile wherever it lies.
    """
    if not path.exists():
        raise UsageError(f"there is no file or folder {path}", remedy="Name a rule, or a folder of rules.")
    files = [path] if path.is_file() else list(yaml_files(path))
    if not files:
        raise UsageError(
            f"no rule or profile lies in {path}", remedy="Rules lie in DIR/<category>/<id>.yaml."
        )
    is_whole = path.is_dir() and not any(file.parent == path for file in files)
    loaded = Loaded()
    for file in files:
        if is_whole and len(file.relative_to(path).parts) != 2:
            loaded.problems.append(misplaced(file))
        else:
            load_file(file, loaded, is_profile=as_profile or file.parent.name == PROFILES)
    around = [] if is_whole else _around(path, files)
    known = {rule.id: rule for rule in (*around, *loaded.rules)}
    check_references(loaded, known.values())
    sound = [*(rule.mark.file for rule in loaded.rules), *(profile.mark.file for profile in loaded.profiles)]
    style = [problem for file in sound for problem in _style_problems(loaded.documents[file])]
    return Linted(
        rules=tuple(sorted(loaded.rules, key=lambda rule: rule.id)),
        profiles=tuple(sorted(loaded.profiles, key=lambda profile: profile.id)),
        problems=tuple(sorted(loaded.problems, key=by_place)),
        style=tuple(sorted(style, key=by_place)),
        pack=RulePack(rules=tuple(known.values()), profiles=tuple(loaded.profiles), digest=""),
    )


def _around(path: Path, files: Sequence[Path]) -> list[Rule]:
    """The sound rules beside those that are looked at, and the bundled ones."""
    folder = path.absolute().parent.parent if path.is_file() else path.absolute().parent
    looked_at = {file.resolve() for file in files}
    around = Loaded()
    for file in [*sorted(bundled("rules").glob("*/*.yaml")), *sorted(folder.glob("*/*.yaml"))]:
        if file.resolve() not in looked_at and file.parent.name != PROFILES:
            load_file(file, around, is_profile=False)
    broken = {problem.mark.file for problem in around.problems}
    return [rule for rule in around.rules if rule.mark.file not in broken]


def _style_problems(document: YamlDocument) -> Iterator[DocumentError]:
    data: Any = document.data
    is_profile = "steps" in data
    schema: Any = bundled_schema("profile" if is_profile else "rule")
    yield from _order_problems(document, schema["properties"], ())
    if is_profile:
        return
    if "for_each" in data:
        yield from _order_problems(document, schema["properties"]["for_each"]["properties"], ("for_each",))
    tests = data.get("tests", [])
    for index in range(len(tests)):
        yield from _order_problems(document, schema["$defs"]["test"]["properties"], ("tests", index))
    missing = [status for status in _REQUIRED_TESTS if all(test["status"] != status for test in tests)]
    if missing:
        yield document.problem(
            f"the rule has no test that gives {', and none that gives '.join(missing)}",
            *(["tests"] if tests else []),
            key=True,
            remedy="A rule shows by its own tests when it passes, fails, and cannot be judged.",
        )


def _order_problems(
    document: YamlDocument, properties: Mapping[str, object], where: tuple[str | int, ...]
) -> Iterator[DocumentError]:
    """The first key that stands before one it belongs behind."""
    order = list(properties)
    data: Any = document.data
    for part in where:
        data = data[part]
    for earlier, later in itertools.pairwise(data):
        if order.index(earlier) > order.index(later):
            yield document.problem(
                f"{later} stands behind {earlier}",
                *where,
                later,
                key=True,
                remedy=f"Keys stand in this order: {', '.join(order)}.",
            )
            return
