"""The catalogue of rules as documentation, in Markdown; the template lies in `reports/markdown/`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from auditor.bundled import bundled
from auditor.model.rule import Rule
from auditor.report.story import requirement

_MEANS_SOMETHING = re.compile(r"([\\`*_\[\]<>|#])")


def catalogue(rules: Sequence[Rule]) -> str:
    """One page: a table of all rules, then each by category with its reason, clauses and remedy."""
    environment = Environment(
        loader=FileSystemLoader(bundled("reports") / "markdown"),
        undefined=StrictUndefined,
        autoescape=False,  # Markdown has its own letters to escape: `md`
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["md"] = _escaped
    ordered = sorted(rules, key=lambda rule: (rule.category, rule.id))
    return environment.get_template("rules.md.j2").render(
        rules=ordered,
        categories=[
            (category, list(members)) for category, members in groupby(ordered, lambda rule: rule.category)
        ],
        requirement=requirement,
    )


def _escaped(text: str) -> str:
    return _MEANS_SOMETHING.sub(r"\\\1", text)
