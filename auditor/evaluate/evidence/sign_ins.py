"""`signIns`: how sign-ins of the window ended, by whose matter it was."""

from __future__ import annotations

from collections.abc import Mapping

from auditor.evaluate.evidence.material import Material
from auditor.evaluate.evidence.reading import Item, derive
from auditor.evaluate.evidence.sign_in_codes import Kind, code_of
from auditor.model.node import Node


def sign_ins(material: Material) -> Node:
    """The root `signIns`: numbers of sign-ins, unless it says otherwise.

    `total` are those whose code the table knows; `configurationPercent` is the share of the configuration
    failures among them, to four decimals.
    """
    source = material.own("signIns")
    return source.read(derive(lambda: _summary(source.item())))


def _summary(log: Item) -> Node:
    counts = _counts(log)
    by_kind = dict.fromkeys(Kind, 0)
    for code, count in counts.items():
        by_kind[code_of(code).kind] += count
    total = sum(counts.values()) - by_kind[Kind.UNKNOWN]
    return {
        "windowDays": log.number("windowDays"),
        "total": total,
        "succeeded": by_kind[Kind.SUCCESS],
        "configurationFailures": by_kind[Kind.CONFIGURATION],
        "userFailures": by_kind[Kind.USER],
        "interrupts": by_kind[Kind.INTERRUPT],
        "unknown": [code for code in counts if code_of(code).kind is Kind.UNKNOWN],
        "configurationPercent": round(100 * by_kind[Kind.CONFIGURATION] / total, 4) if total else 0,
        "codes": [_code(code, count) for code, count in sorted(counts.items(), key=lambda item: -item[1])],
        "lastSuccess": log.optional_text("lastSuccess"),
    }


def _counts(log: Item) -> Mapping[str, int]:
    """Code to number of sign-ins, in the order of the codes."""
    codes = log.item("codes")
    if codes is None:
        return {}
    return {code: codes.number(code) for code in sorted(codes.value, key=lambda code: (len(code), code))}


def _code(code: str, count: int) -> Mapping[str, Node]:
    entry = code_of(code)
    return {
        "code": code,
        "count": count,
        "kind": entry.kind.value,
        "meaning": entry.meaning,
        "setting": entry.setting,
    }
