"""Options that several commands share."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from auditor.cli import console
from auditor.errors import UsageError
from auditor.model.rule import Severity
from auditor.schema_problems import did_you_mean

if TYPE_CHECKING:
    from auditor.report import Format

_log = logging.getLogger("auditor")

Function = TypeVar("Function", bound=Callable[..., Any])

FILE = click.Path(path_type=Path, dir_okay=False)
DIRECTORY = click.Path(path_type=Path, file_okay=False)
EXISTING_FILE = click.Path(path_type=Path, exists=True, dir_okay=False, readable=True)
EXISTING_DIRECTORY = click.Path(path_type=Path, exists=True, file_okay=False)


class Instant(click.ParamType[datetime]):
    """A point in time, ISO 8601; UTC where no time zone is given."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            at = datetime.fromisoformat(value)
            at = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):  # in its zone still a time, in UTC before year 1 or after 9999
            self.fail(f"{value!r} is no time; write for example 2026-11-23T02:00:00Z", param, ctx)
        return at.replace(microsecond=0)


class FormatNames(click.ParamType[tuple[str, ...]]):
    """Names of report formats, separated by commas; `all` for all of them."""

    name = "names"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        from auditor.report import formats

        found = formats()
        known = list(found)
        names = tuple(dict.fromkeys(name.strip() for name in value.split(",")))
        for name in names:
            if name not in (*known, "all"):
                hint = did_you_mean(name, known) or "."
                self.fail(f"unknown format {name!r}{hint} Known: {', '.join(known)}, all.", param, ctx)
        if "all" in names:
            return tuple(name for name in known if _can_be_made(found[name], ctx))
        for name in names:
            found[name].check()
        return names


_LEFT_OUT = "auditor.formats_left_out"


def _can_be_made(candidate: Format, ctx: click.Context | None) -> bool:
    """Whether nothing is missing for it; what is missing is told once the command knows how to."""
    try:
        candidate.check()
    except UsageError as error:
        if ctx is not None:
            ctx.meta.setdefault(_LEFT_OUT, []).append((candidate.name, error))
        return False
    return True


class SeverityName(click.Choice[str]):
    """A severity, least first."""

    def __init__(self) -> None:
        super().__init__([severity.value for severity in Severity])

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return value if isinstance(value, Severity) else Severity(super().convert(value, param, ctx))


def config(function: Function) -> Function:
    """`--config` of the commands that need one."""
    return click.option(
        "--config", type=FILE, default=Path("auditor.yaml"), show_default=True, help="The configuration."
    )(function)


def rules(function: Function) -> Function:
    """`--rules`."""
    return click.option(
        "--rules", type=EXISTING_DIRECTORY, help="Rules and profiles to use instead of the bundled ones."
    )(function)


def selection(function: Function) -> Function:
    """Which applications to look at, and how long to wait for them."""
    return _all_of(
        click.option(
            "--application",
            "applications",
            metavar="NAME",
            multiple=True,
            help="Only this one: profile, display name, appId or object id. May be given several times.",
        ),
        click.option("--all-applications", is_flag=True, help="Every SAML application of the tenant, too."),
        click.option(
            "--max-wait",
            type=click.IntRange(min=0),
            default=300,
            show_default=True,
            metavar="SECONDS",
            help="How long to wait, for each request, while Graph throttles; then it is a gap.",
        ),
    )(function)


def reports(function: Function) -> Function:
    """Where reports go, in which formats, and what is a failure."""
    return _all_of(
        click.option(
            "--out", type=DIRECTORY, default=Path("out"), show_default=True, help="Where the reports go."
        ),
        click.option(
            "--format",
            "format_names",
            type=FormatNames(),
            default="html,json",
            show_default=True,
            help="Which reports to write, separated by commas.",
        ),
        split,
        click.option(
            "--fail-on",
            type=SeverityName(),
            default="high",
            show_default=True,
            help="A failure of this severity or above gives exit code 10.",
        ),
    )(function)


def bundle(function: Function) -> Function:
    """`--bundle`."""
    return click.option(
        "--bundle",
        "bundle_file",
        type=FILE,
        metavar="FILE",
        help="One signed archive (ZIP) with all that the report follows from; see `evidence` in the README.",
    )(function)


def split(function: Function) -> Function:
    """`--split`."""
    return click.option(
        "--split", is_flag=True, help="Write report.html as an index, and a file per application beside it."
    )(function)


def redact(function: Function) -> Function:
    """`--redact` and `--pseudonyms`."""
    return _all_of(
        click.option(
            "--redact",
            is_flag=True,
            help="Write pseudonyms in place of people's names and addresses; the key stays beside the "
            "configuration.",
        ),
        click.option(
            "--pseudonyms",
            type=FILE,
            help="With --redact: a file, not in --out, that says who each pseudonym stands for.",
        ),
    )(function)


def at(default: str) -> Callable[[Function], Function]:
    """`--at`; `default` says in words when nothing is given."""
    return click.option(
        "--at",
        type=Instant(),
        help=f"The time to judge for, ISO 8601; UTC without a zone.  [default: {default}]",
    )


def text_or_json(help: str) -> Callable[[Function], Function]:
    """`--format` of commands that answer on stdout, as `form`."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help=help,
    )


def output(function: Function) -> Function:
    """How much is told on stderr, and how. Takes effect before the command runs."""

    @functools.wraps(function)
    def wrapped(*, quiet: bool, verbose: bool, log_format: str, **options: Any) -> Any:
        console.configure(quiet=quiet, verbose=verbose, log_format=log_format)
        for name, error in click.get_current_context().meta.get(_LEFT_OUT, ()):
            _log.warning("%s is left out: %s. %s", name, error.message, error.remedy)
        return function(**options)

    options = _all_of(
        click.option("-q", "--quiet", is_flag=True, help="Errors only."),
        click.option("-v", "--verbose", is_flag=True, help="Every request, too."),
        click.option(
            "--log-format",
            type=click.Choice(["text", "json"]),
            default="text",
            show_default=True,
            help="What stderr is written in; json: an object a line.",
        ),
    )
    return cast(Function, options(wrapped))


def _all_of(*options: Callable[[Function], Function]) -> Callable[[Function], Function]:
    """The options as one decorator; they are listed in this order."""
    return lambda function: functools.reduce(lambda inner, option: option(inner), reversed(options), function)
