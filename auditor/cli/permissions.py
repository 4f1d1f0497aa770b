"""`auditor permissions`: what to grant, what each permission is for, and what a credential holds."""

from __future__ import annotations

import asyncio
import json
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from auditor.cli import options
from auditor.cli.outcome import ExitCode
from auditor.cli.permission_plan import APP_ROLES, Check, Need, check, consent_commands, plan
from auditor.model.configuration import Configuration, RuleOverride, TenantConfiguration
from auditor.model.rule import Rule

if TYPE_CHECKING:
    from auditor.evaluate import RulePack

_MAX_WAIT = 60.0
"""Seconds that the login host may have us wait."""

_NOBODY = "  without it, nobody can say who changed something since the last night (with history)"

_EPILOG = """\b
Examples:
  auditor permissions
  auditor permissions --config auditor.yaml --check
  auditor permissions --format json

With --check, exit code 3: something is missing; 10: the credential may do more than read; 0: neither.
"""


@click.command(epilog=_EPILOG)
@click.option("--config", type=options.EXISTING_FILE, help="Whose rules and credential to look at.")
@options.rules
@click.option("--check", "asked", is_flag=True, help="Compare with what the credential of --config holds.")
@options.text_or_json("Of stdout.")
@options.output
def command(config: Path | None, rules: Path | None, asked: bool, form: str) -> int:
    """Print the least set of Graph permissions for the enabled rules.

    All of them are application permissions that read. Each comes with the rules that could not be judged
    without it: these then say not-evaluated, and the rest of the audit stands. The directory audit log is
    read only where nights are compared: a configuration without history leaves out what it needs.
    """
    from auditor.cli.audit import load_configuration_for, load_rules

    if asked and config is None:
        raise click.UsageError("--check needs --config: it says which credential to look at")
    pack = load_rules(rules)
    configuration = load_configuration_for(config, pack) if config else None
    needs = _needs(pack, configuration)
    client_id = configuration.tenants[0].credential.client_id if configuration else None
    commands = consent_commands(needs, client_id or '"$AZURE_CLIENT_ID"')
    checks = _checks(needs, configuration) if asked and configuration else {}
    if form == "json":
        click.echo(json.dumps(_document(needs, commands, checks), indent=2))
    else:
        click.echo("\n".join(_text(needs, commands, checks)))
    return _code(checks.values())


def _needs(pack: RulePack, configuration: Configuration | None) -> tuple[Need, ...]:
    """What this configuration needs; without one, what the rules as they come and drift do."""
    from auditor.collect import drift_sections, permissions_by_section
    from auditor.evaluate.evidence.sections import sections_of

    overrides = configuration.rules if configuration else {}
    enabled = [rule for rule in pack.rules if _is_enabled(rule, overrides)]
    return plan(
        enabled,
        all_rules=pack.rules,
        sections_of=sections_of,
        permissions=permissions_by_section(),
        attribution=drift_sections() if configuration is None or configuration.history else (),
    )


def _is_enabled(rule: Rule, overrides: Mapping[str, RuleOverride]) -> bool:
    override = overrides.get(rule.id)
    return rule.enabled if override is None or override.enabled is None else override.enabled


def _checks(needs: Sequence[Need], configuration: Configuration) -> dict[str, Check]:
    """Per tenant id."""
    return {tenant.id: check(needs, asyncio.run(_held(tenant))) for tenant in configuration.tenants}


async def _held(tenant: TenantConfiguration) -> frozenset[str]:
    """What the tenant's credential may do, as its token says."""
    from auditor.cli.progress import watching
    from auditor.graph.connection import connect

    with watching(tenant.id) as progress:
        connecting = connect(
            tenant, max_wait=_MAX_WAIT, waiting=progress.waiting, clock=lambda: datetime.now(UTC)
        )
        async with connecting as connection:
            return connection.permissions


def _code(checks: Iterable[Check]) -> ExitCode:
    found = list(checks)
    if any(each.writing for each in found):
        return ExitCode.FAILED
    return ExitCode.NOT_EVALUATED if any(each.missing for each in found) else ExitCode.CLEAN


def _document(
    needs: Sequence[Need], commands: Sequence[str], checks: Mapping[str, Check]
) -> dict[str, object]:
    document: dict[str, object] = {
        "permissions": [
            {
                "permission": need.permission,
                "id": APP_ROLES.get(need.permission),
                "sections": list(need.sections),
                "rules": list(need.rules),
                "attribution": need.attribution,
            }
            for need in needs
        ],
        "consent": list(commands),
    }
    if checks:
        document["tenants"] = [
            {
                "id": tenant,
                "missing": [
                    {
                        "permission": need.permission,
                        "rules": list(need.rules),
                        "attribution": need.attribution,
                    }
                    for need in found.missing
                ],
                "writing": list(found.writing),
                "further": list(found.further),
            }
            for tenant, found in checks.items()
        ]
    return document


def _text(needs: Sequence[Need], commands: Sequence[str], checks: Mapping[str, Check]) -> list[str]:
    rules = {rule for need in needs for rule in need.rules}
    lines = [
        f"Application permissions of Microsoft Graph for {len(rules)} enabled rules; all of them only read."
    ]
    for need in needs:
        lines += ["", need.permission, *_wrapped("reads", need.sections), *_costs(need, len(rules))]
    if commands:
        lines += ["", "Grant them (an administrator consents with the second line):", ""]
        lines += [f"  {command}" for command in commands]
    for tenant, found in checks.items():
        lines += ["", f"The credential for {tenant}", *_checked(found, len(rules))]
    return lines


def _checked(found: Check, rules: int) -> list[str]:
    lines = []
    for need in found.missing:
        lines += [f"  lacks {need.permission}", *_costs(need, rules)]
    lines += [f"  may do more than read, needlessly: {name}" for name in found.writing]
    lines += [f"  holds {name}, which no enabled rule needs" for name in found.further]
    return lines or ["  holds what is needed, and nothing else"]


def _costs(need: Need, rules: int) -> list[str]:
    if need.rules and len(need.rules) == rules:
        return ["  without it: nothing can be judged"]
    lost = _wrapped("without it, not evaluated:", need.rules) if need.rules else []
    return [*lost, *([_NOBODY] if need.attribution else [])]


def _wrapped(title: str, words: Sequence[str]) -> list[str]:
    return textwrap.wrap(
        f"{title} {', '.join(words)}",
        width=100,
        initial_indent="  ",
        subsequent_indent="    ",
        break_on_hyphens=False,
    )
