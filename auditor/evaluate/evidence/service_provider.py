"""`serviceProvider`: what the service provider was told about Entra."""

from __future__ import annotations

from auditor.evaluate.evidence.material import Material
from auditor.model.gap import Gap, Reason


def service_provider(material: Material) -> Gap:
    """The root `serviceProvider`. No service provider can be asked; somebody has to declare it."""
    return Gap(
        section="serviceProvider",
        subject=material.target.app_id,
        reason=Reason.NOT_DECLARED,
        detail="nobody declared what the service provider was told about this tenant",
    )
