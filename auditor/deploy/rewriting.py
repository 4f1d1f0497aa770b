"""Puts other values into a YAML document and leaves every other letter of it, comments too, as it is."""

from __future__ import annotations

import json
from collections.abc import Mapping

import yaml

from auditor.deploy.needs import Place


def rewritten(text: str, values: Mapping[Place, str]) -> str:
    """The document with the scalar at each place replaced. A place that is not there is a KeyError."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    spans: dict[tuple[int, int], str] = {}
    for place, value in values.items():
        node: yaml.Node | None = root
        for step in place:
            node = _child(node, step)
        if node is None:
            raise KeyError(place)
        spans[node.start_mark.index, node.end_mark.index] = value
    for (start, end), value in sorted(spans.items(), reverse=True):
        text = text[:start] + json.dumps(value) + text[end:]
    return text


def _child(node: yaml.Node | None, step: str | int) -> yaml.Node:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
        return node.value[step]  # type: ignore[no-any-return]
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == step:
                return value  # type: ignore[no-any-return]
    raise KeyError(step)
