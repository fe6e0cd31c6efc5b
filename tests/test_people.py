"""The people register: who is meant, what is shown, what is kept, and what is erased."""

import logging
import random
import re
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from pathlib import Path
from threading import Timer
from types import SimpleNamespace

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError

from volunteer_points.errors import Busy, InputError
from volunteer_points.people import (
    NotMatched,
    Particulars,
    PeopleError,
    Person,
    Register,
    mask,
    mask_phone,
    name_key,
    phone_key,
    random_code,
    random_person_id,
)
from volunteer_points.people.database import engine_at, shown_place

NAME = "欧阳娜娜"
PHONE = "13800138000"
NOTE = "住在三号楼"
NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "people.sqlite"


@pytest.fixture
def people(place: Path) -> Iterator[Register]:
    with Register.open(place) as register:
        yield register


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Engine]:
    """An application's own database, with a register in it and the settings that SQLAlchemy gives by default."""
    engine = create_engine(f"sqlite:///{tmp_path / 'host.sqlite'}")
    Register(engine, create=True)
    yield engine
    engine.dispose()


@contextmanager
def refused(code: str) -> Iterator[SimpleNamespace]:
    """What runs inside must be refused with this code, in a finished sentence that names nobody."""
    caught = SimpleNamespace(facts={}, sentence="")
    with pytest.raises(PeopleError) as info:
        yield caught
    caught.facts, caught.sentence = info.value.facts, str(info.value)
    assert isinstance(info.value, InputError)
    assert info.value.code == code
    assert not re.search(r"[{}]", caught.sentence)
    assert not any(secret in f"{caught.sentence}{caught.facts}" for secret in (NAME, PHONE, NOTE))


def bytes_on_disk(place: Path) -> bytes:
    return b"".join(path.read_bytes() for path in place.parent.glob(f"{place.name}*"))


def draws(*values: str) -> Callable[[], str]:
    return iter(values).__next__


# --- when two spellings are one ---

names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12).filter(name_key)
spaces = st.text(" \u3000\u00a0\t\u200b\ufeff", max_size=3)
digits = st.text("0123456789", max_size=14)


@given(st.text())
@example("e \u0301")  # the space between a letter and its accent
@example("\u0345\u0301")
def test_a_key_is_its_own_key(spelling: str) -> None:
    assert name_key(name_key(spelling)) == name_key(spelling)
    assert phone_key(phone_key(spelling)) == phone_key(spelling)


@given(names, st.data())
def test_spaces_and_dots_in_a_name_do_not_count(name: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(name)))
    between = data.draw(st.sampled_from([" ", "\u3000", "\u200b", "\u00b7", "\u2022", "\uff0e", "."]))
    assume(name_key(name[:at]) + name_key(name[at:]) == name_key(name))  # not between a letter and its accent
    assert name_key(name[:at] + between + name[at:]) == name_key(name)


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E)))
def test_case_and_width_do_not_count(name: str) -> None:
    assert name_key(name) == name_key(name.upper()) == name_key(name.lower()) == name_key(name.translate(FULL_WIDTH))


@given(names, names)
def test_names_that_differ_in_a_letter_have_different_keys(first: str, second: str) -> None:
    assert name_key(first + "甲" + second) != name_key(first + "乙" + second)


@given(digits, st.lists(st.sampled_from(" -()+\u3000转"), max_size=5), st.booleans())
def test_only_the_digits_of_a_telephone_number_count(number: str, signs: list[str], wide: bool) -> None:  # noqa: FBT001
    written = "".join(signs) + "-".join(number)
    assert phone_key(written.translate(FULL_WIDTH) if wide else written) == phone_key(number)
    assert phone_key(number) == number or number.startswith(("86", "0086"))


def test_the_country_code_counts_only_where_it_is_not_that_of_a_mobile_number() -> None:
    assert phone_key("+86 138 0013 8000") == phone_key("008613800138000") == PHONE
    assert phone_key("86138001380") == "86138001380"
    assert phone_key("862138001380000") == "862138001380000"


# --- what may be shown ---


@pytest.mark.parametrize(
    "name,shown",
    [
        ("张三", "张*"),
        ("张三丰", "张**"),
        ("欧阳娜娜", "欧阳**"),
        ("欧阳锋", "欧阳*"),
        ("欧阳", "欧*"),
        ("张", "*"),
        (" 张三 ", "张*"),
        ("买买提·吐尔逊", "买**·***"),
        ("Anna Berg", "A*** ****"),
        ("A.", "**"),
        ("", ""),
    ],
)
def test_a_masked_name_shows_the_surname(name: str, shown: str) -> None:
    assert mask(name) == shown


