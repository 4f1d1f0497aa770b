"""Judges a snapshot by rules and profiles. Pure: the clock is an argument, and nothing is asked for."""

from auditor.evaluate.evaluation import Evaluation, evaluate
from auditor.evaluate.loader import RulePack, load_pack

__all__ = ["Evaluation", "RulePack", "evaluate", "load_pack"]
