"""The store of runs, snapshots and reports: SQLite by default, PostgreSQL when a team shares it."""

from auditor.history.address import password_of
from auditor.history.database import StoreMissingError, StoreUnavailableError
from auditor.history.manifests import KeptManifest
from auditor.history.outbox import Letter, Outbox, Told
from auditor.history.run import Approval, Pruned, RunEntry, RunLock, State
from auditor.history.store import DamagedRunError, History, open_history

__all__ = [
    "Approval",
    "DamagedRunError",
    "History",
    "KeptManifest",
    "Letter",
    "Outbox",
    "Pruned",
    "RunEntry",
    "RunLock",
    "State",
    "StoreMissingError",
    "StoreUnavailableError",
    "Told",
    "open_history",
    "password_of",
]
