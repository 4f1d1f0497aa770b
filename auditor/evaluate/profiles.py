"""A profile file as a `Profile`: everything that can be wrong within one file is found here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auditor.errors import DocumentError
from auditor.evaluate.operators import pattern_regex
from auditor.model.node import Json
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


class ProfileDocument:
    """Reads one document that its schema has accepted; collects what is wrong instead of raising it."""

    def __init__(self, document: YamlDocument) -> None:
        self.document = document
        self.problems: list[DocumentError] = []

    def profile(self) -> Profile:
        """The profile; only of use when `problems` stays empty."""
        data: Any = self.document.data
        name = self.document.file.stem
        if data["id"] != name:
            self._problem(
                f"the id {data['id']!r} is not the name of the file",
                "id",
                remedy=f"Write {name}, or rename the file.",
            )
        return Profile(
            id=data["id"],
            display_name=data["display_name"],
            template_names=tuple(data["template_names"]),
            identifiers=tuple(data["identifiers"]),
            display_names=tuple(data.get("display_names", ())),
            products=tuple(data.get("products", ())),
            initiated_by=data["initiated_by"],
            expected={_camel(key): self._expectation(key) for key in data["expected"]},
            sources={key: Source(**source) for key, source in data["sources"].items()},
            steps=self._steps(),
            mark=self.document.mark(),
        )

    def _problem(self, message: str, *path: str | int, remedy: str) -> None:
        self.problems.append(self.document.problem(message, *path, remedy=remedy))

    def _expectation(self, key: str) -> Expectation:
        data: Any = self.document.data
        said: Mapping[str, Any] = data["expected"][key]
        where: NodePath = ("expected", key)
        words = [word for word in _KINDS if word in said]
        if len(words) != 1:
            self._problem(
                f"{key} says {' and '.join(words) or 'nothing'}",
                *where,
                remedy=f"Say exactly one of {', '.join(_KINDS)}.",
            )
            words = [*words, "any"]
        word = words[0]
        if word == "one_of":
            self._check_products(said[word], *where, word)
        if word == "matches":
            self._check_pattern(said[word], *where, word)
        self._check_document(said["document"], *where, "document")
        return Expectation(
            kind=_KINDS[word],
            value=None if word in ("blank", "any") else said[word],
            document=said["document"],
            step=said["step"],
            note=said.get("note"),
        )

    def _check_products(self, values: Json, *where: str | int) -> None:
        data: Any = self.document.data
        products = data.get("products", ())
        for product in values if isinstance(values, Mapping) else ():
            if product not in products:
                self._problem(
                    f"{product!r} is none of the products{did_you_mean(product, products)}",
                    *where,
                    product,
                    remedy="Name it under `products` too, or write a list of values without products.",
                )

    def _check_pattern(self, pattern: str, *where: str | int) -> None:
        try:
            pattern_regex(pattern)
        except ValueError as error:
            self._problem(str(error), *where, remedy="For example: https://<subdomain>.example.com/saml")

    def _check_document(self, key: str, *where: str | int) -> None:
        data: Any = self.document.data
        if key not in data["sources"]:
            known = list(data["sources"])
            self._problem(
                f"{key!r} is none of the sources{did_you_mean(key, known)}",
                *where,
                remedy=f"Known here: {', '.join(known)}.",
            )

    def _steps(self) -> tuple[Step, ...]:
        data: Any = self.document.data
        seen: set[str] = set()
        for index, step in enumerate(data["steps"]):
            self._check_document(step["document"], "steps", index, "document")
            if step["id"] in seen:
                self._problem(
                    f"a second step with the id {step['id']!r}", "steps", index, "id", remedy="Rename one."
                )
            seen.add(step["id"])
            observable = "rules" in step
            if observable == ("check" in step or "observable" in step) or (
                not observable and not ("check" in step and "observable" in step)
            ):
                self._problem(
                    f"the step {step['id']!r} must name rules, or say `observable: false` and what to check",
                    "steps",
                    index,
                    remedy="A step is judged by rules, or somebody is told where to look.",
                )
        return tuple(
            Step(
                id=step["id"],
                title=step["title"],
                document=step["document"],
                rules=tuple(step.get("rules", ())),
                observable="rules" in step,
                check=step.get("check"),
            )
            for step in data["steps"]
        )


def _camel(key: str) -> str:
    """Keys are snake_case in the file and spelt as Graph would in evidence: `relayState`."""
    first, *others = key.split("_")
    return first + "".join(word.capitalize() for word in others)
