"""Rule and profile files for tests: the smallest that load, with the part that a test is about put in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from auditor.evaluate.loader import RulePack, load_pack


def rule(rule_id: str = "mode-is-saml", **parts: Any) -> dict[str, Any]:
    """A rule as its file says it, in the order of the schema."""
    data: dict[str, Any] = {
        "id": rule_id,
        "title": f"The title of {rule_id}",
        "severity": "medium",
        "enabled": None,
        "scope": None,
        "needs": None,
        "rationale": "Why it must hold, in a sentence.",
        "requires": None,
        "when": None,
        "for_each": None,
        "expect": [{"path": "servicePrincipal.mode", "equals": "saml"}],
        "escalates": None,
        "message": {"pass": "It holds.", "fail": "It does not hold."},
        "remediation": {"portal": "Set it right."},
        "references": ["https://learn.microsoft.com/entra"],
        "controls": {"nist-sp-800-53-r5": ["CM-6"], "iso-27001-2022": ["A.8.9"]},
        "tests": [
            {"name": "right", "evidence": {"servicePrincipal": {"mode": "saml"}}, "status": "pass"},
            {"name": "wrong", "evidence": {"servicePrincipal": {"mode": None}}, "status": "fail"},
            {"name": "unread", "evidence": {}, "status": "not-evaluated"},
        ],
    }
    data.update(parts)
    return {key: value for key, value in data.items() if value is not None}


def profile(profile_id: str = "example", **parts: Any) -> dict[str, Any]:
    """A profile as its file says it."""
    data: dict[str, Any] = {
        "id": profile_id,
        "display_name": "Example",
        "template_names": ["Example"],
        "identifiers": ["https://example.com/saml"],
        "display_names": ["Example"],
        "products": ["One", "Two"],
        "initiated_by": "idp",
        "sources": {
            "tutorial": {
                "title": "The tutorial",
                "url": "https://learn.microsoft.com/x",
                "date": "2025-03-25",
            }
        },
        "expected": {"sign_on_mode": {"exactly": "saml", "document": "tutorial", "step": "2"}},
        "steps": [
            {"id": "mode", "title": "Set the mode", "document": "tutorial", "rules": ["mode-is-saml"]},
            {
                "id": "look",
                "title": "Look",
                "document": "tutorial",
                "observable": False,
                "check": "Look at the other side.",
            },
        ],
    }
    data.update(parts)
    return {key: value for key, value in data.items() if value is not None}


def write(folder: Path, *documents: dict[str, Any], category: str = "category") -> Path:
    """Writes rules into `folder/category` and profiles into `folder/profiles`."""
    for document in documents:
        file = folder / ("profiles" if "steps" in document else category) / f"{document['id']}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return folder


def pack(folder: Path, *documents: dict[str, Any]) -> RulePack:
    """The documents, loaded."""
    return load_pack(write(folder, *documents))