@given(names)
def test_a_mask_never_shows_the_whole_name_and_at_most_two_letters(name: str) -> None:
    assume("*" not in name)
    shown = mask(name)
    assert "*" in shown
    assert len(name_key(shown.replace("*", ""))) <= 2 * max(len(name_key(letter)) for letter in name)


@given(digits)
def test_a_masked_number_shows_at_most_seven_digits_and_hides_at_least_four(number: str) -> None:
    shown, kept = mask_phone(number), phone_key(number)
    assert len(shown) == len(kept)
    assert shown.count("*") >= min(4, len(kept))
    assert all(digit in ("*", known) for digit, known in zip(shown, kept, strict=True))


def test_a_masked_number_keeps_what_its_owner_recognises() -> None:
    assert [mask_phone(number) for number in (PHONE, "0477 762123", "7621234", "110", "无", "")] == [
        "138****8000",
        "********23",
        "*****34",
        "***",
        "",
        "",
    ]


def test_no_repr_shows_a_name_a_number_or_a_note(people: Register) -> None:
    person = people.add(NAME, PHONE, NOTE)
    for shown in (repr(person), repr(Particulars(name=NAME, phone=PHONE, note=NOTE)), person.masked, repr(people)):
        assert not any(secret in shown for secret in (NAME, PHONE, NOTE))
    assert person.masked == f"{person.id} 欧阳** 138****8000"


def test_a_place_is_shown_without_its_password() -> None:
    pytest.importorskip("psycopg")
    engine = create_engine("postgresql+psycopg://clerk:geheim@db/people?sslpassword=geheim")
    assert shown_place(engine) == "postgresql+psycopg://clerk:***@db/people"


# --- people ---


def test_what_is_registered_comes_back_after_the_file_is_opened_again(place: Path) -> None:
    with Register.open(place) as people:
        person = people.add(f" {NAME} ", PHONE, NOTE)
    with Register.open(str(place)) as people:
        assert people.get(person.id) == person == Person(id=person.id, name=NAME, phone=PHONE, note=NOTE)
    with Register.open(f"sqlite:///{place}") as people:
        assert list(people.all()) == [person]


written_people = st.lists(
    st.builds(
        Particulars,
        name=names,
        phone=st.text("0123456789-", max_size=5),
        note=st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=5),
    ),
    unique_by=lambda each: each.key,
    max_size=8,
)


@given(written_people)
def test_everybody_is_found_by_any_spelling_of_name_and_number(newcomers: list[Particulars]) -> None:
    with Register.open(":memory:") as people:
        registered = people.add_all(newcomers)
        assert sorted(people.all(), key=lambda each: each.id) == sorted(registered, key=lambda each: each.id)
        for person in registered:
            assert person in people.find(f"\u3000{person.name.casefold()}\t", "-".join(person.phone))
            assert people.name_of([person.id]) == {person.id: person.name}


few_names = st.sampled_from(["", "张伟", "李娜", "张\u3000伟"])
few_phones = st.sampled_from(["", "无", "139", "1-3-9", "137"])


@pytest.mark.slow
@given(st.lists(st.tuples(few_names.filter(bool), few_phones), max_size=6), few_names, few_phones)
def test_a_match_is_the_only_person_and_a_mismatch_says_why(
    registered: list[tuple[str, str]], name: str, phone: str
) -> None:
    with Register.open(":memory:") as people:
        everybody = people.add_all(
            [Particulars(name=each, phone=number) for each, number in registered], namesakes=True
        )
        named = {each.id for each in everybody if not name_key(name) or name_key(each.name) == name_key(name)}
        reached = {each.id for each in everybody if not phone_key(phone) or phone_key(each.phone) == phone_key(phone)}
        [matched] = people.match_all([(name, phone)])
    both = named & reached
    if isinstance(matched, Person):
        assert both == {matched.id}
        return
    expected = {
        "match_needs_name_or_phone": not name_key(name) and not phone_key(phone),
        "match_ambiguous": len(both) > 1,
        "match_phone_differs": not both and bool(name) and bool(named),
        "match_unknown": not both and not (name and named),
    }
    assert expected[matched.code]
    meant = {"match_ambiguous": both, "match_phone_differs": named}.get(matched.code, set())
    assert matched.facts["candidate_ids"] == tuple(sorted(meant))


