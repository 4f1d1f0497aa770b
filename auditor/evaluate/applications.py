"""The applications of a report, as their evidence shows them; null where it could not be read."""

from __future__ import annotations

from collections.abc import Mapping

from auditor.evaluate.paths import Path
from auditor.model.configuration import Judgement
from auditor.model.node import Json, Node
from auditor.model.profile import Profile
from auditor.model.report import AuditedApplication, Certificate
from auditor.model.snapshot import Target

_CERTIFICATES = Path("certificates.all")
_ENABLED = Path("servicePrincipal.accountEnabled")
_MODE = Path("servicePrincipal.preferredSingleSignOnMode")
_ROLLOVER = Path("certificates.rollover.state")
_ROLLOVER_SENTENCE = Path("certificates.rollover.sentence")
_RELAY_STATE = Path("servicePrincipal.samlSingleSignOnSettings.relayState")


def audited_application(
    target: Target, evidence: Mapping[str, Node], *, profile: Profile | None, judgement: Judgement
) -> AuditedApplication:
    """The entry of `applications` for this service principal."""
    return AuditedApplication(
        service_principal_id=target.service_principal_id,
        app_id=target.app_id,
        display_name=target.display_name,
        profile=None if profile is None else profile.id,
        product=_product(target, evidence, profile, judgement),
        matched_by=target.matched_by.value,
        sign_on_mode=_text(_MODE.read(evidence).value),
        enabled=_flag(_ENABLED.read(evidence).value),
        rollover=_text(_ROLLOVER.read(evidence).value),
        rollover_sentence=_text(_ROLLOVER_SENTENCE.read(evidence).value),
        certificates=_certificates(evidence),
    )


def _product(
    target: Target, evidence: Mapping[str, Node], profile: Profile | None, judgement: Judgement
) -> str | None:
    """The configured product; else the one whose relay state this application has."""
    if target.application is not None and judgement.applications[target.application].product:
        return judgement.applications[target.application].product
    expected = profile.expected.get("relayState") if profile else None
    by_product = expected.value if expected and isinstance(expected.value, Mapping) else {}
    relay_state = _RELAY_STATE.read(evidence).value
    return next((product for product, value in by_product.items() if value == relay_state), None)


def _certificates(evidence: Mapping[str, Node]) -> tuple[Certificate, ...]:
    found = _CERTIFICATES.read(evidence).value
    known = [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []
    certificates = [
        Certificate(
            thumbprint=_text(item.get("thumbprint")),
            sha256=_text(item.get("sha256")),
            subject=_text(item.get("subject")),
            not_before=_text(item.get("notBefore")),
            not_after=_text(item.get("notAfter")),
            days_left=_number(item.get("daysLeft")),
            status=_text(item.get("status")),
            validity=_text(item.get("validity")),
            in_metadata=_flag(item.get("inMetadata")),
            at_service_provider=_flag(item.get("atServiceProvider")),
            key_type=_text(item.get("keyType")),
            key_size=_number(item.get("keySize")),
            signature_algorithm=_text(item.get("signatureAlgorithm")),
        )
        for item in known
    ]
    return tuple(sorted(certificates, key=lambda c: (c.not_after or "", c.thumbprint or "", c.sha256 or "")))


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) else None


def _flag(value: Json) -> bool | None:
    return value if isinstance(value, bool) else None


def _number(value: Json) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
