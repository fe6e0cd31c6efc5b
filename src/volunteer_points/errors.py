"""Every error that a caller can meet, as one small tree.

An error carries a stable ``code`` and the ``facts`` behind it; its sentence is made from both, so that programs
compare codes and people read words. Codes never change their meaning; sentences may be improved at any time.
"""

from __future__ import annotations

from collections.abc import Iterable


class VolunteerPointsError(Exception):
    """The root: catch this to catch everything that the library raises on purpose.

    Args:
        code: A stable name for what happened, in snake_case.
        facts: The values behind it: what was found, what was expected, what to do.
    """

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.facts: dict[str, object] = facts

    def __str__(self) -> str:
        """One English sentence with the place, the value and, where one is known, the remedy."""
        words = str(self.facts.get("message") or self.code.replace("_", " "))
        details = ", ".join(f"{name}={value}" for name, value in self.facts.items() if name not in {"message", "fix"})
        remedy = f". {self.facts['fix']}" if "fix" in self.facts else ""
        return f"{words} ({details}){remedy}" if details else f"{words}{remedy}"

    def __reduce__(self) -> tuple[object, ...]:
        """Survive the way between processes with code and facts intact."""
        return (_restored, (type(self), self.code, self.facts))


def _restored(kind: type[VolunteerPointsError], code: str, facts: dict[str, object]) -> VolunteerPointsError:
    return kind(code, **facts)


class InputError(VolunteerPointsError):
    """What was brought cannot be understood or is out of bounds; nothing was looked at and nothing was written."""


class Refused(VolunteerPointsError):
    """The books do not allow it. Nothing was written and the key is still free.

    The words for each code, in Chinese and English, are in :mod:`volunteer_points.explain`.
    """


class KeyConflict(VolunteerPointsError):
    """The idempotency key was already used for other content; the first content stands."""


class StoreError(VolunteerPointsError):
    """The store could not do its part. What the subclasses say tells whether to try again."""


class Busy(StoreError):
    """Another writer is in the way or the connection was lost before the commit was sent: trying again is right."""


class HostBusy(Busy):
    """The same within a transaction that a host began: only the host can try again, with all of its transaction."""


class CommitUnknown(StoreError):
    """The commit was sent and no answer came back: the same key finds out whether it happened."""


class Corrupt(StoreError):
    """What is stored contradicts itself. Stop writing and run the audit."""


class Misused(StoreError):
    """The calling program broke the contract of stores, as by asking about a subject that it did not take: a defect."""


class Misconfigured(StoreError):
    """The database is not what the library needs: another schema, missing guards, unsafe settings, another ledger."""


def suggestion(word: str, known: Iterable[str]) -> str:
    """Which of the known words was probably meant, as the end of a sentence; empty when none is near."""
    from difflib import get_close_matches  # noqa: PLC0415 - only mistakes need it

    near = get_close_matches(word, sorted(known), n=1)
    return f"Did you mean {near[0]!r}?" if near else ""
