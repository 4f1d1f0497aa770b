"""Loads the rules and the profiles of a folder: all of it is right, or nothing is run.

DIR/<category>/<id>.yaml     rules
DIR/profiles/<id>.yaml       profiles
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from auditor.errors import DocumentError, Mark, UsageError
from auditor.evaluate.profiles import ProfileDocument
from auditor.evaluate.rule_document import RuleDocument
from auditor.model.profile import Profile
from auditor.model.rule import Rule
from auditor.schema_problems import did_you_mean
from auditor.yaml_document import YamlDocument, bundled_schema, read_yaml, schema_errors

_T = TypeVar("_T")

PROFILES = "profiles"
_REQUIRED_TESTS = ("pass", "fail", "not-evaluated")


@dataclass(frozen=True, slots=True)
class RulePack:
    """The rules and profiles that judge, sorted by id, with a SHA-256 over their files."""

    rules: tuple[Rule, ...]
    profiles: tuple[Profile, ...]
    digest: str

    def rule(self, rule_id: str) -> Rule:
        """The rule of that id. Raises UsageError that names the nearest one."""
        return _named(rule_id, {rule.id: rule for rule in self.rules}, "rule")

    def profile(self, profile_id: str) -> Profile:
        """The profile of that id. Raises UsageError that names the nearest one."""
        return _named(profile_id, {profile.id: profile for profile in self.profiles}, "profile")


def _named(name: str, known: Mapping[str, _T], what: str) -> _T:
    if name not in known:
        raise UsageError(
            f"there is no {what} {name!r}{did_you_mean(name, known)}",
            remedy=f"`auditor {what}s list` shows all.",
        )
    return known[name]


@dataclass(slots=True)
class _Loaded:
    """What could be read so far, and what is wrong with the rest."""

    rules: list[Rule]
    profiles: list[Profile]
    problems: list[DocumentError]
    documents: list[YamlDocument]


def load_pack(directory: Path) -> RulePack:
    """The rules and profiles of `directory`. Raises DocumentError with the first thing that is wrong."""
    files = list(_yaml_files(directory))
    loaded = _load(files, directory)
    for problem in sorted(loaded.problems, key=_by_place):
        raise problem
    if not loaded.rules:
        raise UsageError(f"no rule lies in {directory}", remedy="Rules lie in DIR/<category>/<id>.yaml.")
    return RulePack(
        rules=tuple(sorted(loaded.rules, key=lambda rule: rule.id)),
        profiles=tuple(sorted(loaded.profiles, key=lambda profile: profile.id)),
        digest=_digest(files, directory),
    )


def lint(path: Path, *, among: Path) -> list[DocumentError]:
    """Everything that is wrong in a folder of rules, or in one file of the folder `among`.

    Besides what `load_pack` refuses: keys out of order, and rules without tests of their own.
    """
    directory = path if path.is_dir() else among
    loaded = _load(list(_yaml_files(directory)), directory)
    if path.is_file() and not any(document.file == path for document in loaded.documents):
        _load_file(path, loaded)
    sound = {rule.mark.file for rule in loaded.rules} | {profile.mark.file for profile in loaded.profiles}
    documents = [document for document in loaded.documents if document.file in sound]
    found = [*loaded.problems, *(problem for document in documents for problem in _style_problems(document))]
    if path.is_file():
        found = [problem for problem in found if problem.mark.file == path]
    return sorted(found, key=_by_place)


def _by_place(problem: DocumentError) -> tuple[str, int, int, str]:
    return str(problem.mark.file), problem.mark.line, problem.mark.column, problem.message


def _yaml_files(directory: Path) -> Iterator[Path]:
    """The YAML files below `directory`, sorted; hidden ones are an editor's or git's."""
    if not directory.is_dir():
        raise UsageError(f"there is no folder {directory}", remedy="Name a folder of rules.")
    for file in sorted(directory.rglob("*")):
        hidden = any(part.startswith(".") for part in file.relative_to(directory).parts)
        if file.suffix in (".yaml", ".yml") and not hidden and file.is_file():
            yield file


def _digest(files: Iterable[Path], directory: Path) -> str:
    digest = hashlib.sha256()
    for file in files:
        name = file.relative_to(directory).as_posix().encode()
        content = file.read_bytes()
        digest.update(b"%d %s %d " % (len(name), name, len(content)) + content)
    return digest.hexdigest()


def _load(files: Sequence[Path], directory: Path) -> _Loaded:
    loaded = _Loaded(rules=[], profiles=[], problems=[], documents=[])
    for file in files:
        if file.suffix == ".yml":
            loaded.problems.append(
                _misplaced(file, "the name must end in .yaml", f"Rename it to {file.stem}.yaml.")
            )
        elif len(file.relative_to(directory).parts) != 2:
            remedy = "Rules lie in DIR/<category>/<id>.yaml, profiles in DIR/profiles/<id>.yaml."
            loaded.problems.append(_misplaced(file, "a file that is not in a folder of its category", remedy))
        else:
            _load_file(file, loaded)
    loaded.problems.extend(_duplicates(loaded.rules))
    loaded.problems.extend(_requirement_problems(loaded))
    loaded.problems.extend(_step_problems(loaded))
    return loaded


def _misplaced(file: Path, message: str, remedy: str) -> DocumentError:
    return DocumentError(message, mark=Mark(file, 1, 1), remedy=remedy)


def _load_file(file: Path, loaded: _Loaded) -> None:
    is_profile = file.parent.name == PROFILES
    schema = bundled_schema("profile" if is_profile else "rule")
    try:
        document = read_yaml(file)
    except DocumentError as error:
        loaded.problems.append(error)
        return
    loaded.documents.append(document)
    found = schema_errors(document, schema)
    if found:
        loaded.problems.extend(found)
        return
    if is_profile:
        profile_document = ProfileDocument(document)
        profile = profile_document.profile()
        loaded.problems.extend(profile_document.problems)
        loaded.profiles.append(profile)
    else:
        rule_document = RuleDocument(document)
        rule = rule_document.rule()
        loaded.problems.extend(rule_document.problems)
        loaded.rules.append(rule)


def _document(loaded: _Loaded, file: Path) -> YamlDocument:
    return next(document for document in loaded.documents if document.file == file)


def _duplicates(rules: Sequence[Rule]) -> Iterator[DocumentError]:
    first: dict[str, Rule] = {}
    for rule in rules:
        other = first.setdefault(rule.id, rule)
        if other is not rule:
            yield DocumentError(
                f"the id {rule.id!r} is taken by {other.mark.file}",
                mark=rule.mark,
                remedy="Rename one of them.",
            )


def _requirement_problems(loaded: _Loaded) -> Iterator[DocumentError]:
    rules = {rule.id: rule for rule in loaded.rules}
    for rule in loaded.rules:
        document = _document(loaded, rule.mark.file)
        for index, required in enumerate(rule.requires):
            where = ("requires", index)
            if required not in rules:
                yield document.problem(
                    f"there is no rule {required!r}{did_you_mean(required, rules)}",
                    *where,
                    remedy="`requires` names rules by their id.",
                )
            elif rules[required].scope is not rule.scope:
                yield document.problem(
                    f"{required} is evaluated per {rules[required].scope}, this rule per {rule.scope}",
                    *where,
                    remedy="A rule can only require one of its own scope.",
                )
            elif rule.id in _all_required(required, rules):
                yield document.problem(
                    f"{rule.id} requires {required}, which requires {rule.id}",
                    *where,
                    remedy="Remove one of the two requirements.",
                )


def _all_required(rule_id: str, rules: Mapping[str, Rule]) -> set[str]:
    """Ids of all rules that must hold before this one, itself left out unless it is on a circle."""
    found: set[str] = set()
    open_ids = [rule_id]
    while open_ids:
        rule = rules.get(open_ids.pop())
        for required in rule.requires if rule else ():
            if required not in found:
                found.add(required)
                open_ids.append(required)
    return found


def _step_problems(loaded: _Loaded) -> Iterator[DocumentError]:
    known = [rule.id for rule in loaded.rules]
    for profile in loaded.profiles:
        document = _document(loaded, profile.mark.file)
        for index, step in enumerate(profile.steps):
            for position, rule_id in enumerate(step.rules):
                if rule_id not in known:
                    yield document.problem(
                        f"there is no rule {rule_id!r}{did_you_mean(rule_id, known)}",
                        "steps",
                        index,
                        "rules",
                        position,
                        remedy="A step names rules by their id.",
                    )


def _style_problems(document: YamlDocument) -> Iterator[DocumentError]:
    is_profile = document.file.parent.name == PROFILES
    schema: Any = bundled_schema("profile" if is_profile else "rule")
    yield from _order_problems(document, schema["properties"], ())
    if is_profile:
        return
    data: Any = document.data
    if "for_each" in data:
        yield from _order_problems(document, schema["properties"]["for_each"]["properties"], ("for_each",))
    tests = data.get("tests", [])
    for index in range(len(tests)):
        yield from _order_problems(document, schema["$defs"]["test"]["properties"], ("tests", index))
    missing = [status for status in _REQUIRED_TESTS if all(test["status"] != status for test in tests)]
    if missing:
        yield document.problem(
            f"the rule has no test that gives {' and none that gives '.join(missing)}",
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
    keys = [key for key in data if key in order]
    for earlier, later in itertools.pairwise(keys):
        if order.index(earlier) > order.index(later):
            yield document.problem(
                f"{later} stands behind {earlier}",
                *where,
                later,
                key=True,
                remedy=f"Keys stand in this order: {', '.join(order)}.",
            )
            return