def test_many_matches_are_those_that_single_questions_give(people: Register) -> None:
    people.add_all([Particulars(name=f"志愿者{number}", phone=str(number)) for number in range(1_100)])
    wanted = [(f"志愿者 {number}", "") if number % 2 else ("", str(number)) for number in range(1_105)]
    matched = people.match_all(wanted)
    assert [each.name for each in matched if isinstance(each, Person)] == [f"志愿者{number}" for number in range(1_100)]
    assert [each.code for each in matched if isinstance(each, NotMatched)] == ["match_unknown"] * 5
    assert people.match(*wanted[7]) == matched[7]


def test_namesakes_are_told_apart_by_number_and_shown_masked(people: Register) -> None:
    first, second = people.add(NAME, PHONE), people.add(NAME, "13900139000")
    assert people.match(NAME, PHONE) == first
    with refused("match_ambiguous") as ambiguous:
        people.match(NAME)
    assert set(ambiguous.facts["candidate_ids"]) == {first.id, second.id}
    assert "139****9000" in ambiguous.sentence
    with refused("match_phone_differs") as differs:
        people.match(NAME, "13700137000")
    assert first.id in differs.sentence


def test_a_long_list_of_candidates_is_cut_in_the_sentence_only(people: Register) -> None:
    people.add_all([Particulars(name=NAME, phone=str(number)) for number in range(12)])
    with refused("match_ambiguous") as ambiguous:
        people.match(NAME)
    assert len(ambiguous.facts["candidate_ids"]) == 12
    assert ambiguous.sentence.count("v-") == 10
    assert "; ..." in ambiguous.sentence


def test_somebody_must_be_looked_for_by_something(people: Register) -> None:
    for search in (people.find, people.match):
        with refused("match_needs_name_or_phone"):
            search(" ", "无")


def test_the_same_person_is_not_registered_twice_by_accident(people: Register) -> None:
    person = people.add(NAME, PHONE)
    with refused("person_already_known") as known:
        people.add("欧阳 娜娜", "138-0013-8000")
    assert known.facts["person_id"] == person.id
    with refused("person_twice") as twice:
        people.add_all([Particulars(name="甲"), Particulars(name="乙"), Particulars(name=" 甲 ")])
    assert (twice.facts["first_position"], twice.facts["position"]) == (1, 3)
    assert list(people.all()) == [person]
    namesake = people.add(NAME, PHONE, NOTE, namesake=True)
    assert people.find(NAME) == tuple(sorted([person, namesake], key=lambda each: each.id))


def test_of_many_newcomers_all_are_registered_or_none(people: Register) -> None:
    people.add("丙")
    with refused("person_already_known") as known:
        people.add_all([Particulars(name="甲"), Particulars(name="丙"), Particulars(name="乙")])
    assert known.facts["position"] == 2
    assert [each.name for each in people.all()] == ["丙"]
    assert people.add_all([]) == ()


def test_a_change_leaves_the_rest_as_it_was_and_is_found_under_the_new_name_only(people: Register) -> None:
    person = people.add(NAME, PHONE, NOTE)
    changed = people.update(person.id, name="欧阳丽")
    assert changed == Person(id=person.id, name="欧阳丽", phone=PHONE, note=NOTE) == people.get(person.id)
    assert people.find(NAME) == ()
    assert people.update(person.id, phone="", note="").phone == ""
    assert people.find("欧阳丽") == (people.get(person.id),)
    assert people.find(phone=PHONE + "0") == ()


def test_a_change_cannot_make_two_people_one(people: Register) -> None:
    person, other = people.add(NAME, PHONE), people.add("李娜", PHONE)
    with refused("person_already_known"):
        people.update(other.id, name=NAME)
    assert people.get(other.id) == other
    assert people.update(person.id, note="same name and number as before").name == NAME
    assert people.update(other.id, name=NAME, namesake=True).name == NAME


@pytest.mark.parametrize(
    "given_,code",
    [
        ({"name": " \u3000"}, "particulars_blank"),
        ({"name": "..."}, "particulars_blank"),
        ({"name": "张" * 101}, "particulars_too_long"),
        ({"name": "\ufdfa" * 20}, "particulars_too_long"),
        ({"name": "张\n三"}, "particulars_unreadable"),
        ({"name": "张\ud800"}, "particulars_unreadable"),
        ({"name": "张三", "phone": "1" * 41}, "particulars_too_long"),
        ({"name": "张三", "phone": "1\x00"}, "particulars_unreadable"),
        ({"name": "张三", "note": "x" * 1_001}, "particulars_too_long"),
        ({"name": "张三", "note": "\x1b[2J"}, "particulars_unreadable"),
    ],
)
def test_what_cannot_be_kept_is_refused_and_nothing_is_written(
    people: Register, given_: dict[str, str], code: str
) -> None:
    with refused(code):
        people.add_all([Particulars(**given_)])
    assert list(people.all()) == []


