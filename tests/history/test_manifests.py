"""The manifests of bundles in the store: the newest of each tenant, and no forks."""

from __future__ import annotations

import pytest

from auditor.errors import CannotRunError
from auditor.history import History, KeptManifest
from tests.history.sample import at

ONE, TWO = (KeptManifest(run_id=name * 32, digest=name * 64) for name in "12")


def test_the_newest_of_each_tenant(history: History) -> None:
    manifests = history.manifests
    assert manifests.last("Contoso") is None
    manifests.keep("Contoso", ONE, after=None, at=at(0))
    manifests.keep("contoso", TWO, after=ONE, at=at(1))
    assert manifests.last("CONTOSO") == TWO
    assert manifests.last("fabrikam") is None


def test_a_chain_has_no_forks(history: History) -> None:
    history.manifests.keep("contoso", ONE, after=None, at=at(0))
    with pytest.raises(CannotRunError, match="another scan made a bundle of contoso meanwhile"):
        history.manifests.keep("contoso", TWO, after=None, at=at(1))
    assert history.manifests.last("contoso") == ONE
