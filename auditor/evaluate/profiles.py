"""A profile file as a `Profile`, and what can be wrong within one file besides what its schema says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from auditor.errors import DocumentError
from auditor.evaluate.operators import pattern_regex
from auditor.model.profile import Expectation, ExpectationKind, Profile, Source, Step
from auditor.schema_problems import did_you_mean
from auditor.yaml_document import NodePath, YamlDocument

_KINDS = {
    "exactly": ExpectationKind.EXACTLY,
    "one_of": ExpectationKind.ONE_OF,
    "matches": ExpectationKind.MATCHES,
    "blank": ExpectationKind.BLANK,
    "any": ExpectationKind.ANY,
}


def profile_problems(document: YamlDocument) -> list[DocumentError]:
    """What is wrong with names, references between parts, patterns and steps.

    The document may be of any shape: what its schema refuses as well is passed over here.
    """
    return list(_Check(document).problems())


class _Check:
    def __init__(self, document: YamlDocument) -> None:
        self._document = document
        self._data = document.data if isinstance(document.data, Mapping) else {}

    def problems(self) -> Iterator[DocumentError]:
        profile_id, name = self._data.get("id"), self._document.file.stem
        if isinstance(profile_id, str) and profile_id != name:
            message = f"the id {profile_id!r} is not the name of the file"
            yield self._problem(message, "id", remedy=f"Write {name}, or rename the file.")
        expected = self._data.get("expected")
        for key, said in expected.items() if isinstance(expected, Mapping) else ():
            if isinstance(said, Mapping):
                yield from self._expectation(key, said)
        yield from self._steps()

    def _problem(self, message: str, *path: str | int, remedy: str) -> DocumentError:
        return self._document.problem(message, *path, remedy=remedy)

    def _expectation(self, key: str, said: Mapping[str, Any]) -> Iterator[DocumentError]:
        where = ("expected", key)
        words = [word for word in _KINDS if word in said]
        if len(words) != 1:
            message = f"{key} says {' and '.join(words) or 'nothing'}"
            yield self._problem(message, *where, remedy=f"Say exactly one of {', '.join(_KINDS)}.")
        listed = self._data.get("products")
        products = [str(product) for product in listed] if isinstance(listed, list) else []
        by_product = said.get("one_of")
        for product in by_product if isinstance(by_product, Mapping) else ():
            if product not in products:
                yield self._problem(
                    f"{product!r} is none of the products{did_you_mean(product, products)}",
                    *where,
                    "one_of",
                    product,
                    remedy="Name it under `products` too, or write a list of values without products.",
                )
        if isinstance(said.get("matches"), str):
            try:
                pattern_regex(said["matches"])
            except ValueError as error:
                remedy = "For example: https://<subdomain>.example.com/saml"
                yield self._problem(str(error), *where, "matches", remedy=remedy)
        yield from self._source(said.get("document"), (*where, "document"))

    def _source(self, key: object, where: NodePath) -> Iterator[DocumentError]:
        known = self._data.get("sources")
        if isinstance(key, str) and isinstance(known, Mapping) and key not in known:
            message = f"{key!r} is none of the sources{did_you_mean(key, known)}"
            yield self._problem(message, *where, remedy=f"Known here: {', '.join(known)}.")

    def _steps(self) -> Iterator[DocumentError]:
        steps = self._data.get("steps")
        seen: set[object] = set()
        for index, step in enumerate(steps) if isinstance(steps, list) else ():
            if not isinstance(step, Mapping) or not isinstance(step.get("id"), str):
                continue
            yield from self._source(step.get("document"), ("steps", index, "document"))
            if step["id"] in seen:
                message = f"a second step with the id {step['id']!r}"
                yield self._problem(message, "steps", index, "id", remedy="Rename one.")
            seen.add(step["id"])
            judged, told = "rules" in step, ("observable" in step, "check" in step)
            if (judged and any(told)) or (not judged and not all(told)):
                yield self._problem(
                    f"the step {step['id']!r} must name rules, or say `observable: false` and what to check",
                    "steps",
                    index,
                    remedy="A step is judged by rules, or somebody is told where to look.",
                )


def profile_of(document: YamlDocument) -> Profile:
    """The profile of a document in which nothing is wrong."""
    data: Any = document.data
    return Profile(
        id=data["id"],
        display_name=data["display_name"],
        template_names=tuple(data["template_names"]),
        identifiers=tuple(data["identifiers"]),
        display_names=tuple(data.get("display_names", ())),
        products=tuple(data.get("products", ())),
        initiated_by=data["initiated_by"],
        expected={_camel(key): _expectation(said) for key, said in data["expected"].items()},
        sources={key: Source(**source) for key, source in data["sources"].items()},
        steps=tuple(
            Step(
                id=step["id"],
                title=step["title"],
                document=step["document"],
                rules=tuple(step.get("rules", ())),
                observable="rules" in step,
                check=step.get("check"),
            )
            for step in data["steps"]
        ),
        mark=document.mark(),
        expected_marks={
            _camel(key): document.mark("expected", key, _word(said), key=True)
            for key, said in data["expected"].items()
        },
    )


def _expectation(said: Mapping[str, Any]) -> Expectation:
    word = _word(said)
    return Expectation(
        kind=_KINDS[word],
        value=None if word in ("blank", "any") else said[word],
        document=said["document"],
        step=said["step"],
        note=said.get("note"),
    )


def _word(said: Mapping[str, Any]) -> str:
    (word,) = (word for word in _KINDS if word in said)
    return word


def _camel(key: str) -> str:
    """Keys are snake_case in the file and spelt as Graph would in evidence: `relayState`."""
    first, *others = key.split("_")
    return first + "".join(word.capitalize() for word in others)
