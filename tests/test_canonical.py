"""One value, one run of bytes: exact numbers in, the same text out, and nothing that is not exact."""

from __future__ import annotations

import json
import time as clock
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from volunteer_points.canonical import (
    canonical_bytes,
    converter,
    digest,
    exact,
    instant_from,
    instant_text,
    microseconds,
    plain,
    text_of,
)
from volunteer_points.commands import Definition
from volunteer_points.errors import InputError
from volunteer_points.model import Calendar, Interval, Period, Price, Right
from volunteer_points.rules import Rulebook
from volunteer_points.testing import strategies


def code_of(value: object, kind: Any) -> str:  # noqa: ANN401 - a type as typing writes it
    with pytest.raises(InputError) as error:
        converter().structure(value, kind)
    return error.value.code


# --- exact numbers -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value, number", [
    (3, "3"), ("3", "3"), ("-3", "-3"), ("+3", "3"), ("10.2", "51/5"), ("1/3", "1/3"), (" 7/2 ", "7/2"),
    (Decimal("10.2"), "51/5"),
    (Decimal("1E+3"), "1000"), (Fraction(2, 6), "1/3"), (0, "0"), ("0.000000000000000001", "1/1000000000000000000"),
])  # fmt: skip
def test_exact_numbers_are_taken_as_they_are(value: object, number: str) -> None:
    assert exact(value) == Fraction(number)


@pytest.mark.parametrize("value", [
    1.0, True, None, "", "one", "1,5", "1/0", "1e3", "0x10", "1_000", "٣", "１", "--1", "1/-3", "1.5/2", ".5", "5.",
    Decimal("NaN"), Decimal("Infinity"), Decimal("1E+30"), Decimal("1E-31"), "9" * 31, b"1", [1],
])  # fmt: skip
def test_everything_else_is_not_exact(value: object) -> None:
    with pytest.raises(InputError) as error:
        exact(value)
    assert error.value.code == "not_exact"


@pytest.mark.parametrize("value", ["1e999999999", Decimal("1e999999999"), "1" * 10_000_000, Decimal("1e-999999999")])
def test_a_number_that_would_fill_the_memory_is_refused_at_once(value: object) -> None:
    """Found by reading: ten letters in a programme file kept the machine busy for ever."""
    begin = clock.monotonic()
    with pytest.raises(InputError):
        exact(value)
    assert clock.monotonic() - begin < 1


@given(st.fractions(max_denominator=10**20).filter(lambda value: abs(value) < 10**20))
def test_a_number_reads_back_from_its_text(value: Fraction) -> None:
    assert exact(str(value)) == value
    assert converter().structure(plain(value), Fraction) == value


@pytest.mark.parametrize("value", [Fraction(10**40), Fraction(-(10**40), 3), Fraction(1, 10**40 + 1)])
def test_a_number_that_came_of_calculating_reads_back_however_long_it_is(value: Fraction) -> None:
    """Nobody may write so many digits; but a price in cash times a quantity may have them, and it reads back."""
    with pytest.raises(InputError):
        exact(str(value))
    assert converter().structure(plain(value), Fraction) == value


# --- instants ----------------------------------------------------------------------------------------------------

INSTANTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.timezones())  # noqa: DTZ001


@given(INSTANTS)
def test_one_instant_has_one_spelling(instant: datetime) -> None:
    text = instant_text(instant)
    assert len(text) == len("2026-03-14T01:00:00.000000Z")
    assert text == instant_text(instant.astimezone(UTC)) == instant_text(instant_from(text))
    assert instant_from(text) == instant.astimezone(UTC)
    assert instant_from(text).tzinfo is UTC


@given(INSTANTS, INSTANTS)
def test_texts_and_microseconds_stand_in_the_order_of_time(one: datetime, other: datetime) -> None:
    earlier = one.astimezone(UTC) < other.astimezone(UTC)
    assert (instant_text(one) < instant_text(other)) is earlier
    assert (microseconds(one) < microseconds(other)) is earlier


@given(INSTANTS)
def test_microseconds_are_exact(instant: datetime) -> None:
    assert datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds(instant)) == instant.astimezone(UTC)


def test_the_hour_that_comes_twice_has_two_texts() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    texts = [instant_text(datetime(2026, 10, 25, 2, 30, tzinfo=berlin, fold=fold)) for fold in (0, 1)]
    assert texts == ["2026-10-25T00:30:00.000000Z", "2026-10-25T01:30:00.000000Z"]


