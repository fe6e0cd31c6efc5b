"""What is known of a person: how it is kept, when two spellings are the same, and how much of it may be shown."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

import attrs

from volunteer_points.people.errors import NotMatched, PeopleError

NAME_CHARACTERS: Final = 100
PHONE_CHARACTERS: Final = 40
NOTE_CHARACTERS: Final = 1_000
KEY_CHARACTERS: Final = 200

_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"})
# Between the parts of Mongolian, Uyghur and foreign names every keyboard has a dot of its own.
_DOTS: Final = frozenset(".\u00b7\u2022\u2027\u2219\u22c5\u30fb")
_MAINLAND_MOBILE: Final = re.compile(r"(?:00)?86(1[0-9]{10})")
_SURNAMES: Final = (
    "欧阳上官皇甫令狐诸葛司徒司马申屠夏侯贺兰完颜慕容尉迟长孙宇文公孙端木东方南宫西门闻人澹台淳于"
    "濮阳钟离鲜于呼延轩辕赫连独孤拓跋万俟司空纳兰东郭百里仲孙公冶太史单于宗政歐陽諸葛司馬尉遲長孫公孫東方鍾離"
)
_TWO_CHARACTER_SURNAMES: Final = frozenset(_SURNAMES[start : start + 2] for start in range(0, len(_SURNAMES), 2))


# --- what makes two spellings one ---


def plain(text: str) -> str:
    """The text without what people type differently and mean alike.

    Full-width letters become half-width and capitals small; spaces, invisible characters and the dots between the
    parts of a name are left out. What is plain already stays as it is.
    """
    result, spelling = _folded(text), text
    while result != spelling:
        result, spelling = _folded(result), result
    return result


def _folded(text: str) -> str:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return "".join(char for char in folded if char not in _DOTS and unicodedata.category(char) not in _INVISIBLE)


def name_key(name: str) -> str:
    """What all spellings of one name have in common.

    >>> name_key("买买提 · Ali") == name_key("买买提.ALI")
    True
    """
    return plain(name)


def phone_key(phone: str) -> str:
    """The digits of a telephone number, without the country code of a mobile number in mainland China.

    >>> phone_key("+86 138-0013-8000") == phone_key("138 00 13 80 00")
    True
    """
    digits = "".join(str(unicodedata.decimal(char)) for char in plain(phone) if char.isdecimal())
    mobile = _MAINLAND_MOBILE.fullmatch(digits)
    return mobile[1] if mobile else digits


# --- what may be shown ---


def mask(name: str) -> str:
    """A name for a public notice: the surname, or the first letter, and a star for each letter after it.

    A name of one letter becomes a star, so that a mask never shows the whole name.

        >>> mask("张三"), mask("欧阳娜娜"), mask("Anna Berg")
        ('张*', '欧阳**', 'A*** ****')
    """
    letters = unicodedata.normalize("NFC", name.strip())
    shown = 2 if letters[:2] in _TWO_CHARACTER_SURNAMES and letters[2:] else 1
    masked = letters[:shown] + "".join(char if char.isspace() or char in _DOTS else "*" for char in letters[shown:])
    return masked if "*" in masked else "*" * len(letters)


def mask_phone(phone: str) -> str:
    """A telephone number that its owner recognises: of 11 digits the first 3 and the last 4, of 7 the last 2.

    >>> mask_phone("138 0013 8000"), mask_phone("762 1234"), mask_phone("110")
    ('138****8000', '*****34', '***')
    """
    digits = phone_key(phone)
    match len(digits):
        case count if count >= 11:  # noqa: PLR2004 - the sizes are those of the docstring
            return f"{digits[:3]}{'*' * (count - 7)}{digits[-4:]}"
        case count if count >= 7:  # noqa: PLR2004
            return f"{'*' * (count - 2)}{digits[-2:]}"
        case count:
            return "*" * count


def shown(name: str, phone: str) -> str:
    """A name and a telephone number as they may be shown to somebody who has to choose between people."""
    return f"{mask(name)} {mask_phone(phone)}".strip()


# --- what is kept ---


def checked(text: str, field: str, characters_max: int, *, lines: bool = False) -> str:
    """The text without surrounding space, when it can be kept in any database.

    Args:
        text: what somebody typed.
        field: what it is, for the error.
        characters_max: how many characters are kept at most.
        lines: whether it may have several lines.

    Raises:
        PeopleError: `particulars_too_long`, or `particulars_unreadable` for a control character or half a character.
    """
    stripped = text.strip()
    if len(stripped) > characters_max:
        raise PeopleError("particulars_too_long", field=field, characters=len(stripped), characters_max=characters_max)
    for char in stripped:
        if unicodedata.category(char) in {"Cc", "Cs"} and not (lines and char in "\n\r\t"):
            raise PeopleError("particulars_unreadable", field=field, character=f"U+{ord(char):04X}")
    return stripped


def checked_once(text: str, field: str, characters_max: int, *, lines: bool = False) -> str:
    """The same for a text that must be there.

    Raises:
        PeopleError: as `checked`, and `particulars_blank`.
    """
    if not plain(stripped := checked(text, field, characters_max, lines=lines)):
        raise PeopleError("particulars_blank", field=field)
    return stripped


def _checked_name(name: str) -> str:
    return checked_once(name, "name", NAME_CHARACTERS)


def _checked_phone(phone: str) -> str:
    return checked(phone, "telephone number", PHONE_CHARACTERS)


def _checked_note(note: str) -> str:
    return checked(note, "note", NOTE_CHARACTERS, lines=True)


@attrs.frozen(kw_only=True)
class Particulars:
    """A name, a telephone number and a note, as they are about to be registered; surrounding space is dropped.

    Args:
        name: what the person is called; 1 to 100 characters.
        phone: as it was written, at most 40 characters; may be blank, or say that there is none.
        note: what tells this person from a namesake, at most 1,000 characters; never searched.

    Raises:
        PeopleError: `particulars_blank`, `particulars_too_long` or `particulars_unreadable`, with the field.
    """

    name: str = attrs.field(converter=_checked_name, repr=mask)
    phone: str = attrs.field(default="", converter=_checked_phone, repr=mask_phone)
    note: str = attrs.field(default="", converter=_checked_note, repr=False)
    key: tuple[str, str] = attrs.field(init=False, repr=False, eq=False)

    @key.default
    def _both_keys(self) -> tuple[str, str]:
        """By which two people are told apart: the keys of name and telephone number."""
        name = checked(name_key(self.name), "name", KEY_CHARACTERS)
        phone = checked(phone_key(self.phone), "telephone number", KEY_CHARACTERS)
        return name, phone


@attrs.frozen(kw_only=True)
class Person:
    """Who is behind an id. Of a person who was forgotten only the id is left, and the other fields are blank.

    Its `repr` is masked; the fields are not.
    """

    id: str
    name: str = attrs.field(repr=mask)
    phone: str = attrs.field(repr=mask_phone)
    note: str = attrs.field(repr=False)

    @property
    def forgotten(self) -> bool:
        """Whether name, telephone number and note were erased."""
        return not self.name

    @property
    def masked(self) -> str:
        """Id, name and telephone number as they may be shown to somebody who has to choose."""
        return f"{self.id} {shown(self.name, self.phone)}".strip()


# --- who is meant ---

_CANDIDATES_SHOWN: Final = 10


@attrs.frozen(repr=False)
class Wanted:
    """Somebody who is looked for by name, by telephone number, or by both; what is blank does not narrow the search."""

    name: str
    phone: str
    name_key: str = attrs.field(init=False)
    phone_key: str = attrs.field(init=False)

    @name_key.default
    def _name_key(self) -> str:
        return name_key(self.name)

    @phone_key.default
    def _phone_key(self) -> str:
        return phone_key(self.phone)

    @property
    def blank(self) -> bool:
        """Whether nothing narrows the search."""
        return not (self.name_key or self.phone_key)

    def narrowed(self, candidates: Iterable[Person]) -> tuple[Person, ...]:
        """Those with the telephone number, among people with the name."""
        return tuple(person for person in candidates if not self.phone_key or phone_key(person.phone) == self.phone_key)

    def decided(self, candidates: Sequence[Person]) -> Person | NotMatched:
        """The one who is meant among people with the name, or why that cannot be said."""
        match self.narrowed(candidates):
            case _ if self.blank:
                return self._not_matched("match_needs_name_or_phone", ())
            case [person]:
                return person
            case [] if candidates:
                return self._not_matched("match_phone_differs", candidates)
            case [] as nobody:
                return self._not_matched("match_unknown", nobody)
            case several:
                return self._not_matched("match_ambiguous", several)

    def _not_matched(self, code: str, candidates: Sequence[Person]) -> NotMatched:
        masked = [person.masked for person in candidates[:_CANDIDATES_SHOWN]]
        more = ["..."] if len(candidates) > _CANDIDATES_SHOWN else []
        return NotMatched(
            code,
            shown=shown(self.name, self.phone),
            count=len(candidates),
            candidate_ids=tuple(person.id for person in candidates),
            candidates="; ".join(masked + more),
        )
