"""What an audit says things with: sentences of what is wrong and what to do, and the titles of the checks."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from volunteer_points.audit.vocabulary import Words

LANGUAGES = ("en", "zh")


@attrs.frozen
class Sentence:
    """What is wrong, and what to do about it."""

    what: Words
    remedy: Words

    def said(self, language: str) -> str:
        """What is wrong."""
        return self.what.said(language)

    def fix(self, language: str) -> str:
        """What to do."""
        return self.remedy.said(language)


TITLES: Mapping[str, Words] = {
    "VP001": Words("every entry adds up to nought for each unit", "每条分录的每种单位合计为零"),
    "VP002": Words("the whole ledger adds up to nought for each unit", "整个账本的每种单位合计为零"),
    "VP003": Words("every entry is there, in its place, and unchanged", "分录齐全、顺序正确、未被改动"),
    "VP004": Words("no balance ever passed its bound", "任何余额在任何时候都未越过界限"),
    "VP005": Words("stored balances are what the entries add up to", "存储的余额与分录合计一致"),
    "VP006": Words("every key belongs to one commit", "每个防重复键只属于一次提交"),
    "VP101": Words("every award has one record, every record one award", "一份服务记录对应一次积分发放"),
    "VP102": Words("every award was approved", "每次积分发放都经过审核"),
    "VP104": Words("every award names the rulebook that was in force", "每次发放都依据当时有效的积分管理办法"),
    "VP105": Words("every award is what its rulebook gives", "逐笔重算：每次发放都与管理办法的计算一致"),
    "VP106": Words("no cap was passed", "未超过任何积分上限"),
    "VP202": Words("nobody served twice at once", "同一时间没有重复服务"),
    "VP203": Words("no day has more minutes than it is long", "每人每天的服务时间不超过一天"),
    "VP301": Words("approvers are neither volunteer nor recorder", "审核人不是本人也不是记录人"),
    "VP501": Words("every redemption was paid at the price in force", "每次兑换都按当时有效的价格足额支付"),
    "VP503": Words("what is held is what open holds say, and none is overdue", "预留与未结兑换一致且没有逾期"),
    "VP506": Words(
        "every item is on the shelf, held, given out or written off", "每件物资都有去向：在架、预留、已领或核销"
    ),
    "VP601": Words("what came in less what went out is what is there", "期初加减各项等于期末"),
}
"""What each check holds to be true."""

__all__ = ["LANGUAGES", "TITLES", "Sentence"]
