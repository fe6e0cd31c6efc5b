"""A rulebook as a page for residents, and what changes from one to the next, in words."""

from __future__ import annotations

import re
from datetime import date

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.test_vocabulary_file import WHOLE
from volunteer_points.commands import Definition
from volunteer_points.explain import Lang
from volunteer_points.handout import differences, html, markdown, phrases, sections
from volunteer_points.handout.sentences import expiry
from volunteer_points.programme_file import loads
from volunteer_points.rules import Accrual, Cap, Milestone, Rulebook, streams_of
from volunteer_points.testing.vocabulary import programmes

DAY = date(2026, 3, 1)
HAN = re.compile("[一-龥]")
HEAD = """\
name = "Community"
zone = "Asia/Shanghai"
run_by_one = "founder"
currencies = [{ id = "points" }, { id = "coin", name = "coins", decimals = 1 }]
activities = [{ id = "park", name = "公园清洁" }]
[structure]
label = "free"
slots = []
[[rulebooks]]
id = "2026"
since = 2026-01-01
"""


def rulebook(rules: str) -> tuple[Definition, Rulebook]:
    definition = loads(HEAD + rules, day=DAY)
    return definition, definition.rulebooks[0]


def said(rules: str, lang: Lang) -> list[str]:
    definition, book = rulebook(rules)
    return [each.text for section in sections(book, phrases(definition, lang)) for each in section.sentences]


HOURLY = '[[rulebooks.accruals]]\nid = "hours"\nper_hour = 10\n'


@pytest.mark.parametrize(
    "rules, en, zh",
    [
        (HOURLY, "10 points an hour.", "每小时 10 分。"),
        (
            HOURLY.replace("10", "15") + "when = { from_time = 22:00:00, until_time = 06:00:00 }\n",
            "22:00–06:00: 15 points an hour.",
            "22:00–06:00：每小时 15 分。",
        ),
        (
            HOURLY + '[[rulebooks.caps]]\nid = "day"\nat_most = 80\n',
            "Each volunteer gets at most 80 points a day.",
            "每人每天最多计 80 分。",
        ),
        (
            HOURLY + '[[rulebooks.milestones]]\nid = "fifty"\nevery = 50\npoints = 20\nover = "year"\n',
            "For every 50 hours in the year: 20 points more.",
            "当年每满 50 小时，另奖 20 分。",
        ),
        (
            '[[rulebooks.accruals]]\nid = "absent"\nfixed = -2\nwhen = { activities = ["park"] }\n',
            "公园清洁: 2 points are taken off each time.",
            "公园清洁：每次扣 2 分。",
        ),
        (
            '[[rulebooks.accruals]]\nid = "blood"\nrate = { of = "quantity", unit = "ml", each = 200, points = 4 }\n',
            "4 points for each 200 ml.",
            "每 200 ml 4 分。",
        ),
        (
            '[[rulebooks.accruals]]\nid = "fault"\nrate = { of = "quantity", unit = "faults", points = -1 }\n',
            "1 point taken off for each faults.",
            "每 1 faults 扣 1 分。",
        ),
        (
            HOURLY + '[[rulebooks.routes]]\nid = "far"\nday_minutes_above = 480\nright = "certify"\n',
            "More than 8 h in the day: approved by a higher body.",
            "当日超过 8 小时：由上级审核。",
        ),
        (
            HOURLY + "redemption = { minimum_balance = 20 }\n".replace("redemption", "[rulebooks.redemption]\n#"),
            "Points cannot be given to others.",
            "积分不得转赠。",
        ),
        (
            HOURLY + '[[rulebooks.streams]]\nid = "coins"\ncurrency = "coin"\n[[rulebooks.streams.accruals]]\n'
            'id = "each"\nfixed = 0.5\n',
            "0.5 coins each time.",
            "每次 0.5 coins。",
        ),
        (
            HOURLY + '[[rulebooks.caps]]\nid = "kg"\nof = "quantity"\nunit = "kg"\nat_most = 20\nper = "month"\n',
            "Each volunteer gets at most 20 kg a month; a record that goes beyond it earns nothing.",
            "每人每月最多计 20 kg，超出的那条记录不计分。",
        ),
        (
            HOURLY + "[rulebooks.redemption]\nweekdays = [6]\ndays_of_month = [1, 2, 3, 4, 5, 6, 7]\n",
            "On Saturdays that are days 1, 2, 3, 4, 5, 6, 7 of the month.",
            "每月 1、2、3、4、5、6、7 日逢周六兑换。",
        ),
        (
            'source = "fund:f"\n' + HOURLY + '[[funds]]\nid = "f"\n',
            "The fund f pays them; service that it cannot pay for in full waits.",
            "由f支付，余额不足时暂不审核通过。",
        ),
        (
            HOURLY.replace("per_hour = 10", "rate = { points = 2, at_most = 1 }"),
            "2 points for each hour, if it is at most 1 hour.",
            "每 1 小时 2 分，不多于 1 小时才计。",
        ),
        (
            HOURLY + "[rulebooks.redemption]\nlimits = [{ of = 'units', per = 'day', at_most = 1 }]\n",
            "Each volunteer at most 1 unit a day.",
            "每人每天最多 1 件。",
        ),
        (HOURLY + "[rulebooks.redemption]\nweekdays = [6]\n", "On Saturdays.", "周六兑换。"),
        (HOURLY + "[rulebooks.redemption]\ndays_of_month = [15]\n", "On days 15 of the month.", "每月 15 日兑换。"),
    ],
)  # fmt: skip
def test_a_provision_is_said_in_a_sentence(rules: str, en: str, zh: str) -> None:
    assert en in said(rules, "en")
    assert zh in said(rules, "zh")


