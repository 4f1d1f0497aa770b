"""A rule file as a `Rule`, and what can be wrong within one file besides what its schema says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
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

_BESIDES_OPERATORS = ("path", "otherwise", "severity")


def rule_problems(document: YamlDocument) -> list[DocumentError]:
    """What is wrong with names, paths, sentences, operators and tests.

    The document may be of any shape: what its schema refuses as well is passed over here.
    """
    return list(_Check(document).problems())


class _Check:
    def __init__(self, document: YamlDocument) -> None:
        self._document = document
        self._data = document.data if isinstance(document.data, Mapping) else {}
        self._for_each = "for_each" in self._data

    def problems(self) -> Iterator[DocumentError]:
        rule_id, name = self._data.get("id"), self._document.file.stem
        if isinstance(rule_id, str) and rule_id != name:
            yield self._document.problem(
                f"the id {rule_id!r} is not the name of the file",
                "id",
                remedy=f"Write {name}, or rename the file.",
            )
        for part in ("when", "expect", "escalates"):
            yield from self._clauses(self._data.get(part), (part,), item=part != "when" and self._for_each)
        yield from self._elements(self._data.get("for_each"))
        message = self._data.get("message")
        for key, text in message.items() if isinstance(message, Mapping) else ():
            yield from self._sentence(text, ("message", key), item=self._for_each)
        tests = self._data.get("tests")
        for index, test in enumerate(tests) if isinstance(tests, list) else ():
            if isinstance(test, Mapping):
                yield from self._evidence(test.get("evidence"), ("tests", index, "evidence"))

    def _clauses(self, node: object, where: NodePath, *, item: bool) -> Iterator[DocumentError]:
        if isinstance(node, list):
            for index, clause in enumerate(node):
                yield from self._clauses(clause, (*where, index), item=item)
        elif isinstance(node, Mapping):
            yield from self._sentence(node.get("otherwise"), (*where, "otherwise"), item=item)
            if "either" in node:
                yield from self._clauses(node["either"], (*where, "either"), item=item)
            else:
                yield from self._assertion(node, where, item=item)

    def _assertion(
        self, clause: Mapping[str, Any], where: NodePath, *, item: bool
    ) -> Iterator[DocumentError]:
        yield from self._path(clause.get("path"), (*where, "path"), item=item)
        words = [key for key in clause if key not in _BESIDES_OPERATORS]
        if len(words) != 1 and all(word in OPERATORS for word in words):
            found = f"has {' and '.join(words)}" if words else "has no operator"
            yield self._document.problem(
                f"this clause {found}; it needs exactly one operator",
                *where,
                remedy=f"Known operators: {', '.join(OPERATORS)}.",
            )
        for word in words:
            operand = clause[word]
            if isinstance(operand, Mapping):
                yield from self._path(operand.get("from"), (*where, word, "from"), item=item)
            elif word == "matches" and isinstance(operand, str):
                yield from self._pattern(operand, (*where, word))

    def _elements(self, for_each: object) -> Iterator[DocumentError]:
        if isinstance(for_each, Mapping):
            yield from self._path(for_each.get("path"), ("for_each", "path"), item=False)
            for key in ("id", "name"):
                yield from self._path(for_each.get(key), ("for_each", key), item=True)
            yield from self._sentence(for_each.get("none"), ("for_each", "none"), item=False)

    def _path(self, expression: object, where: NodePath, *, item: bool) -> Iterator[DocumentError]:
        if isinstance(expression, str) and expression:
            try:
                Path(expression, item=item)
            except PathError as error:
                remedy = "Paths are JMESPath over the evidence; see `auditor rules schema`."
                yield self._document.problem(str(error), *where, remedy=remedy)

    def _sentence(self, text: object, where: NodePath, *, item: bool) -> Iterator[DocumentError]:
        if isinstance(text, str):
            try:
                Template(text, item=item)
            except ValueError as error:  # PathError is one
                remedy = "Braces in a sentence hold a JMESPath expression."
                yield self._document.problem(str(error), *where, remedy=remedy)

    def _pattern(self, pattern: str, where: NodePath) -> Iterator[DocumentError]:
        try:
            re.compile(pattern)
        except re.error as error:
            message = f"{pattern!r} is no regular expression: {error}"
            yield self._document.problem(message, *where, remedy="Correct it.")

    def _evidence(self, evidence: object, where: NodePath) -> Iterator[DocumentError]:
        for root, value in evidence.items() if isinstance(evidence, Mapping) else ():
            if root not in ROOTS:
                message = f"unknown root {root!r}{did_you_mean(root, ROOTS)}"
                remedy = f"Known: {', '.join(ROOTS)}."
                yield self._document.problem(message, *where, root, key=True, remedy=remedy)
            try:
                example_node(value)
            except ValueError as error:
                remedy = "A $gap stands for what could not be read."
                yield self._document.problem(str(error), *where, root, remedy=remedy)


def rule_of(document: YamlDocument) -> Rule:
    """The rule of a document in which nothing is wrong."""
    data: Any = document.data
    message = data["message"]
    return Rule(
        id=data["id"],
        category=document.file.absolute().parent.name,
        title=data["title"],
        severity=Severity(data["severity"]),
        enabled=data.get("enabled", True),
        scope=Scope(data.get("scope", "application")),
        needs=Need(data["needs"]) if "needs" in data else None,
        rationale=_folded(data["rationale"]),
        requires=tuple(data.get("requires", ())),
        when=_clauses(document, "when"),
        for_each=_for_each(document, data.get("for_each")),
        expect=_clauses(document, "expect"),
        escalates=tuple(
            Escalation(
                condition=_assertion(document, one, ("escalates", index)),
                severity=Severity(one["severity"]),
            )
            for index, one in enumerate(data.get("escalates", ()))
        ),
        message_pass=_folded(message["pass"]),
        message_fail=_folded(message["fail"]),
        remediation=Remediation(**{key: text.strip() for key, text in data["remediation"].items()}),
        references=tuple(data["references"]),
        controls={name: tuple(ids) for name, ids in data["controls"].items()},
        tests=tuple(
            RuleTest(
                name=test["name"],
                evidence=test["evidence"],
                expected={key: value for key, value in test.items() if key not in ("name", "evidence")},
                mark=document.mark("tests", index),
            )
            for index, test in enumerate(data.get("tests", ()))
        ),
        mark=document.mark(),
    )


def _clauses(document: YamlDocument, part: str) -> tuple[Clause, ...]:
    data: Any = document.data
    return tuple(_clause(document, clause, (part, index)) for index, clause in enumerate(data.get(part, ())))


def _clause(document: YamlDocument, data: Mapping[str, Any], where: NodePath) -> Clause:
    if "either" not in data:
        return _assertion(document, data, where)
    return Either(
        assertions=tuple(
            _assertion(document, one, (*where, "either", index)) for index, one in enumerate(data["either"])
        ),
        otherwise=_otherwise(data),
        mark=document.mark(*where),
    )


def _assertion(document: YamlDocument, data: Mapping[str, Any], where: NodePath) -> Assertion:
    (word,) = (key for key in data if key not in _BESIDES_OPERATORS)
    operand_path = data[word]["from"] if isinstance(data[word], Mapping) else None
    return Assertion(
        path=data["path"],
        operator=word,
        operand=data[word] if operand_path is None else None,
        operand_path=operand_path,
        otherwise=_otherwise(data),
        mark=document.mark(*where),
    )


def _for_each(document: YamlDocument, data: Mapping[str, str] | None) -> ForEach | None:
    if data is None:
        return None
    return ForEach(
        path=data["path"],
        kind=SubjectKind(data["kind"]),
        id=data["id"],
        name=data["name"],
        none=_folded(data["none"]),
        mark=document.mark("for_each"),
    )


def _folded(text: str) -> str:
    """A sentence without the line breaks of the file."""
    return " ".join(text.split())


def _otherwise(data: Mapping[str, Any]) -> str | None:
    return _folded(data["otherwise"]) if "otherwise" in data else None
