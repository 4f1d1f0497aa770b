"""A rule file as a `Rule`: everything that can be wrong within one file is found here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from auditor.errors import DocumentError
from auditor.evaluate.examples import example_node
from auditor.evaluate.operators import OPERATORS
from auditor.evaluate.paths import ROOTS, Path, PathError
from auditor.evaluate.templates import Template
from auditor.model.rule import (
    Assertion,
    Clause,
    Either,
    Escalation,
    ForEach,
    Need,
    Remediation,
    Rule,
    RuleTest,
    Scope,
    Severity,
    SubjectKind,
)
from auditor.schema_problems import did_you_mean
from auditor.yaml_document import NodePath, YamlDocument

_NO_OPERATOR = ("path", "otherwise", "severity")


class RuleDocument:
    """Reads one document that its schema has accepted; collects what is wrong instead of raising it."""

    def __init__(self, document: YamlDocument) -> None:
        self.document = document
        self.problems: list[DocumentError] = []
        self._for_each = isinstance(document.data, Mapping) and "for_each" in document.data

    def rule(self) -> Rule:
        """The rule; only of use when `problems` stays empty."""
        data: Any = self.document.data
        self._check_names(data["id"])
        message = data["message"]
        for key in ("pass", "fail"):
            self._sentence(message[key], ("message", key))
        return Rule(
            id=data["id"],
            category=self.document.file.parent.name,
            title=data["title"],
            severity=Severity(data["severity"]),
            enabled=data.get("enabled", True),
            scope=Scope(data.get("scope", "application")),
            needs=Need(data["needs"]) if "needs" in data else None,
            rationale=_folded(data["rationale"]),
            requires=tuple(data.get("requires", ())),
            when=self._clauses(data.get("when", ()), "when"),
            for_each=self._each(data.get("for_each")),
            expect=self._clauses(data["expect"], "expect"),
            escalates=self._escalations(data.get("escalates", ())),
            message_pass=_folded(message["pass"]),
            message_fail=_folded(message["fail"]),
            remediation=Remediation(**{key: text.strip() for key, text in data["remediation"].items()}),
            references=tuple(data["references"]),
            controls={name: tuple(ids) for name, ids in data["controls"].items()},
            tests=self._tests(data.get("tests", ())),
            mark=self.document.mark(),
        )

    def _problem(self, message: str, *path: str | int, remedy: str, key: bool = False) -> None:
        self.problems.append(self.document.problem(message, *path, remedy=remedy, key=key))

    def _check_names(self, rule_id: str) -> None:
        name = self.document.file.stem
        if rule_id != name:
            self._problem(
                f"the id {rule_id!r} is not the name of the file",
                "id",
                remedy=f"Write {name}, or rename the file.",
            )

    def _path(self, expression: str, *where: str | int, item: bool) -> None:
        try:
            Path(expression, item=item)
        except PathError as error:
            self._problem(
                str(error), *where, remedy="Paths are JMESPath over the evidence; see `auditor rules schema`."
            )

    def _sentence(self, text: str, where: NodePath, *, item: bool | None = None) -> None:
        try:
            Template(text, item=self._for_each if item is None else item)
        except ValueError as error:  # PathError is one
            self._problem(str(error), *where, remedy="Braces in a sentence hold a JMESPath expression.")

    def _clauses(self, data: Any, part: str) -> tuple[Clause, ...]:
        item = part == "expect" and self._for_each
        return tuple(self._clause(clause, (part, index), item=item) for index, clause in enumerate(data))

    def _clause(self, data: Mapping[str, Any], where: NodePath, *, item: bool) -> Clause:
        if "either" not in data:
            return self._assertion(data, where, item=item)
        if "otherwise" in data:
            self._sentence(data["otherwise"], (*where, "otherwise"), item=item)
        return Either(
            assertions=tuple(
                self._assertion(one, (*where, "either", index), item=item)
                for index, one in enumerate(data["either"])
            ),
            otherwise=_otherwise(data),
            mark=self.document.mark(*where),
        )

    def _assertion(self, data: Mapping[str, Any], where: NodePath, *, item: bool) -> Assertion:
        words = [key for key in data if key not in _NO_OPERATOR]
        if len(words) != 1:
            found = f"has {' and '.join(words)}" if words else "has no operator"
            self._problem(
                f"this clause {found}; it needs exactly one operator",
                *where,
                remedy=f"Known operators: {', '.join(OPERATORS)}.",
            )
            words = [*words, "is_null"]
        word = words[0]
        self._path(data["path"], *where, "path", item=item)
        operand = data.get(word)
        operand_path = operand["from"] if isinstance(operand, Mapping) else None
        if operand_path is not None:
            self._path(operand_path, *where, word, "from", item=item)
        elif word == "matches":
            self._regex(str(operand), *where, word)
        if "otherwise" in data:
            self._sentence(data["otherwise"], (*where, "otherwise"), item=item)
        return Assertion(
            path=data["path"],
            operator=word,
            operand=None if operand_path is not None else operand,
            operand_path=operand_path,
            otherwise=_otherwise(data),
            mark=self.document.mark(*where),
        )

    def _regex(self, pattern: str, *where: str | int) -> None:
        try:
            re.compile(pattern)
        except re.error as error:
            self._problem(f"{pattern!r} is no regular expression: {error}", *where, remedy="Correct it.")

    def _each(self, data: Mapping[str, str] | None) -> ForEach | None:
        if data is None:
            return None
        self._path(data["path"], "for_each", "path", item=False)
        for key in ("id", "name"):
            self._path(data[key], "for_each", key, item=True)
        self._sentence(data["none"], ("for_each", "none"), item=False)
        return ForEach(
            path=data["path"],
            kind=SubjectKind(data["kind"]),
            id=data["id"],
            name=data["name"],
            none=_folded(data["none"]),
            mark=self.document.mark("for_each"),
        )

    def _escalations(self, data: Any) -> tuple[Escalation, ...]:
        return tuple(
            Escalation(
                condition=self._assertion(one, ("escalates", index), item=self._for_each),
                severity=Severity(one["severity"]),
            )
            for index, one in enumerate(data)
        )

    def _tests(self, data: Any) -> tuple[RuleTest, ...]:
        for index, test in enumerate(data):
            for root, value in test["evidence"].items():
                where = ("tests", index, "evidence", root)
                if root not in ROOTS:
                    message = f"unknown root {root!r}{did_you_mean(root, ROOTS)}"
                    self._problem(message, *where, key=True, remedy=f"Known: {', '.join(ROOTS)}.")
                try:
                    example_node(value)
                except ValueError as error:
                    self._problem(str(error), *where, remedy="A $gap stands for what could not be read.")
        return tuple(
            RuleTest(
                name=test["name"],
                evidence=test["evidence"],
                expected={key: value for key, value in test.items() if key not in ("name", "evidence")},
                mark=self.document.mark("tests", index),
            )
            for index, test in enumerate(data)
        )


def _folded(text: str) -> str:
    """A sentence without the line breaks of the file."""
    return " ".join(text.split())


def _otherwise(data: Mapping[str, Any]) -> str | None:
    return _folded(data["otherwise"]) if "otherwise" in data else None
