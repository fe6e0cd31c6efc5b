"""What would have come of a ledger under another rulebook: replayed in its order, through the functions that award.

>>> from volunteer_points.what_if import what_if
>>> what_if(())
Traceback (most recent call last):
    ...
volunteer_points.errors.Refused: no programme (ledger=)
"""

from volunteer_points.what_if.playing import what_if
from volunteer_points.what_if.reading import entries_of, rulebooks_of
from volunteer_points.what_if.report import (
    Change,
    Example,
    HolderEffect,
    NotPossible,
    Report,
    RuleEffect,
    TeamEffect,
)
from volunteer_points.what_if.trial import Trial, trial_of

__all__ = [
    "Change",
    "Example",
    "HolderEffect",
    "NotPossible",
    "Report",
    "RuleEffect",
    "TeamEffect",
    "Trial",
    "entries_of",
    "rulebooks_of",
    "trial_of",
    "what_if",
]
