"""What a JSON Schema finds wrong with a document, as sentences for the person who wrote the document."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

Position = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node stands: line and column of its key (of an item: its own) and of its value, from 1."""

    key: Position
    value: Position


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaProblem:
    """One thing that is wrong: what, where, and what to write instead."""

    path: tuple[str | int, ...]
    message: str
    remedy: str
    at_key: bool = False
    """The key is wrong, not its value."""


@dataclass(frozen=True, slots=True)
class _Violation:
    """What jsonschema found: `keyword` of `schema`, whose value is `wanted`, refuses `instance` at `path`."""

    keyword: str
    wanted: Any
    instance: Any
    schema: Mapping[str, Any]
    path: tuple[str | int, ...]
    of_key: bool
    """The instance is a key, not a value."""
    alternatives: tuple[tuple[_Violation, ...], ...]
    """Per branch of `oneOf` and `anyOf`."""
    message: str


def _violation(error: ValidationError) -> _Violation:
    branches: dict[object, list[_Violation]] = {}
    for inner in error.context or ():
        branches.setdefault(inner.relative_schema_path[0], []).append(_violation(inner))
    return _Violation(
        keyword=str(error.validator),
        wanted=error.validator_value,
        instance=error.instance,
        schema=error.schema if isinstance(error.schema, Mapping) else {},
        path=tuple(error.absolute_path),
        of_key="propertyNames" in error.relative_schema_path,
        alternatives=tuple(tuple(branch) for branch in branches.values()),
        message=error.message,
    )


def schema_problems(data: object, schema: Mapping[str, object]) -> list[SchemaProblem]:
    """All problems, each once. `schema` is JSON Schema 2020-12; `examples` in it are shown to the reader."""
    found: dict[SchemaProblem, None] = {}
    for error in Draft202012Validator(schema).iter_errors(data):
        found.update(dict.fromkeys(_problems(_violation(error))))
    return list(found)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant, or None."""
    plain = {_plain(name): name for name in known}
    close = difflib.get_close_matches(_plain(word), plain, n=1, cutoff=0.6)
    return plain[close[0]] if close else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?`, or nothing when no known word is near."""
    meant = nearest(word, known)
    return "" if meant is None else f"; did you mean {meant!r}?"


def _plain(word: str) -> str:
    return word.casefold().replace("_", "").replace("-", "").replace(" ", "")


def _problems(error: _Violation) -> Iterator[SchemaProblem]:
    if error.of_key:
        path = (*error.path, str(error.instance))
        message = f"the key {error.instance!r} {_said(error)}"
        yield SchemaProblem(path=path, message=message, remedy=_remedy(error), at_key=True)
    elif error.alternatives:
        yield from _alternatives(error)
    elif error.keyword in ("additionalProperties", "unevaluatedProperties"):
        yield from _unknown_keys(error)
    elif error.keyword != "required" or _missing(error):
        yield SchemaProblem(
            path=error.path,
            message=f"{_shown(error)} {_said(error)}",
            remedy=_remedy(error),
            at_key=error.keyword == "required",
        )


def _alternatives(error: _Violation) -> Iterator[SchemaProblem]:
    """The problems of the alternative that comes nearest: told to the end, instead of `matches none`."""

    def other_type(branch: Sequence[_Violation]) -> bool:
        return any(inner.keyword == "type" and inner.path == error.path for inner in branch)

    nearer = [
        [problem for inner in branch for problem in _problems(inner)]
        for branch in error.alternatives
        if not other_type(branch)
    ]
    if nearer:
        yield from min(nearer, key=len)
        return
    types = (_type_words(inner.wanted) for branch in error.alternatives for inner in branch)
    message = f"{_shown(error)} must be {' or '.join(dict.fromkeys(types))}, not {_type_of(error.instance)}"
    yield SchemaProblem(path=error.path, message=message, remedy=_remedy(error))


def _unknown_keys(error: _Violation) -> Iterator[SchemaProblem]:
    known = list(error.schema.get("properties", {}))
    for key in _unknown(error):
        meant = _meant(key, error)
        hint = "" if meant is None else f"; did you mean {meant!r}?"
        remedy = f"Known here: {', '.join(known)}." if known else "No key is allowed here."
        yield SchemaProblem(
            path=(*error.path, key), message=f"unknown key {key!r}{hint}", remedy=remedy, at_key=True
        )