def test_a_note_may_have_lines(people: Register) -> None:
    assert people.add("张三", note="一\n二").note == "一\n二"


def test_an_unknown_id_is_named(people: Register) -> None:
    for ask in (people.get, people.forget, lambda each: people.update(each, name="张三")):
        with refused("person_unknown") as unknown:
            ask("v-nobody")
        assert unknown.facts == {"person_id": "v-nobody"}


def test_everybody_is_read_in_pages_in_order_of_id(people: Register) -> None:
    everybody = people.add_all([Particulars(name=f"志愿者{number}") for number in range(5)])
    for page_size in (1, 2, 5, 100):
        assert list(people.all(page_size=page_size)) == sorted(everybody, key=lambda each: each.id)


def test_many_names_are_fetched_at_once_and_unknown_ids_are_left_out(people: Register) -> None:
    everybody = people.add_all([Particulars(name=f"志愿者{number}") for number in range(1_100)])
    found = people.name_of([*(each.id for each in everybody), "v-nobody", everybody[0].id])
    assert found == {each.id: each.name for each in everybody}


# --- ids ---


def test_ids_and_codes_are_random_letters_that_are_not_taken_for_others() -> None:
    assert all(re.fullmatch("v-[0-9a-hjkmnp-tv-z]{10}", random_person_id()) for _ in range(100))
    assert all(re.fullmatch("[0-9a-hjkmnp-tv-z]{8}", random_code()) for _ in range(100))
    assert len({random_person_id() for _ in range(1_000)}) == 1_000
    assert set("".join(random_code() for _ in range(1_000))) == set("0123456789abcdefghjkmnpqrstvwxyz")


def test_an_id_that_is_in_use_is_drawn_again(place: Path) -> None:
    with Register.open(place, ids=draws("v-1", "v-1", "v-2", "v-3", "v-3", "v-3", "v-4")) as people:
        assert [people.add("甲").id, people.add("乙").id] == ["v-1", "v-2"]
        assert [each.id for each in people.add_all([Particulars(name="丙"), Particulars(name="丁")])] == ["v-3", "v-4"]


def test_ids_that_are_always_in_use_are_an_error_and_nothing_is_written(place: Path) -> None:
    with Register.open(place, ids=lambda: "v-1") as people:
        people.add("甲")
        with refused("draws_used"):
            people.add("乙")
        assert people.find("乙") == ()


# --- forgetting ---


def test_of_a_forgotten_person_only_the_id_is_left(people: Register) -> None:
    person, other = people.add(NAME, PHONE, NOTE), people.add("李娜", PHONE)
    people.forget(person.id)
    left = people.get(person.id)
    assert left == Person(id=person.id, name="", phone="", note="")
    assert left.forgotten
    assert left.masked == person.id
    assert not other.forgotten
    assert people.find(NAME) == ()
    assert people.find(phone=PHONE) == (other,)
    assert list(people.all()) == [other]
    assert people.name_of([person.id]) == {}
    with refused("person_forgotten"):
        people.update(person.id, name=NAME)


def test_a_forgotten_id_is_not_given_to_anybody_else(place: Path) -> None:
    with Register.open(place, ids=draws("v-1", "v-1", "v-2")) as people:
        people.forget(people.add("甲").id)
        assert people.add("甲").id == "v-2"


def test_forgetting_leaves_no_byte_of_the_person_in_the_file(place: Path) -> None:
    with Register.open(place) as people:
        person = people.add(NAME, PHONE, NOTE)
        earlier = people.update(person.id, name="欧阳曾用名")
        other = people.add("李娜", "13900139000")
        secrets = [word.encode() for word in (NAME, PHONE, NOTE, earlier.name)]
        assert all(secret in bytes_on_disk(place) for secret in (PHONE.encode(), NOTE.encode()))
        people.forget(person.id)
        assert [secret for secret in secrets if secret in bytes_on_disk(place)] == []
        assert other.name.encode() in bytes_on_disk(place)
        people.forget(person.id)


