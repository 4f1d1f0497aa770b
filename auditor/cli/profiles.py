"""`auditor profiles`: what is expected of which application, and where that is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from auditor.cli import options
from auditor.cli.rules import ANY_PATH, heading, tell_problems
from auditor.report.story import paragraph

if TYPE_CHECKING:
    from auditor.model.profile import Expectation, Profile


@click.group(name="profiles")
def command() -> None:
    """List, show and check the profiles of applications.

    A profile is one YAML file, DIR/profiles/<id>.yaml: the expected configuration of a gallery application,
    each value with the step of the tutorial it comes from.
    """


@command.command(name="list")
@options.rules
def list_profiles(rules: Path | None) -> None:
    """All profiles: id, application, products."""
    from auditor.cli.audit import load_rules

    profiles = load_rules(rules).profiles
    width = max((len(profile.id) for profile in profiles), default=0)
    for profile in profiles:
        products = f" ({', '.join(profile.products)})" if profile.products else ""
        click.echo(f"{profile.id:<{width}}  {profile.display_name}{products}")


@command.command()
@click.argument("name", metavar="NAME")
@click.option(
    "--config", type=options.FILE, help="Print what to paste into the service provider's console, too."
)
@click.option(
    "--application",
    metavar="NAME",
    help="With --config: of this one alone; display name, product, appId or object id.",
)
@options.rules
def show(name: str, config: Path | None, application: str | None, rules: Path | None) -> None:
    """One profile: what is expected, where it is written, and the tutorial step by step.

    With --config also the values that the service provider is to be told, for each application: metadata
    URL, sign-in and sign-out page URL, entity ID. The tenant is asked only for what the configuration does
    not say, its id and the appId.
    """
    from auditor.cli.audit import load_configuration_for, load_rules

    if application is not None and config is None:
        raise click.UsageError("--application needs --config.")
    pack = load_rules(rules)
    profile = pack.profile(name)
    configuration = load_configuration_for(config, pack) if config else None
    for line in _described(profile):
        click.echo(line)
    if configuration is not None:
        from auditor.cli.paste import values_to_paste

        values_to_paste(profile, pack, configuration, application)


@command.command()
@click.argument("path", metavar="[PATH]", type=ANY_PATH, required=False)
def lint(path: Path | None) -> int:
    """Check profile files: a folder, that of the rules around it, or one file; the bundled ones without PATH.

    Lists everything that is wrong, each with file, line and column. Exit code 2 when something is.
    """
    from auditor.bundled import bundled
    from auditor.cli.rules import counted
    from auditor.evaluate.lint import lint
    from auditor.evaluate.loader import PROFILES

    path = path or bundled("rules")
    inner = path / PROFILES  # of what --rules takes, too
    found = lint(inner if inner.is_dir() else path, as_profile=True)
    return tell_problems([*found.problems, *found.style], counted(len(found.profiles), "profile"))


def _described(profile: Profile) -> Iterator[str]:
    yield click.style(profile.display_name, bold=True)
    yield f"{profile.id}, sign-on initiated by {_INITIATED[profile.initiated_by]}"
    yield heading("Recognised by")
    yield f"  gallery template: {', '.join(profile.template_names)}"
    yield f"  identifier: {', '.join(profile.identifiers)}"
    if profile.display_names:
        yield f"  display name, when neither finds it: {', '.join(profile.display_names)}"
    yield heading("Expected")
    for name, expectation in profile.expected.items():
        yield f"  {name}: {_expected(expectation)}"
        yield f"    {profile.sources[expectation.document].title}, {expectation.step}"
        if expectation.note:
            yield paragraph(expectation.note, "    ")
    yield heading("The tutorial, step by step")
    for number, step in enumerate(profile.steps, start=1):
        yield f"  {number:>2}. {step.title}"
        if step.observable:
            yield f"      judged by {', '.join(step.rules)}"
        else:
            yield paragraph(f"not observable from Entra: {step.check}", "      ")
    yield heading("Sources")
    for source in profile.sources.values():
        yield f"  {source.title} ({source.date})\n    {source.url}"
        if source.note:
            yield paragraph(source.note, "    ")


_INITIATED: Mapping[str, str] = {
    "idp": "Entra",
    "sp": "the service provider",
    "both": "either side",
}


def _expected(expectation: Expectation) -> str:
    from auditor.model.profile import ExpectationKind

    value = expectation.value
    match expectation.kind:
        case ExpectationKind.EXACTLY:
            return str(value)
        case ExpectationKind.ONE_OF if isinstance(value, Mapping):
            return ", ".join(f"{wanted} for {product}" for product, wanted in value.items())
        case ExpectationKind.ONE_OF:
            return f"one of {', '.join(map(str, value)) if isinstance(value, list) else value}"
        case ExpectationKind.MATCHES:
            return f"of the form {value}"
        case ExpectationKind.BLANK:
            return "blank"
        case ExpectationKind.ANY:
            return "any value"
