"""Before a rulebook that reaches back is adopted: its what-if is shown, and the one that was seen is checked."""

from __future__ import annotations

from volunteer_points.cli.context import Desk
from volunteer_points.cli.output import REFUSED, Answer, Line
from volunteer_points.cli.what_if import Teller, replayed
from volunteer_points.commands import Adopt, Definition
from volunteer_points.decisions.adoption import reaches_back
from volunteer_points.errors import Refused
from volunteer_points.rules import Rulebook


def looked_at(desk: Desk, definition: Definition, reference: str | None, again: tuple[str, ...]) -> Answer | None:
    """The what-if of a rulebook that reaches back, to be looked at first; None when there is nothing to look at.

    A reference that was given is worked out again over as many entries: the ledger only grows, so it must be the same.

    Args:
        desk: The ledger.
        definition: What is to be adopted.
        reference: The what-if that somebody has looked at.
        again: The command that is typed, to be shown with the reference.

    Raises:
        Refused: ``what_if_differs`` when the reference is not that of the rulebook over the ledger.
        InputError: ``bad_reference``.
    """
    rulebook = _reaching_back(desk, definition)
    if rulebook is None:
        return None
    if reference is None:
        report = replayed(desk, definition, rulebook=rulebook.id)
        command = desk.command(*again, "--what-if", report.reference, as_self=True)
        ask = desk.say("Adopt it after a look at this: {}", "看过以上结果后再采用：{}").format(command)
        title = desk.say(
            f"Rulebook {rulebook.id} reaches back to {rulebook.since}: {rulebook.retroactive_reason}",
            f"积分办法 {rulebook.id} 追溯至 {rulebook.since}：{rulebook.retroactive_reason}",
        )
        told = Teller(desk, report, 10).answer(definition, {"next": command})
        return Answer(told.data, (Line(title, "head"), *told.parts, ask), REFUSED)
    Adopt(definition=definition, author="somebody", what_if=reference)  # refuses what is no reference at all
    found = replayed(desk, definition, rulebook=rulebook.id, first=int(reference.partition("-")[0])).reference
    if found != reference:
        raise Refused("what_if_differs", rulebook=rulebook.id, given=reference, found=found)
    return None


def _reaching_back(desk: Desk, definition: Definition) -> Rulebook | None:
    """The one new rulebook that reaches back and says so; whatever else is wrong is for the adoption to refuse."""
    today = desk.calendar.day(desk.now())
    adopted = {each.id for each in desk.programme.frame().rulebooks}
    found = [each for each in definition.rulebooks if each.id not in adopted and reaches_back(each, today)]
    is_said = len(found) == 1 and found[0].retroactive and bool(found[0].retroactive_reason.strip())
    return found[0] if is_said else None