def test_forgetting_reaches_the_copies_that_a_database_leaves_behind(place: Path) -> None:
    # Rows that grow move to other pages, and the page they left keeps a copy that erasing the row does not reach.
    chance = random.Random(1)  # noqa: S311 - the same pages every time
    with Register.open(place, ids=lambda: f"{chance.random()}") as people:
        everybody = people.add_all([Particulars(name=f"x{chance.random()}") for _ in range(1_200)])
        with people.transaction() as together:
            for person in chance.choices(everybody, k=1_200):
                together.update(person.id, note="n" * chance.randrange(900))
        gone = chance.sample(everybody, 600)
        people.forget(*(person.id for person in gone))
        left = bytes_on_disk(place)
        assert [person.name for person in gone if person.name.encode() in left] == []
        assert sum(person.name.encode() in left for person in everybody) == 600


def test_nobody_is_forgotten_when_one_of_the_ids_is_unknown(people: Register) -> None:
    person = people.add(NAME)
    with refused("person_unknown"):
        people.forget(person.id, "v-nobody")
    assert people.get(person.id) == person


def test_while_another_program_reads_the_file_an_erasure_is_not_called_finished(place: Path) -> None:
    with Register.open(f"sqlite:///{place}?timeout=0.1") as people:
        person = people.add(NAME, PHONE)
        with closing(sqlite3.connect(place, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM people_person").fetchall()
            with refused("erasure_unfinished"):
                people.forget(person.id)
            assert people.get(person.id).forgotten
            assert PHONE.encode() in bytes_on_disk(place)
        people.scrub()
        assert PHONE.encode() not in bytes_on_disk(place)


# --- texts ---


def test_a_text_is_known_by_its_seal(people: Register) -> None:
    seal, again = people.note_text(" 迟到两小时\n见签到表 "), people.note_text("迟到两小时\n见签到表")
    assert seal != again
    assert re.fullmatch("[0-9a-f]{64}", seal)
    assert people.text_of(seal) == people.text_of(again) == "迟到两小时\n见签到表"
    assert people.text_of("0" * 64) is None
    assert people.verify_text(seal, "迟到两小时\n见签到表\n")
    assert not people.verify_text(seal, "迟到三小时\n见签到表")


def test_a_seal_is_the_hash_of_the_salt_and_the_text(people: Register, place: Path) -> None:
    seal = people.note_text("迟到")
    with closing(sqlite3.connect(place)) as database:
        [(salt,)] = database.execute("SELECT salt FROM people_text").fetchall()
    assert len(salt) == 32
    assert seal == sha256(bytes.fromhex(salt) + "迟到".encode()).hexdigest()


def test_a_text_that_was_changed_is_not_returned(people: Register, place: Path) -> None:
    seal = people.note_text("迟到")
    with closing(sqlite3.connect(place)) as database, database:
        database.execute("UPDATE people_text SET text = '早退'")
    with refused("text_altered"):
        people.text_of(seal)
    assert people.verify_text(seal, "迟到")


def test_a_forgotten_text_leaves_no_byte_and_cannot_be_verified(people: Register, place: Path) -> None:
    seal, other = people.note_text(NOTE), people.note_text("另一个")
    people.forget_texts(seal)
    assert NOTE.encode() not in bytes_on_disk(place)
    assert people.text_of(seal) is None
    assert people.text_of(other) == "另一个"
    with refused("text_unknown"):
        people.verify_text(seal, NOTE)
    people.forget_texts(seal)
    with refused("text_unknown"):
        people.forget_texts(other, "0" * 64)
    assert people.text_of(other) == "另一个"


def test_a_text_must_say_something(people: Register) -> None:
    with refused("particulars_blank"):
        people.note_text(" \n")
    with refused("particulars_too_long"):
        people.note_text("长" * 10_001)
    assert people.text_of(people.note_text("长" * 10_000)) == "长" * 10_000


# --- collection codes ---


def test_a_code_leads_to_its_redemption_until_it_is_issued_again(place: Path) -> None:
    with Register.open(place) as people:
        first, other = people.issue_code("r-1", NOON), people.issue_code("r-2", NOON)
        assert re.fullmatch("[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", first)
        second = people.issue_code("r-1", NOON)
    with Register.open(place) as people:
        assert people.redemption_for(second) == "r-1"
        assert people.redemption_for(other) == "r-2"
        with refused("code_replaced") as replaced:
            people.redemption_for(first)
        assert replaced.facts == {"redemption_id": "r-1"}


@given(st.text("0123456789abcdefghjkmnpqrstvwxyz", min_size=8, max_size=8), st.data())
def test_a_code_may_be_typed_as_people_type(code: str, data: st.DataObject) -> None:
    with Register.open(":memory:", codes=lambda: code) as people:
        printed = people.issue_code("r-1", NOON)
        likes = {"0": "0Oo\uff10\uff2f", "1": "1IiLl\uff11"}
        typed = ""
        for letter in printed.replace("-", ""):
            same = likes.get(letter, f"{letter}{letter.lower()}{letter.translate(FULL_WIDTH)}")
            typed += data.draw(st.sampled_from(same)) + data.draw(
                st.sampled_from(["", "", " ", "-", "\u2013", "\u3000"])
            )
        assert people.redemption_for(typed) == "r-1"


@pytest.mark.slow
@given(st.text("0123456789abcdefghjkmnpqrstvwxyz", min_size=8, max_size=8), st.integers(0, 7), st.data())
def test_a_code_with_another_letter_is_unknown(code: str, at: int, data: st.DataObject) -> None:
    other = data.draw(st.sampled_from(sorted(set("0123456789abcdefghjkmnpqrstvwxyz") - {code[at]})))
    with Register.open(":memory:", codes=lambda: code) as people:
        people.issue_code("r-1", NOON)
        with refused("code_unknown"):
            people.redemption_for(code[:at] + other + code[at + 1 :])


def test_letters_that_look_like_digits_are_read_as_digits(place: Path) -> None:
    with Register.open(place, codes=lambda: "01010111") as people:
        people.issue_code("r-1", NOON)
        assert people.redemption_for("oiOL-0lIi") == "r-1"


@pytest.mark.parametrize("code", ["", "7K3M-9QR", "7K3M-9QRTA", "7K3M-9QRU", "领取码", "7K3M-9QR\u00e9"])
def test_what_no_code_reads_like_is_not_looked_up(people: Register, code: str) -> None:
    with refused("code_malformed"):
        people.redemption_for(code)


def test_a_code_that_is_in_use_is_drawn_again(place: Path) -> None:
    with Register.open(place, codes=draws("aaaaaaaa", "AAAA-AAAA", "bbbbbbbb")) as people:
        assert [people.issue_code("r-1", NOON), people.issue_code("r-2", NOON)] == ["AAAA-AAAA", "BBBB-BBBB"]
        assert [people.redemption_for("aaaaaaaa"), people.redemption_for("bbbbbbbb")] == ["r-1", "r-2"]


def test_the_file_shows_no_code_and_no_hash_that_another_register_would_show(tmp_path: Path) -> None:
    digests = []
    for place in (tmp_path / "one.sqlite", tmp_path / "two.sqlite"):
        with Register.open(place, codes=lambda: "7k3m9qrt") as people:
            people.issue_code("r-1", NOON)
        with closing(sqlite3.connect(place)) as database:
            digests += database.execute("SELECT digest FROM people_code").fetchall()
        written = bytes_on_disk(place).lower()
        assert not any(shown in written for shown in (b"7k3m", sha256(b"7k3m9qrt").hexdigest().encode()))
    assert len(set(digests)) == 2


def test_codes_whose_time_is_over_can_be_withdrawn(people: Register) -> None:
    beijing = timezone(timedelta(hours=8))
    over = people.issue_code("r-1", datetime(2026, 3, 14, 20, tzinfo=beijing))
    later = people.issue_code("r-2", NOON + timedelta(microseconds=1))
    assert people.redemption_for(over) == "r-1"
    assert people.withdraw_codes(NOON - timedelta(microseconds=1)) == 0
    assert people.withdraw_codes(NOON) == 1
    with refused("code_unknown"):
        people.redemption_for(over)
    assert people.redemption_for(later) == "r-2"


def test_an_instant_without_a_zone_is_refused(people: Register) -> None:
    first = people.issue_code("r-1", NOON)
    naive = NOON.replace(tzinfo=None)
    with refused("time_naive"):
        people.issue_code("r-1", naive)
    with refused("time_naive"):
        people.withdraw_codes(naive)
    with refused("particulars_blank"):
        people.issue_code(" ", NOON)
    assert people.redemption_for(first) == "r-1"


# --- the file ---


def test_a_new_file_is_for_its_owner_only(place: Path) -> None:
    with Register.open(place) as people:
        people.add(NAME)
        files = sorted(place.parent.glob(f"{place.name}*"))
        assert len(files) == 3
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_the_file_is_set_to_survive_a_power_cut_and_to_keep_no_copies(people: Register, place: Path) -> None:
    people.add(NAME)
    engine = engine_at(place, create=False)
    with engine.connect() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "busy_timeout", "secure_delete", "temp_store")
        }
    engine.dispose()
    assert settings == {
        "journal_mode": "wal",
        "synchronous": 2,
        "busy_timeout": 30_000,
        "secure_delete": 1,
        "temp_store": 2,
    }


