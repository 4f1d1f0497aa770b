"""Files that run the audit every night: units, a crontab line, manifests, a workflow, a container's recipe.

They follow from the configuration: what it refers to has to be where the night runs. Nothing secret is
ever written into them.
"""

from __future__ import annotations

from auditor.deploy.needs import Needs, needs_of
from auditor.deploy.targets import TARGETS, Plan

__all__ = ["TARGETS", "Needs", "Plan", "needs_of"]
