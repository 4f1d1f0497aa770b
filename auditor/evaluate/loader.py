"""Loads the rules and the profiles of a folder: all of it is right, or nothing is run.

DIR/<category>/<id>.yaml     rules
DIR/profiles/<id>.yaml       profiles
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from auditor.errors import DocumentError, Mark, UsageError
from auditor.evaluate.profiles import profile_of, profile_problems
from auditor.evaluate.rule_document import rule_of, rule_problems
from auditor.model.profile import Profile
from auditor.model.rule import Rule
from auditor.schema_problems import did_you_mean
from auditor.yaml_document import YamlDocument, bundled_schema, read_yaml, schema_errors

_T = TypeVar("_T")

PROFILES = "profiles"


@dataclass(frozen=True, slots=True)
class RulePack:
    """The rules and profiles that judge, sorted by id, with a SHA-256 over their files."""

    rules: tuple[Rule, ...]
    profiles: tuple[Profile, ...]
    digest: str
    folder: str = "rules"
    """Where they lie, as reports show it: relative to the repository, with slashes; empty: its top."""

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
class Loaded:
    """What could be read so far, and what is wrong with the rest."""

    rules: list[Rule] = field(default_factory=list)
    profiles: list[Profile] = field(default_factory=list)
    problems: list[DocumentError] = field(default_factory=list)
    documents: dict[Path, YamlDocument] = field(default_factory=dict)
    """Those of the rules and profiles."""
    broken: set[str] = field(default_factory=set)
    """Ids of what could not be loaded: known, and told about already."""


def load_pack(directory: Path, *, folder: str = "rules") -> RulePack:
    """The rules and profiles of `directory`. Raises DocumentError with the first thing that is wrong.

    `folder` is how reports show the directory.
    """
    files = list(yaml_files(directory))
    loaded = Loaded()
    for file in files:
        if len(file.relative_to(directory).parts) == 2:
            load_file(file, loaded, is_profile=file.parent.name == PROFILES)
        else:
            loaded.problems.append(misplaced(file))
    check_references(loaded, loaded.rules)
    for problem in sorted(loaded.problems, key=by_place):
        raise problem
    if not loaded.rules:
        raise UsageError(f"no rule lies in {directory}", remedy="Rules lie in DIR/<category>/<id>.yaml.")
    return RulePack(
        rules=tuple(sorted(loaded.rules, key=lambda rule: rule.id)),
        profiles=tuple(sorted(loaded.profiles, key=lambda profile: profile.id)),
        digest=digest_of((file.relative_to(directory).as_posix(), file.read_bytes()) for file in files),
        folder=folder,
    )


def by_place(problem: DocumentError) -> tuple[str, int, int, str]:
    """Sorts problems by file and line."""
    return str(problem.mark.file), problem.mark.line, problem.mark.column, problem.message


def yaml_files(directory: Path) -> Iterator[Path]:
    """The YAML files below `directory`, sorted; hidden ones are an editor's or git's."""
    if not directory.is_dir():
        raise UsageError(f"there is no folder {directory}", remedy="Name a folder of rules.")
    for file in sorted(directory.rglob("*")):
        hidden = any(part.startswith(".") for part in file.relative_to(directory).parts)
        if file.suffix.lower() in (".yaml", ".yml") and not hidden and not file.is_dir():
            yield file


def digest_of(files: Iterable[tuple[str, bytes]]) -> str:
    """The digest of a pack: SHA-256 over its files, in the order of `yaml_files`."""
    digest = hashlib.sha256()
    for path, content in files:
        name = path.encode()
        digest.update(b"%d %s %d " % (len(name), name, len(content)) + content)
    return digest.hexdigest()


def misplaced(file: Path) -> DocumentError:
    """The error about a file that lies in no folder of a category."""
    return DocumentError(
        "a file that is not in a folder of its category",
        mark=Mark(file, 1, 1),
        remedy="Rules lie in DIR/<category>/<id>.yaml, profiles in DIR/profiles/<id>.yaml.",
    )


def load_file(file: Path, loaded: Loaded, *, is_profile: bool) -> None:
    """Adds the rule or the profile of `file`, or what is wrong with it."""
    if file.suffix != ".yaml":
        mark = Mark(file, 1, 1)
        remedy = f"Rename it to {file.stem}.yaml."
        loaded.problems.append(DocumentError("the name must end in .yaml", mark=mark, remedy=remedy))
        return
    try:
        document = read_yaml(file)
    except DocumentError as error:
        loaded.problems.append(error)
        loaded.broken.add(file.stem)
        return
    found = schema_errors(document, bundled_schema("profile" if is_profile else "rule"))
    found += profile_problems(document) if is_profile else rule_problems(document)
    if found:
        loaded.problems.extend(found)
        loaded.broken.add(file.stem)
        return
    loaded.documents[file] = document
    if is_profile:
        loaded.profiles.append(profile_of(document))
    else:
        loaded.rules.append(rule_of(document))


def check_references(loaded: Loaded, known: Iterable[Rule]) -> None:
    """Adds what is wrong between files: ids taken twice, rules named that are not among `known`."""
    rules = {rule.id: rule for rule in known}
    loaded.problems.extend(_duplicates(loaded.rules))
    loaded.problems.extend(_requirement_problems(loaded, rules))
    loaded.problems.extend(_step_problems(loaded, list(rules)))


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


def _requirement_problems(loaded: Loaded, rules: Mapping[str, Rule]) -> Iterator[DocumentError]:
    for rule in loaded.rules:
        document = loaded.documents[rule.mark.file]
        for index, required in enumerate(rule.requires):
            where = ("requires", index)
            if required in loaded.broken:
                continue
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


def _step_problems(loaded: Loaded, known: Sequence[str]) -> Iterator[DocumentError]:
    for profile in loaded.profiles:
        document = loaded.documents[profile.mark.file]
        for index, step in enumerate(profile.steps):
            for position, rule_id in enumerate(step.rules):
                if rule_id not in known and rule_id not in loaded.broken:
                    yield document.problem(
                        f"there is no rule {rule_id!r}{did_you_mean(rule_id, known)}",
                        "steps",
                        index,
                        "rules",
                        position,
                        remedy="A step names rules by their id.",
                    )
