"""The rules of our own of the riverside community: for service, for who may redeem, and for a price.

Each is a pure function of what it is given. What it needs from the books it asks for in ``measures``; what the
programme file must say it declares in ``parameters``. Everything after its number (multipliers, rounding, caps, the end
of points) is the library's.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import ClassVar

from volunteer_points.model import Given, Item, Measure, Of, Parameters, Result, Use
from volunteer_points.rules import Served


class RiverBank:
    """Points for the metres of river bank that were cleared, fewer once somebody has done a lot in the month.

    Clause 5 of our bylaws: for every ten metres two points; whoever has more than twenty hours in the month rests, and
    earns half.
    """

    name = "river-bank"
    version = "1"
    use = Use.ACCRUAL
    parameters: ClassVar = {"each_metres": int, "points": Fraction, "rest_after_hours": Fraction}
    describes: ClassVar = {
        "en": "{points} for every {each_metres} metres of river bank, and half of it after {rest_after_hours} hours"
        " in the month",
        "zh": "每清理 {each_metres} 米河岸计 {points} 分，当月满 {rest_after_hours} 小时后减半",
    }
    explains: ClassVar = {
        "en": "{metres} metres of river bank, {points} for every {each_metres}"
        "[, halved after {hours} hours in the month]",
        "zh": "清理河岸 {metres} 米，每 {each_metres} 米 {points} 分[，当月已满 {hours} 小时，减半]",
    }

    def measures(self, parameters: Parameters) -> Mapping[str, Measure]:
        """The hours of the month before this record."""
        del parameters
        return {"hours": Measure(of=Of.HOURS, over="month")}

    def apply(self, given: Given[Served]) -> Result:
        """The metres that the record says, at the rate of the programme file."""
        metres = given.about.service.details.quantity("metres")
        number = metres * given.parameters.number("points") / given.parameters.whole("each_metres")
        hours = given.measured["hours"]
        if hours < given.parameters.number("rest_after_hours"):
            return Result(number, {"metres": metres})
        return Result(number / 2, {"metres": metres, "hours": hours})


class Steady:
    """How many hours a month somebody served on average over the last months. Clause 9: whoever redeems is steady."""

    name = "steady"
    version = "1"
    use = Use.CONDITION
    parameters: ClassVar = {"months": int}
    describes: ClassVar = {
        "en": "hours a month, on average over the last {months} months",
        "zh": "近 {months} 个月的月均服务小时数",
    }
    explains: ClassVar = {
        "en": "{hours} hours in the last {months} months",
        "zh": "近 {months} 个月共 {hours} 小时",
    }

    def measures(self, parameters: Parameters) -> Mapping[str, Measure]:
        """The hours of that time."""
        return {"hours": Measure(of=Of.HOURS, over=f"{parameters.whole('months')} months")}

    def apply(self, given: Given[None]) -> Result:
        """The average."""
        hours = given.measured["hours"]
        return Result(hours / given.parameters.whole("months"), {"hours": hours})


class LoyalPrice:
    """A price that falls with the hours that somebody ever served, down to a least price. Clause 12."""

    name = "loyal-price"
    version = "1"
    use = Use.PRICE
    parameters: ClassVar = {"full": Fraction, "off_each_hour": Fraction, "least": Fraction}
    describes: ClassVar = {
        "en": "{full}, less {off_each_hour} for every hour served, and never less than {least}",
        "zh": "{full}，每服务 1 小时减 {off_each_hour}，最低 {least}",
    }
    explains: ClassVar = {
        "en": "{full} less {off_each_hour} for each of {hours} hours, at least {least}",
        "zh": "{full}，已服务 {hours} 小时，每小时减 {off_each_hour}，最低 {least}",
    }

    def measures(self, parameters: Parameters) -> Mapping[str, Measure]:
        """All hours."""
        del parameters
        return {"hours": Measure(of=Of.HOURS)}

    def apply(self, given: Given[Item]) -> Result:
        """The full price less what loyalty takes off."""
        hours, say = given.measured["hours"], given.parameters.number
        return Result(max(say("least"), say("full") - hours * say("off_each_hour")), {"hours": hours})


__all__ = ["LoyalPrice", "RiverBank", "Steady"]
