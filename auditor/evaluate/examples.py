"""Evidence as the tests in rule files write it: JSON in which `{$gap: {reason: ...}}` may stand."""

from __future__ import annotations

from collections.abc import Mapping

from auditor.model.gap import Gap, Reason
from auditor.model.node import Json, Node
from auditor.model.wire import GAP
from auditor.schema_problems import did_you_mean

_GAP_KEYS = ("reason", "permission", "licence", "section", "subject", "detail")


def example_node(value: Json) -> Node:
    """The value with every `{$gap: {...}}` as a gap. Raises ValueError for one that is none."""
    if isinstance(value, Mapping):
        return (
            _gap(value[GAP])
            if value.keys() == {GAP}
            else {key: example_node(item) for key, item in value.items()}
        )
    if isinstance(value, list | tuple):
        return [example_node(item) for item in value]
    return value


def _gap(said: Json) -> Gap:
    if not isinstance(said, Mapping) or "reason" not in said:
        raise ValueError("a $gap gives its reason: {$gap: {reason: permission, permission: User.Read.All}}")
    texts = {key: value for key, value in said.items() if isinstance(value, str)}
    unknown = [key for key in said if key not in _GAP_KEYS or key not in texts]
    if unknown:
        raise ValueError(f"a $gap has no {unknown[0]!r}{did_you_mean(unknown[0], _GAP_KEYS)}")
    reasons = [reason.value for reason in Reason]
    if texts["reason"] not in reasons:
        raise ValueError(
            f"a $gap with the reason {texts['reason']!r}{did_you_mean(texts['reason'], reasons)}"
        )
    return Gap(
        section=texts.get("section", "test"),
        subject=texts.get("subject", ""),
        reason=Reason(texts["reason"]),
        detail=texts.get("detail", "the test withholds it"),
        permission=texts.get("permission"),
        licence=texts.get("licence"),
    )
