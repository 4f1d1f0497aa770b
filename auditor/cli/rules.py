"""`auditor rules`: what is checked, why, and whether the rule files are sound."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from auditor.cli import options

if TYPE_CHECKING:
    from auditor.errors import DocumentError
    from auditor.model.rule import Rule
    from auditor.report.story import Part

FAILING_TESTS = 10
WRONG_FILES = 2
_SCHEMAS = ("rule", "profile", "waivers")

ANY_PATH = click.Path(path_type=Path)


@click.group(name="rules")
def command() -> None:
    """List, show, document, check and test the rules; check waivers.

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
    from auditor.report.story import rule_story

    tell_story(rule_story(load_rules(rules).rule(rule_id)))


@command.command()
@options.rules
def docs(rules: Path | None) -> None:
    """The catalogue of all rules, in Markdown."""
    from auditor.cli.audit import load_rules
    from auditor.report.catalogue import catalogue

    click.echo(catalogue(load_rules(rules).rules), nl=False)


@command.command()
@click.argument("path", metavar="[PATH]", type=ANY_PATH, required=False)
@click.option(
    "--rules",
    type=options.EXISTING_DIRECTORY,
    help="Of waivers: the rules they may name.  [default: bundled]",
)
@click.option(
    "--waiver-days",
    type=click.IntRange(min=1),
    metavar="N",
    help="Of waivers: how far ahead the last day may lie.  [default: 366]",
)
def lint(path: Path | None, rules: Path | None, waiver_days: int | None) -> int:
    """Check rule files: a folder, one category or one file; the bundled ones without PATH. Or waivers.yaml.

    Lists everything that is wrong, each with file, line and column. Exit code 2 when something is.
    """
    from auditor.bundled import bundled
    from auditor.evaluate.lint import lint
    from auditor.waiver_file import is_waiver_file

    if path is not None and path.is_file() and is_waiver_file(path):
        return _lint_waivers(path, rules, waiver_days)
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
@click.argument("of", metavar="[rule|profile|waivers]", type=click.Choice(_SCHEMAS), default="rule")
def schema(of: str) -> None:
    """The JSON Schema of rule files; or of profiles, or of waivers.yaml."""
    from auditor.bundled import bundled

    file = bundled("reports") / "schema" / f"{of}.schema.json"
    click.echo(file.read_text(encoding="utf-8"), nl=False)


def _lint_waivers(file: Path, rules: Path | None, days: int | None) -> int:
    from auditor.cli.audit import load_rules
    from auditor.model.configuration import Thresholds
    from auditor.waiver_file import Allowed, read_waivers

    allowed = Allowed(
        rules=[rule.id for rule in load_rules(rules).rules],
        today=datetime.now(UTC).date(),
        days=days or Thresholds().waiver_days,
    )
    waivers, problems = read_waivers(file, allowed)
    return tell_problems(problems, counted(len(waivers), "waiver"))


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


def heading(text: str) -> str:
    """A heading with a line of space above."""
    return "\n" + click.style(text, bold=True)


def tell_story(parts: Iterable[Part]) -> None:
    """Prints parts with their headings."""
    for number, part in enumerate(parts):
        if number:
            click.echo()
        click.echo(click.style(part.title, bold=True))
        for line in part.lines:
            click.echo(line)
