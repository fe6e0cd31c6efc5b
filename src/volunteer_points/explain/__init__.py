"""What the core wrote or refused, in sentences: in Chinese and English, as text and as JSON can hold it.

Nothing here decides anything, reads a clock or asks a store: entries and errors come in, words come out.

>>> from volunteer_points.errors import Refused
>>> print(sentence(Refused("unknown_item", item="大米"), "zh"))
没有兑换物品 大米。请核对编号，或先列出现有的编号。
"""

from volunteer_points.explain.awards import explain_award
from volunteer_points.explain.explanations import Explanation, Line
from volunteer_points.explain.kinds import describe
from volunteer_points.explain.redemptions import explain_redemption
from volunteer_points.explain.refusals import sentence
from volunteer_points.explain.standing import explain_expiry, explain_level, explain_price, explain_refusal
from volunteer_points.explain.statements import Statement, StatementLine, Sums, statement
from volunteer_points.explain.templates import Lang, Names, naming

__all__ = [
    "Explanation",
    "Lang",
    "Line",
    "Names",
    "Statement",
    "StatementLine",
    "Sums",
    "describe",
    "explain_award",
    "explain_expiry",
    "explain_level",
    "explain_price",
    "explain_redemption",
    "explain_refusal",
    "naming",
    "sentence",
    "statement",
]