def test_another_database_is_refused_and_left_as_it_is(place: Path) -> None:
    with closing(sqlite3.connect(place)) as database, database:
        database.execute("CREATE TABLE account (id)")
    before = place.read_bytes()
    with refused("register_foreign") as foreign:
        Register.open(place)
    assert "account" in foreign.sentence
    assert str(place) in foreign.sentence
    assert place.read_bytes() == before


@pytest.mark.parametrize("content", [b"name,phone\n", bytes(range(256)) * 20])
def test_a_file_of_another_kind_is_refused_and_left_as_it_is(place: Path, content: bytes) -> None:
    place.write_bytes(content)
    with refused("register_foreign"):
        Register.open(place)
    assert place.read_bytes() == content


def test_a_place_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "no" / "people.sqlite"):
        with refused("register_unreadable") as unreadable:
            Register.open(place)
        assert str(place) in unreadable.sentence


@pytest.mark.parametrize(
    "url",
    [
        "nosuch://clerk:geheim@db/people",
        "://geheim",
        "postgresql://clerk:geheim@db:port/people",
        "postgresql+psycopg://clerk:geheim@127.0.0.1:1/people",
    ],
)
def test_a_url_that_leads_nowhere_is_refused_without_its_password(url: str) -> None:
    pytest.importorskip("psycopg")
    with refused("register_unreadable") as unreadable:
        Register.open(url)
    assert "geheim" not in unreadable.sentence