@settings(max_examples=20, suppress_health_check=list(HealthCheck), deadline=None)
@given(programmes(), st.sampled_from(["zh", "en"]))
def test_every_rulebook_is_a_page_that_ends_with_its_hash(definition: Definition, lang: Lang) -> None:
    book = definition.rulebooks[0]
    page = markdown(definition, book, lang)
    assert page.rstrip().endswith(book.hash)
    assert book.hash in html(definition, book, lang)
    keys = [each.key for section in sections(book, phrases(definition, lang)) for each in section.sentences]
    assert len(set(keys)) == len(keys)
    for stream in streams_of(book):
        parts: tuple[Accrual | Cap | Milestone, ...] = (*stream.accruals, *stream.caps, *stream.milestones)
        assert all(any(key.endswith(f":{part.id}") for key in keys) for part in parts)


def test_what_a_name_holds_is_never_taken_for_html() -> None:
    definition, book = rulebook(HOURLY.replace('id = "hours"', 'id = "hours"\nclause = "<script>alert(1)</script>"'))
    assert "<script>" not in html(definition, book, "en")
    assert "&lt;script&gt;" in html(definition, book, "en")
    assert "\\<script\\>" in markdown(definition, book, "en")


def test_a_page_in_english_has_no_chinese_words_of_its_own() -> None:
    definition = loads(re.sub("[一-龥]+", "x", WHOLE), day=DAY)
    page = markdown(definition, definition.rulebooks[0], "en").replace("积分", "")
    assert not HAN.search(page)


# --- differences ---


def test_two_versions_differ_by_what_is_new_gone_and_changed() -> None:
    cap = '[[rulebooks.caps]]\nid = "day"\nat_most = 80\n'
    was, old = rulebook(HOURLY + cap)
    now, new = rulebook(HOURLY.replace("10", "12") + "[rulebooks.expiry]\nmonths = 12\n")
    found = {
        each.key: (each.before, each.after) for each in differences(old, new, phrases(was, "en"), phrases(now, "en"))
    }
    assert found == {
        "accrual:hours": ("10 points an hour.", "12 points an hour."),
        "cap:day": ("Each volunteer gets at most 80 points a day.", ""),
        "expiry": ("Points do not end.", "Points end 12 months after the service."),
    }


@pytest.mark.parametrize("idle, en, zh", [
    ("months = 12", "12 months", "12 个月"), ("days = 90", "90 days", "90 天"),
])  # fmt: skip
def test_points_that_end_by_inactivity_are_told(idle: str, en: str, zh: str) -> None:
    definition, new = rulebook(HOURLY + f"[rulebooks.expiry]\nidle_{idle}\n")
    english, chinese = (expiry(new.expiry, phrases(definition, lang)) for lang in ("en", "zh"))
    assert english.startswith(f"points end {en} after the last service that earned points")
    assert chinese.startswith(f"积分自最近一次得到积分的服务之日起 {zh}内有效")


def test_the_order_of_accruals_is_a_difference() -> None:
    other = HOURLY.replace("hours", "others")
    was, old = rulebook(HOURLY + other)
    now, new = rulebook(other + HOURLY)
    found = differences(old, new, phrases(was, "en"), phrases(now, "en"))
    assert any(each.key.startswith("order:") for each in found)


@settings(max_examples=20, suppress_health_check=list(HealthCheck), deadline=None)
@given(programmes())
def test_no_change_goes_unsaid(definition: Definition) -> None:
    book = definition.rulebooks[0]
    say = phrases(definition, "en")
    assert differences(book, book, say, say) == ()
    changed = [
        attrs.evolve(book, notice_days=book.notice_days + 1),
        attrs.evolve(book, since=date(2019, 1, 1)),
        attrs.evolve(book, accruals=(attrs.evolve(book.accruals[0], clause="a new clause"), *book.accruals[1:])),
        attrs.evolve(book, time=attrs.evolve(book.time, round_to_minutes=book.time.round_to_minutes + 1)),
        attrs.evolve(book, redemption=attrs.evolve(book.redemption, hold_days=book.redemption.hold_days + 1)),
        attrs.evolve(book, assumptions=(*book.assumptions, "one more")),
    ]
    assert all(differences(book, other, say, say) for other in changed)
