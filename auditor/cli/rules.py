"""`auditor rules`: what is checked, why, and whether the rule files are sound."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from auditor.cli import options
from auditor.model.rule import Assertion, Clause

if TYPE_CHECKING:
    from auditor.errors import DocumentError
    from auditor.model.rule import Rule

WIDTH = 100
FAILING_TESTS = 10
WRONG_FILES = 2

ANY_PATH = click.Path(path_type=Path)


@click.group(name="rules")
def command() -> None:
    """List, show, check and test the rules.

    A rule is one YAML file, DIR/<category>/<id>.yaml. `auditor rules schema` describes it, for editors too.
    """


@command.command(name="list")
@options.rules
def list_rules(rules: Path | None) -> None:
    """All rules: severity, id and what must hold, by category."""
    from auditor.cli.audit import load_rules

    by_category: dict[str, list[Rule]] = {}
    for rule in load_rules(rules).rules:
        by_category.setdefault(rule.category, []).append(rule)
    width = max(len(rule.id) for found in by_category.values() for rule in found)
    for category in sorted(by_category):
        click.echo(click.style(category, bold=True))
        for rule in by_category[category]:
            off = "" if rule.enabled else " (off by default)"
            click.echo(f"  {rule.severity.value:<13}  {rule.id:<{width}}  {rule.title}{off}")


@command.command()
@click.argument("rule_id", metavar="ID")
@options.rules
def show(rule_id: str, rules: Path | None) -> None:
    """One rule: why, what must hold, how to set it right."""
    from auditor.cli.audit import load_rules

    for line in _described(load_rules(rules).rule(rule_id)):
        click.echo(line)


@command.command()
@click.argument("path", metavar="[PATH]", type=ANY_PATH, required=False)
def lint(path: Path | None) -> int:
    """Check rule files: a folder, one category or one file; the bundled ones without PATH.

    Lists everything that is wrong, each with file, line and column. Exit code 2 when something is.
    """
    from auditor.bundled import bundled
    from auditor.evaluate.lint import lint

    found = lint(path or bundled("rules"))
    return tell_problems(
        sorted(
            [*found.problems, *found.style], key=lambda problem: (str(problem.mark.file), problem.mark.line)
        ),
        counted(len(found.rules), "rule") + ", " + counted(len(found.profiles), "profile"),
    )


@command.command()
@click.argument("path", metavar="[PATH]", type=ANY_PATH, required=False)
def test(path: Path | None) -> int:
    """Run the tests in rule files: of a folder, a category or a file; the bundled ones without PATH.

    Exit code 10 when a test fails, 2 when a rule cannot be loaded.
    """
    from auditor.bundled import bundled
    from auditor.evaluate.lint import lint
    from auditor.evaluate.rule_tests import failing_tests

    found = lint(path or bundled("rules"))
    for problem in found.problems:
        raise problem
    failures = failing_tests(found.pack, found.rules)
    for failure in failures:
        click.echo(f"{failure.test.mark}: {failure.rule_id}: {failure.test.name}\n  {failure.problem}")
    tests = sum(len(rule.tests) for rule in found.rules)
    click.echo(
        f"{counted(tests, 'test')} of {counted(len(found.rules), 'rule')}: "
        f"{counted(len(failures), 'failure') if failures else 'all as expected'}"
    )
    return FAILING_TESTS if failures else 0


@command.command()
def schema() -> None:
    """The JSON Schema of rule files."""
    from auditor.bundled import bundled

    file = bundled("reports") / "schema" / "rule.schema.json"
    click.echo(file.read_text(encoding="utf-8"), nl=False)


def tell_problems(problems: Iterable[DocumentError], what: str) -> int:
    """Lists the problems and gives the exit code."""
    count = 0
    for problem in problems:
        click.echo(str(problem))
        count += 1
    click.echo(f"{what}: {counted(count, 'problem') if count else 'nothing wrong'}")
    return WRONG_FILES if count else 0


def counted(number: int, word: str) -> str:
    """`1 rule`, `2 rules`."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def paragraph(text: str, indent: str = "") -> str:
    """The text wrapped; no URL is broken."""
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def heading(text: str) -> str:
    """A heading with a line of space above."""
    return "\n" + click.style(text, bold=True)


def _described(rule: Rule) -> Iterator[str]:
    yield click.style(rule.title, bold=True)
    facts = [rule.id, rule.severity.value, rule.category, f"once per {rule.scope}"]
    facts += [f"needs a {rule.needs}"] if rule.needs else []
    facts += [] if rule.enabled else ["off by default"]
    yield ", ".join(facts)
    yield heading("Why")
    yield paragraph(rule.rationale, "  ")
    yield heading("What must hold")
    if rule.requires:
        yield f"  first: {', '.join(rule.requires)}"
    for guard in rule.when:
        yield from _clause(guard, "  when ")
    if rule.for_each:
        yield f"  for each item of {rule.for_each.path}"
    for clause in rule.expect:
        yield from _clause(clause, "  ")
    for escalation in rule.escalates:
        yield from _clause(escalation.condition, f"  {escalation.severity.value} when ")
    yield heading("How to set it right")
    yield paragraph(rule.remediation.portal, "  ")
    for name, text in (("Graph", rule.remediation.graph), ("Azure CLI", rule.remediation.cli)):
        if text:
            yield f"  {name}:\n    {text}"  # on one line, to be copied
    yield heading("References")
    yield from (f"  {reference}" for reference in rule.references)
    yield heading("Controls")
    yield from (f"  {framework}: {', '.join(ids)}" for framework, ids in sorted(rule.controls.items()))


def _clause(clause: Clause, lead: str) -> Iterator[str]:
    if isinstance(clause, Assertion):
        yield lead + _assertion(clause)
        return
    yield f"{lead}one of"
    for assertion in clause.assertions:
        yield f"{' ' * len(lead)}  {_assertion(assertion)}"


def _assertion(assertion: Assertion) -> str:
    operand = assertion.operand_path or json.dumps(assertion.operand, ensure_ascii=False)
    return f"{assertion.path} {assertion.operator.replace('_', ' ')} {operand}"
