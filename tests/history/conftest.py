"""Both databases, the real ones."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.history import History, open_history
from tests.history.postgresql import Cluster, NoPostgreSQL, running_cluster


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server. Without one: skipped, and in CI a failure."""
    try:
        with running_cluster() as running:
            yield running
    except NoPostgreSQL as reason:
        if os.environ.get("CI"):
            pytest.fail(str(reason))
        pytest.skip(str(reason))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty store's address."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store/auditor.db"
    cluster: Cluster = request.getfixturevalue("cluster")
    return cluster.database()


@pytest.fixture
def history(url: str) -> Iterator[History]:
    """An empty store."""
    with open_history(url) as store:
        yield store