def test_a_naive_time_and_a_time_outside_the_calendar_have_no_text() -> None:
    for instant, code in (
        (datetime(2026, 3, 14), "naive_datetime"),  # noqa: DTZ001
        (datetime.min.replace(tzinfo=timezone(timedelta(hours=1))), "not_an_instant"),
        (datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))), "not_an_instant"),
    ):
        with pytest.raises(InputError) as error:
            instant_text(instant)
        assert error.value.code == code


# --- plain forms -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value, kind, code", [
    (1.0, int, "not_exact"),
    (True, int, "not_exact"),
    ("1", int, "not_exact"),
    (None, int, "not_exact"),
    (1, str, "not_text"),
    (None, str, "not_text"),
    (1, bool, "not_a_truth_value"),
    ("true", bool, "not_a_truth_value"),
    ("2026-02-30", date, "not_a_day"),
    (20260314, date, "not_text"),
    (datetime(2026, 3, 14, tzinfo=UTC), date, "not_text"),
    ("2026-03-14T09:00:00", datetime, "naive_datetime"),
    ("14 March", datetime, "not_an_instant"),
    ("0001-01-01T00:00:00+08:00", datetime, "not_an_instant"),
    (datetime(2026, 3, 14), datetime, "naive_datetime"),  # noqa: DTZ001
    ("25:00", time, "not_a_time"),
    (5, time, "not_text"),
    (1.5, Fraction, "not_exact"),
    ("fly", Right, "not_one_of"),
    (1, Period, "not_text"),
])  # fmt: skip
def test_a_plain_form_that_does_not_fit_is_refused(value: object, kind: type, code: str) -> None:
    assert code_of(value, kind) == code


def test_a_misspelt_word_is_answered_with_the_right_one() -> None:
    with pytest.raises(InputError, match="Did you mean 'approve'"):
        converter().structure("aprove", Right)


def test_defaults_are_left_out_and_read_back() -> None:
    assert plain(Price(points=3)) == {"points": 3}
    assert plain(Price(points=3, since=date(2026, 3, 14))) == {"points": 3, "since": "2026-03-14"}
    assert converter().structure({"points": 3}, Price) == Price(points=3)
    with pytest.raises(Exception, match="extra"):
        converter().structure({"points": 3, "extra": 1}, Price)


@given(st.one_of(strategies.calendars(), strategies.rulebooks(), strategies.duties(), strategies.structures()))
def test_a_value_reads_back_from_its_plain_form(value: object) -> None:
    again = converter().structure(json.loads(text_of(plain(value))), type(value))
    assert again == value
    assert canonical_bytes(again) == canonical_bytes(value)
    assert digest(again) == digest(value)


@given(strategies.definitions(each_max=2, versions_max=2))
def test_a_definition_reads_back_from_its_plain_form(definition: Definition) -> None:
    assert converter().structure(json.loads(canonical_bytes(definition)), Definition) == definition


@given(strategies.rulebooks(), strategies.rulebooks())
def test_different_values_have_different_bytes(one: Rulebook, other: Rulebook) -> None:
    assert (canonical_bytes(one) == canonical_bytes(other)) is (one == other)


def test_bytes_are_utf8_with_sorted_keys_and_no_spaces() -> None:
    assert canonical_bytes({"b": "志愿", "a": [1, True, None]}) == '{"a":[1,true,null],"b":"志愿"}'.encode()


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=8)), ZoneInfo("Europe/Berlin")])
def test_the_bytes_of_an_interval_do_not_know_where_it_was_written(zone: Any) -> None:  # noqa: ANN401 - any zone
    begin = datetime(2026, 3, 14, 1, tzinfo=UTC)
    interval = Interval(begin=begin.astimezone(zone), end=(begin + timedelta(hours=1)).astimezone(zone))
    assert plain(interval) == {"begin": "2026-03-14T01:00:00.000000Z", "end": "2026-03-14T02:00:00.000000Z"}


def test_a_calendar_keeps_its_hour() -> None:
    calendar = Calendar(zone="Europe/Berlin", day_starts_at=time(5, 30))
    assert plain(calendar) == {"zone": "Europe/Berlin", "day_starts_at": "05:30"}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_json_cannot_hold_has_no_bytes(value: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical_bytes(value)


def test_half_a_character_has_no_bytes() -> None:
    """Found by reading: the error of the encoder got out as it was."""
    with pytest.raises(InputError) as error:
        canonical_bytes({"a": "\ud800"})
    assert error.value.code == "not_text"


def test_a_digest_is_sha256_in_hexadecimal() -> None:
    assert digest([]) == "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"
    assert attrs.asdict(Price(points=1)) == {"points": 1, "since": None, "cash": None}
