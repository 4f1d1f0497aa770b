"""`config`: what the configuration says, in the words of its file and with its defaults."""

from __future__ import annotations

from auditor.model.configuration import ApplicationConfiguration, Judgement
from auditor.model.node import Read, Request
from auditor.model.snapshot import Snapshot


def configuration_request(snapshot: Snapshot) -> Request:
    """Where values of the configuration come from; the snapshot carries a copy from when it was started."""
    return Request(method="FILE", url="configuration", at=snapshot.started_at)


def config(snapshot: Snapshot, judgement: Judgement, application: ApplicationConfiguration) -> Read:
    """The root `config`."""
    thresholds = judgement.thresholds
    return Read(
        {
            "environment": judgement.environment,
            "product": application.product,
            "name_id": application.name_id,
            "guests": application.guests,
            "allow": {
                "reply_urls": sorted(application.allow.reply_urls),
                "permissions": sorted(application.allow.permissions),
                "groups": sorted(application.allow.groups),
            },
            "test_user": application.test_user,
            "thresholds": {
                "certificate_expiry_days": sorted(thresholds.certificate_expiry_days, reverse=True),
                "broad_group_percent": thresholds.broad_group_percent,
                "sign_in_window_days": thresholds.sign_in_window_days,
                "service_provider_confirmation_days": thresholds.service_provider_confirmation_days,
            },
        },
        (configuration_request(snapshot),),
    )