def test_without_create_a_missing_register_is_refused_and_no_file_appears(place: Path) -> None:
    with refused("register_missing"):
        Register.open(place, create=False)
    assert not place.exists()
    Register.open(place).close()
    Register.open(place, create=False).close()


def test_a_register_of_another_version_is_not_opened(place: Path) -> None:
    Register.open(place).close()
    with closing(sqlite3.connect(place)) as database, database:
        database.execute("UPDATE people_register SET version = 2")
    with refused("register_version") as version:
        Register.open(place)
    assert (version.facts["version"], version.facts["version_expected"]) == (2, 1)


# --- several at once ---

PROGRAM = """
import sys
from volunteer_points.people import Particulars, Register
place, who = sys.argv[1:]
with Register.open(place) as people:
    for number in range(20):
        people.add(f"{who}{number}")
    people.add_all([Particulars(name=f"{who}{number}") for number in range(20, 60)])
"""


def test_processes_that_open_one_new_file_at_once_lose_nobody(place: Path) -> None:
    writers = [subprocess.Popen([sys.executable, "-W", "error", "-c", PROGRAM, str(place), who]) for who in "甲乙丙丁"]
    assert [writer.wait() for writer in writers] == [0, 0, 0, 0]
    with Register.open(place) as people:
        assert {each.name for each in people.all()} == {f"{who}{number}" for who in "甲乙丙丁" for number in range(60)}


@pytest.mark.parametrize("whose", ["own", "host"])
def test_of_threads_that_add_the_same_person_one_succeeds(people: Register, host: Engine, whose: str) -> None:
    register = people if whose == "own" else Register(host)

    def add(name: str) -> str:
        try:
            return register.add(name, PHONE).id
        except PeopleError as error:
            return error.code

    names_tried = [f"志愿者{number // 8}" for number in range(80)]
    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(add, names_tried))
    assert sorted(each.name for each in register.all()) == sorted(set(names_tried))
    assert outcomes.count("person_already_known") == 70


