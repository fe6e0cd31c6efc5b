"""What changes from one rulebook to another, in words: each provision that is new, gone or different."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from volunteer_points.handout.phrases import Phrases
from volunteer_points.handout.sentences import Section, sections
from volunteer_points.rules import Rulebook


@attrs.frozen
class Difference:
    """One provision that is not as it was.

    Attributes:
        key: Which provision, such as ``accrual:per-hour``; a stream's own have its id before.
        section: The heading under which it stands.
        before: What it said; empty when it is new.
        after: What it says; empty when it is gone.
    """

    key: str
    section: str
    before: str
    after: str

    def told(self, say: Phrases) -> str:
        """The difference in a sentence."""
        if not self.before:
            return say.pick(f"New: {self.after}", f"新增：{self.after}")
        if not self.after:
            return say.pick(f"No longer: {self.before}", f"取消：{self.before}")
        return say.pick(f"Before: {self.before} Now: {self.after}", f"原：{self.before}现：{self.after}")


def differences(old: Rulebook, new: Rulebook, was: Phrases, say: Phrases) -> tuple[Difference, ...]:
    """All that changes for whoever serves or redeems; empty when both say the same.

    Args:
        old: The earlier rulebook.
        new: The later one.
        was: Says the earlier one, with the names of its programme.
        say: Says the later one.
    """
    found = tuple(_told(sections(old, was), sections(new, say)))
    days = tuple(_days(old, new, say))
    if not found and _content(old) != _content(new):
        found = tuple(_silent(old, new, say))
    return days + found


def _told(old: tuple[Section, ...], new: tuple[Section, ...]) -> Iterator[Difference]:
    before = {each.key: (each.whole, section.title) for section in old for each in section.sentences}
    after = {each.key: (each.whole, section.title) for section in new for each in section.sentences}
    order_before = [key for key in before if key in after]
    order_after = [key for key in after if key in before]
    for key, (text, title) in after.items():
        if key not in before:
            yield Difference(key, title, "", text)
        elif before[key][0] != text:
            yield Difference(key, title, before[key][0], text)
    for key, (text, title) in before.items():
        if key not in after:
            yield Difference(key, title, text, "")
    if order_before != order_after:
        moved = [key for key, other in zip(order_after, order_before, strict=True) if key != other]
        key = moved[0]
        yield Difference(f"order:{key}", after[key][1], " → ".join(order_before), " → ".join(order_after))


def _days(old: Rulebook, new: Rulebook, say: Phrases) -> Iterator[Difference]:
    title = say.pick("In force", "施行")
    before, after = (_span(each, say) for each in (old, new))
    if before != after:
        yield Difference("days", title, before, after)


def _span(rulebook: Rulebook, say: Phrases) -> str:
    if rulebook.until is None:
        return say.pick(f"from {rulebook.since} on.", f"自 {rulebook.since} 起。")
    return say.pick(f"from {rulebook.since} up to {rulebook.until}.", f"自 {rulebook.since} 起，{rulebook.until} 前。")


def _content(rulebook: Rulebook) -> Rulebook:
    """The rulebook without what names and dates it."""
    return attrs.evolve(
        rulebook, id="any", title="", since=rulebook.since.replace(year=2000, month=1, day=1), until=None,
        retroactive=False, retroactive_reason="",
    )  # fmt: skip


def _silent(old: Rulebook, new: Rulebook, say: Phrases) -> Iterator[Difference]:
    """What differs though the sentences are the same, such as a clause or an id: by the key of the file."""
    title = say.pick("In the file", "文件中")
    for field in attrs.fields(Rulebook):
        before, after = getattr(_content(old), field.name), getattr(_content(new), field.name)
        if before != after:
            told = say.pick(f"'{field.name}' is written differently.", f"“{field.name}”写法不同。")
            yield Difference(f"file:{field.name}", title, "", told)
