"""Words of the project as an audit says them, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping

import attrs


@attrs.frozen
class Words:
    """The same in both languages."""

    en: str
    zh: str

    def said(self, language: str) -> str:
        """The words of a language; English unless it is ``zh``."""
        return self.zh if language == "zh" else self.en


VOCABULARY: Mapping[str, Words] = {
    # kinds of entries
    "entry": Words("entry", "分录"),
    "ProgrammeAdopted": Words("programme", "项目"),
    "RulebookAdopted": Words("rulebook", "管理办法"),
    "TeamFormed": Words("team", "队伍"),
    "HouseholdFormed": Words("household", "家庭"),
    "PartnerAgreed": Words("partner", "共建单位"),
    "ActivityListed": Words("activity", "服务项目"),
    "ItemListed": Words("item", "物资"),
    "Withdrawn": Words("end of an offer", "停用"),
    "PeriodClosed": Words("closing of a period", "结账"),
    "Enrolled": Words("enrolment", "登记"),
    "Described": Words("description", "资料更新"),
    "Joined": Words("joining of a team", "入队"),
    "Left": Words("leaving", "退出"),
    "Adjusted": Words("adjustment", "调整"),
    "Approved": Words("approval", "审核"),
    "Awarded": Words("award", "积分发放"),
    "BalanceOpened": Words("opening balance", "期初余额"),
    "Cancelled": Words("cancellation", "取消"),
    "Collected": Words("collection", "领取"),
    "Confirmed": Words("confirmation", "公示结束"),
    "Corrected": Words("correction", "更正"),
    "Donated": Words("donation", "捐赠"),
    "Endowed": Words("endowment", "注入基金"),
    "Expired": Words("expiry", "到期清零"),
    "Extended": Words("extension", "延期"),
    "Prolonged": Words("prolongation", "顺延"),
    "Held": Words("hold", "预留"),
    "Lapsed": Words("lapse", "预留过期"),
    "NotAwarded": Words("non-award", "不发放"),
    "Rejected": Words("rejection", "驳回"),
    "Repaid": Words("repayment", "抵扣欠分"),
    "Returned": Words("return", "退回"),
    "Reversed": Words("reversal", "冲正"),
    "StockCounted": Words("stocktake", "盘点"),
    "StockReceived": Words("receipt", "入库"),
    "StockWrittenOff": Words("write-off", "核销"),
    "Submitted": Words("record", "服务记录"),
    "Transferred": Words("transfer", "转赠"),
    "Voided": Words("withdrawal", "撤回"),
    # states
    "submitted": Words("submitted", "待审核"),
    "approved": Words("approved", "已审核"),
    "rejected": Words("rejected", "已驳回"),
    "voided": Words("withdrawn", "已撤回"),
    "held": Words("held", "预留"),
    "collected": Words("collected", "已领取"),
    "cancelled": Words("cancelled", "已取消"),
    "lapsed": Words("lapsed", "已过期"),
    "unknown": Words("unknown", "不存在"),
    # purposes of accounts, lines of the roll-forward, names of what differs
    "opening": Words("opening", "期初"),
    "earned": Words("earned", "获得"),
    "reversed": Words("reversed", "冲正"),
    "redeemed": Words("redeemed", "兑换"),
    "returned": Words("returned", "退回"),
    "expired": Words("expired", "到期"),
    "adjusted": Words("adjusted", "调整"),
    "transferred": Words("transferred", "转赠"),
    "donated": Words("donated", "捐赠"),
    "endowed": Words("endowed", "注入"),
    "closing": Words("closing", "期末"),
    "available": Words("available", "可用"),
    "pending": Words("in public notice", "公示中"),
    "debt": Words("debt", "欠分"),
    "claimed": Words("claimed", "待审核"),
    "served": Words("served", "服务"),
    "on_hand": Words("on the shelf", "在架"),
    "reserved": Words("reserved", "预留"),
    "received": Words("received", "入库"),
    "found": Words("found", "盘盈"),
    "written_off": Words("written off", "核销"),
    "points": Words("points", "积分"),
    "minutes": Words("minutes", "分钟"),
    "price": Words("price", "单价"),
    "lot": Words("end", "到期"),
    "held_until": Words("held until", "预留至"),
    "item": Words("item", "物资"),
    "household": Words("household", "家庭"),
    "fund": Words("fund", "基金"),
    "cash": Words("money", "现金"),
    "special": Words("special price", "优惠价"),
    "priced_by": Words("rule of the price", "定价规则"),
    "programme": Words("programme", "项目"),
    "paid": Words("paid", "支付"),
    "released": Words("released", "释放"),
    "quantity": Words("quantity", "数量"),
    "because": Words("because", "原因"),
    "working": Words("working", "计算过程"),
    "postings": Words("postings", "记账"),
    "activity": Words("activity", "服务项目"),
    "volunteer": Words("volunteer", "志愿者"),
    "recorder": Words("recorder", "记录人"),
    "partner": Words("partner", "共建单位"),
    "currency": Words("currency", "币种"),
    "entries": Words("entries", "分录"),
    "digest": Words("content", "内容"),
    "actor": Words("actor", "经办人"),
    "booked_at": Words("time of booking", "登记时间"),
    "count": Words("number of entries", "分录数"),
    "number": Words("number of an entry", "分录序号"),
    # why a check was skipped
    "nothing_of_the_kind": Words("there was nothing of the kind", "没有此类内容"),
    "journal_without_balances": Words("a journal keeps no balances", "日志不存储余额"),
    "later_entries_left_out": Words("stored balances include what was booked later", "存储的余额包含之后登记的内容"),
    "one_person_runs_it": Words("one person runs the programme", "项目由一人管理"),
}
"""Words of the project as people read them."""