def test_a_new_register_waits_until_another_program_has_written(place: Path) -> None:
    with closing(sqlite3.connect(place, isolation_level=None, check_same_thread=False)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("BEGIN IMMEDIATE")
        timer = Timer(0.3, other.rollback)
        timer.start()
        Register.open(place).close()
        timer.join()


def test_of_codes_that_are_issued_at_once_one_is_good(people: Register) -> None:
    with ThreadPoolExecutor(8) as threads:
        codes = list(threads.map(lambda _: people.issue_code("r-1", NOON), range(8)))
    good = 0
    for code in codes:
        try:
            good += people.redemption_for(code) == "r-1"
        except PeopleError as error:
            assert error.code == "code_replaced"  # noqa: PT017 - which of the eight it is does not matter
    assert good == 1


def test_when_another_program_keeps_writing_the_caller_may_try_again(place: Path) -> None:
    with Register.open(f"sqlite:///{place}?timeout=0.05") as people, closing(sqlite3.connect(place)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Busy) as busy:
            people.add(NAME)
        assert busy.value.code == "register_busy"
        assert NAME not in str(busy.value)
        other.rollback()
        assert people.add(NAME).name == NAME


@pytest.mark.parametrize("lock", ["IMMEDIATE", "EXCLUSIVE"])
def test_a_new_register_that_never_gets_its_turn_says_so(place: Path, lock: str) -> None:
    with closing(sqlite3.connect(place, isolation_level=None)) as other:
        other.execute(f"BEGIN {lock}")
        with pytest.raises(Busy) as busy:
            Register.open(f"sqlite:///{place}?timeout=0.05")
    assert busy.value.facts == {"place": str(place)}


def test_while_another_program_writes_the_file_cannot_be_scrubbed(place: Path) -> None:
    with Register.open(f"sqlite:///{place}?timeout=0.05") as people, closing(sqlite3.connect(place)) as other:
        other.execute("BEGIN IMMEDIATE")
        with refused("erasure_unfinished"):
            people.scrub()
        other.rollback()
        people.scrub()


def test_a_register_whose_creation_was_cut_short_is_completed(place: Path) -> None:
    Register.open(place).close()
    with closing(sqlite3.connect(place)) as database, database:
        database.execute("DELETE FROM people_register")
    with refused("register_missing"):
        Register.open(place, create=False)
    with Register.open(place) as people:
        assert people.add(NAME).name == NAME


# --- in a transaction of the host ---


def test_in_a_transaction_of_the_host_only_the_host_commits(host: Engine) -> None:
    with host.connect() as connection:
        people = Register(connection)
        person = people.add(NAME, PHONE)
        seal = people.note_text(NOTE)
        assert people.get(person.id) == person
        connection.rollback()
        assert people.find(NAME) == ()
        assert people.text_of(seal) is None
        kept = people.add(NAME, PHONE)
        connection.commit()
    assert list(Register(host).all()) == [kept]


def test_a_transaction_of_the_host_goes_on_after_a_refusal(host: Engine) -> None:
    with host.begin() as connection:
        people = Register(connection)
        first = people.add("甲")
        with refused("person_already_known"):
            people.add("甲")
        second = people.add("乙")
    assert set(Register(host).all()) == {first, second}


def test_in_a_transaction_of_the_host_the_file_is_scrubbed_after_its_commit(host: Engine) -> None:
    place = Path(host.url.database or "")
    person = Register(host).add(NAME, PHONE)
    with host.begin() as connection:
        people = Register(connection)
        people.forget(person.id)
        with refused("erasure_unfinished"):
            people.scrub()
    assert Register(host).get(person.id).forgotten
    Register(host).scrub()
    assert PHONE.encode() not in bytes_on_disk(place)


def test_a_host_keeps_the_register_beside_its_own_tables(host: Engine) -> None:
    with host.begin() as connection:
        connection.execute(text("CREATE TABLE account (id)"))
    with Register(host, create=True) as people:
        person = people.add(NAME)
    assert Register(host).get(person.id) == person


def test_closing_the_register_leaves_the_engine_of_the_host_open() -> None:
    engine = create_engine("sqlite://")  # it forgets everything when it is disposed of
    with Register(engine, create=True) as people:
        person = people.add(NAME)
    assert Register(engine).get(person.id) == person
    engine.dispose()


def test_a_database_without_a_register_is_refused(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'host.sqlite'}")
    with refused("register_missing"):
        Register(engine)
    engine.dispose()


def test_a_block_is_written_together_or_not_at_all(people: Register) -> None:
    with people.transaction() as together:
        person = together.add(NAME)
        seal = together.note_text(NOTE)
    assert (people.get(person.id), people.text_of(seal)) == (person, NOTE)
    with refused("person_unknown"), people.transaction() as together:
        together.add("李娜")
        together.get("v-nobody")
    assert list(people.all()) == [person]


# --- what errors and logs tell ---


def test_an_error_of_the_database_does_not_tell_whom_it_was_about(host: Engine) -> None:
    people = Register(host)
    with host.begin() as connection:
        connection.execute(text("DROP TABLE people_text"))
    with pytest.raises(OperationalError) as failed:
        people.note_text(NOTE)
    assert "people_text" in str(failed.value)
    assert NOTE not in str(failed.value)


def test_the_log_of_the_database_does_not_tell_who_was_added(place: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "sqlalchemy.engine"), Register.open(place) as people:
        people.add(NAME, PHONE, NOTE)
    assert "INSERT INTO people_person" in caplog.text
    assert not any(secret in caplog.text for secret in (NAME, PHONE, NOTE))
