"""`auditor evaluate`: the offline part of a scan alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import cattrs
import click

from auditor.cli import options
from auditor.errors import UsageError
from auditor.model.configuration import (
    ApplicationConfiguration,
    Configuration,
    Judgement,
    TenantConfiguration,
)
from auditor.model.rule import Severity
from auditor.model.snapshot import TENANT, Snapshot, SnapshotError, Target, read_snapshot
from auditor.model.wire import from_json

if TYPE_CHECKING:
    from auditor.cli.audit import ReportOptions
    from auditor.cli.bundle import Bundler
    from auditor.evaluate import RulePack

_EPILOG = """\b
Examples:
  auditor evaluate tonight.json.gz
  auditor evaluate tonight.json.gz --at 2027-03-01 --rules my-rules
  auditor evaluate tonight.json.gz --config auditor.yaml --bundle evidence/tonight.zip
"""


@click.command(epilog=_EPILOG)
@click.argument("file", metavar="SNAPSHOT", type=options.EXISTING_FILE)
@click.option(
    "--config",
    type=options.EXISTING_FILE,
    help="Judge by this configuration instead of the one collected with.",
)
@options.rules
@options.reports
@options.bundle
@options.redact
@options.at("when the snapshot was finished")
@options.output
def command(
    file: Path,
    config: Path | None,
    rules: Path | None,
    out: Path,
    format_names: tuple[str, ...],
    split: bool,
    fail_on: Severity,
    bundle_file: Path | None,
    redact: bool,
    pseudonyms: Path | None,
    at: datetime | None,
) -> int:
    """Judge a snapshot that `auditor collect` made. Needs no network and no credential.

    The same snapshot, rules, configuration and time give the same report, byte for byte.
    """
    from auditor.cli.audit import (
        ReportOptions,
        load_configuration_for,
        load_rules,
        suggest_split,
        tell,
        write_reports,
    )
    from auditor.cli.files import check_writable
    from auditor.cli.judging import judge
    from auditor.cli.outcome import ExitCode
    from auditor.cli.redacting import Case, RedactedCase, redactor_for

    reports = ReportOptions(out=out, formats=format_names, fail_on=fail_on, split=split)
    pack = load_rules(rules)
    configuration = load_configuration_for(config, pack, at) if config else None
    bundler = _bundler(bundle_file, configuration, pack, rules, reports)
    check_writable(out)
    snapshot, judgement = read_file(file)
    if configuration is not None:
        old, judgement = judgement, configuration.judgement(_tenant_of(snapshot, configuration))
        snapshot = rejudged(snapshot, old, judgement)
    with redactor_for(
        redact=redact,
        names=pseudonyms,
        configuration=configuration,
        folder=(config or file).parent,
        out=out,
        pack=pack,
    ) as redactor:
        case = Case(snapshot=snapshot, judgement=judgement)
        shown = redactor.redacted(case) if redactor else RedactedCase(case=case)
        case = shown.case
        audit = judge(case.snapshot, pack=pack, judgement=case.judgement, at=at, fail_on=fail_on)
        files = write_reports(audit.report, out, format_names, split=split)
        code = audit.code
        if bundler is not None and configuration is not None:
            tenant = _tenant_of(snapshot, configuration)
            whole = bundler.write(audit.report, shown, tenant, place=bundler.file.parent)
            code = code if whole else ExitCode.CANNOT_RUN
        tell(audit, files)
        suggest_split(files, split=split)
    return code


def read_file(file: Path) -> tuple[Snapshot, Judgement]:
    """The snapshot of a file, and the judgement that it was collected for. Raises UsageError."""
    try:
        snapshot = read_snapshot(file.read_bytes())
        return snapshot, from_json(snapshot.configuration, Judgement)
    except (OSError, SnapshotError, cattrs.BaseValidationError, KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{file}: {error}", remedy="Name a file that `auditor collect` wrote.") from error


def _bundler(
    file: Path | None,
    configuration: Configuration | None,
    pack: RulePack,
    rules: Path | None,
    reports: ReportOptions,
) -> Bundler | None:
    from auditor.cli.bundle import bundler_for

    if file is None:
        return None
    if configuration is None:
        raise UsageError(
            "a bundle is signed, and only a configuration says with what",
            remedy="Name it with --config; its key `evidence` names certificate and key.",
        )
    return bundler_for(file, configuration, pack=pack, rules=rules, reports=reports)


def _tenant_of(snapshot: Snapshot, configuration: Configuration) -> TenantConfiguration:
    """The snapshot's tenant in the configuration."""
    names = {snapshot.tenant.id.lower(), *_domains(snapshot)}
    for tenant in configuration.tenants:
        if tenant.id.lower() in names:
            return tenant
    known = ", ".join(tenant.id for tenant in configuration.tenants)
    raise UsageError(
        f"{configuration.file} does not name the snapshot's tenant {snapshot.tenant.id}; it names {known}",
        remedy="Add the tenant to the configuration, or leave out --config.",
    )


def _domains(snapshot: Snapshot) -> set[str]:
    record = snapshot.record("organization", TENANT)
    organization = record.value if record else None
    domains = organization.get("verifiedDomains") if isinstance(organization, dict) else None
    named = domains if isinstance(domains, list) else []
    found = {str(domain["name"]).lower() for domain in named if isinstance(domain, dict) and "name" in domain}
    return found | ({snapshot.tenant.domain.lower()} if snapshot.tenant.domain else set())


def rejudged(snapshot: Snapshot, old: Judgement, new: Judgement) -> Snapshot:
    """The snapshot, its targets and entries pointing at those of the new configuration that mean the same."""
    counterparts = {index: _counterpart(entry, new) for index, entry in enumerate(old.applications)}
    targets = tuple(
        replace(target, application=_entry_for(target, counterparts, new)) for target in snapshot.targets
    )
    looked_for = None
    if snapshot.entries is not None:
        known = (counterparts.get(index) for index in snapshot.entries)
        looked_for = tuple(sorted(index for index in known if index is not None))
    return replace(snapshot, targets=targets, entries=looked_for)


def _counterpart(was: ApplicationConfiguration, new: Judgement) -> int | None:
    """The new entry that finds the same application the same way."""
    alike = [
        index
        for index, entry in enumerate(new.applications)
        if (entry.profile, entry.match) == (was.profile, was.match)
    ]
    same = [index for index in alike if new.applications[index].product == was.product]
    return same[0] if same else alike[0] if len(alike) == 1 else None


def _entry_for(target: Target, counterparts: Mapping[int, int | None], new: Judgement) -> int | None:
    """The new entry for an application: that of its old one, else the only one of its profile."""
    same = counterparts.get(target.application) if target.application is not None else None
    if same is not None:
        return same
    of_profile = [
        index
        for index, entry in enumerate(new.applications)
        if entry.profile and entry.profile == target.profile
    ]
    return of_profile[0] if len(of_profile) == 1 else None
