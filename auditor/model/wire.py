"""Frozen types to JSON documents and back: camelCase on the wire, like Graph, snake_case in Python.

A gap inside a value is written `{"$gap": {...}}`: no OData property name starts with a dollar sign.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, cast, get_args, get_origin

from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from auditor.model.gap import Gap
from auditor.model.node import Json, Node, Read

T = TypeVar("T")

GAP = "$gap"


def to_json(value: object) -> Json:
    """The document of a frozen type; tuples become lists, enums their values, null is written."""
    return cast(Json, _converter.unstructure(value))


def from_json(document: object, kind: type[T]) -> T:
    """A frozen type from its document; unknown keys are ignored.

    Raises what cattrs raises: `cattrs.BaseValidationError`, KeyError, TypeError or ValueError.
    """
    return _converter.structure(document, kind)


def encode_node(node: Node) -> Json:
    """A node as JSON. `Read` belongs to evidence and is looked through."""
    if isinstance(node, Gap):
        return {GAP: to_json(node)}
    if isinstance(node, Read):
        return encode_node(node.value)
    if isinstance(node, Mapping):
        return {key: encode_node(value) for key, value in node.items()}
    if isinstance(node, Sequence) and not isinstance(node, str):
        return [encode_node(item) for item in node]
    return node


def decode_node(value: object) -> Node:
    """The reverse of `encode_node`."""
    if isinstance(value, Mapping):
        if value.keys() == {GAP}:
            return from_json(value[GAP], Gap)
        return {key: decode_node(item) for key, item in value.items()}
    if isinstance(value, list):
        return [decode_node(item) for item in value]
    return cast(Node, value)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)  # pass_ becomes pass


def _converter_with_camel_case() -> Converter:
    converter = Converter(prefer_attrib_converters=False)

    def renamed(kind: type) -> dict[str, Any]:
        return {field.name: override(rename=_camel(field.name)) for field in fields(kind)}

    def unstructure(kind: type) -> Callable[[Any], Any]:
        return make_dict_unstructure_fn(kind, converter, **renamed(kind))

    def structure(kind: type) -> Callable[[Any, Any], Any]:
        return make_dict_structure_fn(kind, converter, **renamed(kind))

    converter.register_unstructure_hook_factory(is_dataclass, unstructure)
    converter.register_structure_hook_factory(is_dataclass, structure)
    converter.register_structure_hook_func(_is_node, lambda value, _: decode_node(value))
    converter.register_unstructure_hook_func(_is_node, encode_node)
    return converter


def _is_node(kind: object) -> bool:
    # Json and Node are recursive, and resolving their forward references makes a new, unequal Union of them:
    # they are known by their members, being the only unions here with a mapping.
    return any(get_origin(member) is Mapping for member in get_args(kind))


_converter = _converter_with_camel_case()
