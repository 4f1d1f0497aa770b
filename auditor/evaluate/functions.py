"""The functions of JMESPath, and the two more that the rules need."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from jmespath.exceptions import JMESPathTypeError
from jmespath.functions import Functions, signature

from auditor.model.node import Json


class FunctionRefusedError(ValueError):
    """The arguments are not of the types the function takes."""


class _RuleFunctions(Functions):
    """The library finds `_func_<name>` of a subclass by itself."""

    @signature({"types": ["string"]})
    def _func_lower(self, text: str) -> str:
        """Upper-case letters as lower-case ones; Entra compares user names and domains so."""
        return text.lower()

    @signature({"types": ["string"]})
    def _func_without_fragment(self, uri: str) -> str:
        """The URI up to its first `#`: Entra does not send what follows as the audience."""
        return uri.partition("#")[0]


_FUNCTIONS = _RuleFunctions()
NAMES: frozenset[str] = frozenset(_RuleFunctions.FUNCTION_TABLE)


def call(name: str, arguments: Sequence[Any]) -> Json:
    """What the function gives. Null where it takes none gives null, as a null member of null does.

    Raises FunctionRefusedError when an argument has a type the function does not take.
    """
    wanted = _RuleFunctions.FUNCTION_TABLE[name]["signature"]
    for position, argument in enumerate(arguments):
        types = wanted[min(position, len(wanted) - 1)]["types"]
        if argument is None and types and "null" not in types:
            return None
    try:
        value: Json = _FUNCTIONS.call_function(name, arguments)
    except JMESPathTypeError as error:
        shown = json.dumps(error.current_value, default=str)[:60]
        raise FunctionRefusedError(f"{name}() cannot take {shown}") from error
    return value


def arity_problem(name: str, count: int) -> str | None:
    """What is wrong with calling `name` with `count` arguments, or None."""
    wanted = _RuleFunctions.FUNCTION_TABLE[name]["signature"]
    more_allowed = bool(wanted[-1].get("variadic"))
    if count == len(wanted) or (more_allowed and count > len(wanted)):
        return None
    number = f"{len(wanted)} argument{'' if len(wanted) == 1 else 's'}"
    return f"{name}() takes {'at least ' if more_allowed else ''}{number}, not {count}"