def _unknown(error: _Violation) -> list[str]:
    known = error.schema.get("properties", {})
    patterns = error.schema.get("patternProperties", {})
    return [
        key for key in error.instance if key not in known and not any(re.search(p, key) for p in patterns)
    ]


def _meant(key: str, error: _Violation) -> str | None:
    """The key that was probably meant; one that is not there yet is the likelier one."""
    known = list(error.schema.get("properties", {}))
    return nearest(key, [name for name in known if name not in error.instance]) or nearest(key, known)


def _missing(error: _Violation) -> list[str]:
    """Required keys that are not there, without those that are only misspelt: these are told as unknown."""
    misspelt: set[str | None] = set()
    if error.schema.get("additionalProperties") is False:
        misspelt = {_meant(key, error) for key in _unknown(error)}
    return [key for key in error.wanted if key not in error.instance and key not in misspelt]


def _said(error: _Violation) -> str:
    say = _SENTENCES.get(error.keyword)
    return say(error) if say else f"is refused: {error.message}"


def _listed(names: Sequence[str]) -> str:
    """`'a'`, `'a' and 'b'`, `'a', 'b' and 'c'`."""
    quoted = [repr(name) for name in names]
    return " and ".join(part for part in (", ".join(quoted[:-1]), quoted[-1]) if part)


def _enum(error: _Violation) -> str:
    words = [str(value) for value in error.wanted]
    hint = did_you_mean(error.instance, words) if isinstance(error.instance, str) else ""
    return f"is none of {', '.join(words)}{hint}"


_SENTENCES: Mapping[str, Callable[[_Violation], str]] = {
    "type": lambda e: f"must be {_type_words(e.wanted)}, not {_type_of(e.instance)}",
    "enum": _enum,
    "const": lambda e: f"must be {e.wanted!r}",
    "required": lambda e: f"lacks {_listed(_missing(e))}",
    "pattern": lambda e: f"is not of the form {e.wanted}",
    "minItems": lambda e: f"needs at least {_number(e.wanted, 'item')}",
    "maxItems": lambda e: f"may have only {_number(e.wanted, 'item')}",
    "minLength": lambda e: "must not be empty" if e.wanted == 1 else "is too short",
    "maxLength": lambda e: f"is longer than {e.wanted} characters",
    "minimum": lambda e: f"must be at least {e.wanted}",
    "maximum": lambda e: f"must be at most {e.wanted}",
    "exclusiveMinimum": lambda e: f"must be more than {e.wanted}",
    "uniqueItems": lambda e: "names something twice",
    "minProperties": lambda e: f"needs at least {_number(e.wanted, 'key')}",
    "maxProperties": lambda e: f"may have only {_number(e.wanted, 'key')}",
    "not": lambda e: "is not allowed in this combination",
}


def _remedy(error: _Violation) -> str:
    if error.keyword == "required":
        properties = error.schema.get("properties", {})
        told = [(key, properties.get(key, {}).get("description")) for key in _missing(error)]
        return " ".join(f"{key}: {sentence}" for key, sentence in told if sentence) or "Add it."
    if error.keyword == "type" and not error.path:
        return "Write keys and values: `key: value`."
    examples = error.schema.get("examples")
    example = f"For example: {examples[0]}" if examples else ""
    return f"{error.schema.get('description', '')} {example}".strip() or "Correct the value."


def _shown(error: _Violation) -> str:
    """What the sentence is about: the name of the key, with the value where a text is not of a form."""
    name = _name(error.path)
    if isinstance(error.instance, str) and error.keyword in ("enum", "pattern", "const"):
        return f"{name}: {error.instance!r}" if name else repr(error.instance)
    return name or "the document"


def _name(path: Sequence[str | int]) -> str:
    """`certificate_expiry_days[2]` for the third item of that list, else the key alone."""
    keys = [index for index, part in enumerate(path) if isinstance(part, str)]
    start = keys[-1] if keys else 0
    return "".join(part if isinstance(part, str) else f"[{part}]" for part in path[start:])


_TYPES = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}


def _type_words(types: object) -> str:
    names = [types] if isinstance(types, str) else list(types) if isinstance(types, list) else []
    return " or ".join(_TYPES[name] for name in names)


def _type_of(value: object) -> str:
    if value is None:
        return "null (nothing)"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"the text {value!r}" if len(value) < 60 else "a text"
    if isinstance(value, int | float):
        return f"the number {value}"
    return "a list" if isinstance(value, list) else "a mapping"


def _number(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
