"""What the rules of a pack read, for those who ask whether a rule covers a property."""

from __future__ import annotations

from auditor.evaluate.evidence.sections import places_of
from auditor.evaluate.loader import RulePack
from auditor.model.change import Coverage
from auditor.model.configuration import Judgement, RuleOverride


def coverage(pack: RulePack, judgement: Judgement) -> tuple[Coverage, ...]:
    """The enabled rules with the severity that the configuration gives them, by id."""
    found: list[Coverage] = []
    for rule in sorted(pack.rules, key=lambda rule: rule.id):
        override = judgement.rules.get(rule.id, RuleOverride())
        if not (rule.enabled if override.enabled is None else override.enabled):
            continue
        on_the_way, whole = places_of(rule)
        found.append(
            Coverage(
                rule_id=rule.id,
                severity=override.severity or rule.severity,
                on_the_way=on_the_way,
                whole=whole,
            )
        )
    return tuple(found)
