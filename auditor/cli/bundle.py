"""The signed bundle of a run, for `scan --bundle` and `evaluate --bundle`."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.bundled import bundled
from auditor.cli.audit import ReportOptions, report_files
from auditor.cli.files import check_writable, written_beside
from auditor.cli.redacting import RedactedCase
from auditor.errors import CannotRunError, UsageError
from auditor.model.configuration import BundleSigning, Configuration, Judgement, TenantConfiguration
from auditor.secret import resolve

if TYPE_CHECKING:
    from auditor.evaluate import RulePack
    from auditor.history import History
    from auditor.model.report import Report
    from auditor.proof.bundle import TimestampAuthority
    from auditor.proof.contents import Baseline, UsedConfiguration
    from auditor.proof.signing import Signer

_log = logging.getLogger("auditor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundler:
    """What `--bundle` needs, read before anything else is done."""

    file: Path
    formats: Sequence[str]
    split: bool
    signer: Signer
    authority: TimestampAuthority | None
    rules: Mapping[str, bytes]
    """The files of rules and profiles, by their path in the folder."""
    rules_folder: str

    def write(
        self,
        report: Report,
        judged: RedactedCase,
        tenant: TenantConfiguration,
        *,
        place: Path,
        history: History | None = None,
    ) -> bool:
        """Writes the bundle into the folder `place`; whether all of it came about that was asked for.

        With a history it names the bundle before it, and is known to it before it is in its place.
        """
        from auditor.history import KeptManifest
        from auditor.proof.bundle import make_bundle
        from auditor.proof.contents import Case
        from auditor.proof.manifest import PreviousManifest

        used, tenant_id = judged.case, report.run.tenant.id
        last = history.manifests.last(tenant_id) if history else None
        previous = PreviousManifest(run_id=last.run_id, sha256=last.digest) if last else None
        case = Case(
            snapshot=used.snapshot,
            configuration=_used(tenant, used.judgement),
            rules=self.rules,
            compared_with=used.compared_with,
            baseline=judged.baseline(_baseline(history, tenant_id)) if history else None,
            undelivered=report.undelivered,
        )
        bundle = make_bundle(
            case,
            report,
            report_files(report, [*self.formats, "json"], split=self.split),
            rules_folder=self.rules_folder,
            previous=previous,
            signer=self.signer,
            authority=self.authority,
        )
        file = place / self.file.name
        with written_beside({file: bundle.data}):
            if history is not None:
                kept = KeptManifest(run_id=report.run.id, digest=bundle.manifest_digest)
                history.manifests.keep(tenant_id, kept, after=last, at=datetime.now(UTC))
        _log.info("%s: signed, SHA-256 of its manifest %s", file, bundle.manifest_digest)
        if bundle.unstamped is not None:
            _log.error(
                "%s has no timestamp: %s",
                file,
                bundle.unstamped,
                extra={"remedy": "It is signed all the same. See evidence: timestamp_url, then scan again."},
            )
        return bundle.unstamped is None


def bundler_for(
    file: Path | None,
    configuration: Configuration,
    *,
    pack: RulePack,
    rules: Path | None,
    reports: ReportOptions,
) -> Bundler | None:
    """What `--bundle FILE` needs; None without it. Raises UsageError, CannotRunError."""
    if file is None:
        return None
    signing = configuration.evidence
    if signing is None:
        raise UsageError(
            f"a bundle is signed, and {configuration.file} does not say with what",
            remedy="Add `evidence: {certificate_file: evidence.pem, key: file:evidence.key}`.",
        )
    signer = _signer(signing)
    check_writable(file.parent)
    return Bundler(
        file=file,
        formats=reports.formats,
        split=reports.split,
        signer=signer,
        authority=_authority(signing.timestamp_url),
        rules=_files(rules or bundled("rules"), pack),
        rules_folder=pack.folder,
    )


def _signer(signing: BundleSigning) -> Signer:
    from auditor.proof.signing import load_signer, read_certificates, token_signer

    certificates, now = read_certificates(signing.certificate_file), datetime.now(UTC)
    if signing.pkcs11 is not None:
        return token_signer(certificates, signing.pkcs11, resolve(signing.pkcs11.pin), at=now)
    password = resolve(signing.key_password) if signing.key_password else None
    return load_signer(certificates, resolve(signing.key or "").encode(), password, at=now)


def _authority(url: str | None) -> TimestampAuthority | None:
    if url is None:
        return None
    from functools import partial

    from auditor.proof.authority import ask
    from auditor.proof.bundle import TimestampAuthority

    return TimestampAuthority(url=url, stamp=partial(ask, url))


def _files(directory: Path, pack: RulePack) -> Mapping[str, bytes]:
    """The files of rules and profiles, the very ones that were loaded."""
    from auditor.evaluate.loader import digest_of, yaml_files

    files = {file.relative_to(directory).as_posix(): file.read_bytes() for file in yaml_files(directory)}
    if digest_of(files.items()) != pack.digest:
        raise CannotRunError(f"the rules in {directory} were changed just now", remedy="Begin again.")
    return files


def _used(tenant: TenantConfiguration, judgement: Judgement) -> UsedConfiguration:
    from auditor.proof.contents import UsedConfiguration

    return UsedConfiguration(
        tenant=tenant.id,
        cloud=tenant.cloud,
        graph=tenant.endpoints.graph,
        login=tenant.endpoints.login,
        judgement=judgement,
    )


def _baseline(history: History, tenant: str) -> Baseline | None:
    from auditor.proof.contents import Baseline

    approval = history.baseline(tenant)
    if approval is None:
        return None
    return Baseline(
        run_id=history.run(str(approval.run)).run_id,
        snapshot_digest=history.snapshot_digest(approval.run),
        approved_at=approval.approved_at,
        approved_by=approval.approved_by,
        reason=approval.reason,
    )
