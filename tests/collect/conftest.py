"""A tenant per test, served until the test ends."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import ExitStack

import pytest

from auditor.emulator.drafts import TenantDraft
from tests.collect.reading import Reading, Serving, serve


@pytest.fixture
def reading() -> Iterator[Serving]:
    """Serves a tenant: `reading(draft, permissions=..., bulk=..., test_user=...)`."""
    with ExitStack() as stack:

        def start(
            draft: TenantDraft, permissions: Collection[str] | None = None, **options: object
        ) -> Reading:
            emulator = stack.enter_context(serve(draft, permissions))
            return Reading(emulator=emulator, **options)  # type: ignore[arg-type]

        yield start
