"""What earlier runs of the store saw, where the last one could not read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.model.snapshot import Snapshot

if TYPE_CHECKING:
    from auditor.history import History

_RUNS = 14
"""So many earlier runs are looked through."""


def earlier_snapshots(
    history: History, tenant: str, snapshot: Snapshot, run_id: str | None
) -> tuple[Snapshot, ...]:
    """What complete runs before the run `run_id` saw, the last one first.

    As many as it takes to complete what that run, whose snapshot is given, could not read; none when it read
    everything. A damaged one is passed over.
    """
    from auditor.drift.last_seen import LastSeen
    from auditor.history import DamagedRunError, State

    runs = [run for run in history.runs(tenant) if run.state is State.COMPLETE]
    here = next((index for index, run in enumerate(runs) if run.run_id == run_id), len(runs))
    seen, found, needed = LastSeen(snapshot=snapshot), list[Snapshot](), 0
    for run in runs[here + 1 : here + 1 + _RUNS]:
        if not seen.missing:
            break
        try:
            earlier = history.snapshot(str(run.number))
        except DamagedRunError:
            continue
        found.append(earlier)
        completed = seen.completed(earlier)
        if completed.since != seen.since:
            needed = len(found)
        seen = completed
    return tuple(found[:needed])
