"""What is drawn at random: ids of people and collection codes."""

import secrets
from collections.abc import Callable, Sequence
from typing import Final

from volunteer_points.people.errors import PeopleError
from volunteer_points.people.particulars import plain

_LETTERS: Final = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o or u, which are taken for others
_CONFUSIONS: Final = str.maketrans("oil", "011", "-_\u2010\u2011\u2012\u2013\u2014\u2015\u2212")
_ID_CHARACTERS: Final = 10
_CODE_CHARACTERS: Final = 8
_ROUNDS: Final = 8


def random_person_id() -> str:
    """`v-` and 50 random bits: it says nothing about the person, nor about when it was drawn."""
    return f"v-{_random_letters(_ID_CHARACTERS)}"


def random_code() -> str:
    """A collection code as it is compared: 40 random bits as 8 small letters and digits."""
    return _random_letters(_CODE_CHARACTERS)


def code_key(code: str) -> str:
    """A collection code as it is compared: without spaces and dashes, o read as 0, and i and l as 1.

    >>> code_key("7k3m 9qro")
    '7k3m9qr0'

    Raises:
        PeopleError: `code_malformed`, when no code reads like this.
    """
    key = plain(code).translate(_CONFUSIONS)
    if len(key) != _CODE_CHARACTERS or not frozenset(key) <= frozenset(_LETTERS):
        raise PeopleError("code_malformed", characters=_CODE_CHARACTERS)
    return key


def printed_code(key: str) -> str:
    """A collection code as it is read and typed: `XXXX-XXXX`."""
    half = _CODE_CHARACTERS // 2
    return f"{key[:half]}-{key[half:]}".upper()


def fresh(draw: Callable[[], str], count: int, used: Callable[[Sequence[str]], set[str]]) -> list[str]:
    """As many different draws as asked for, none of them in use; what is in use is drawn again.

    Raises:
        PeopleError: `draws_used`, when drawing again does not help.
    """
    found: dict[str, None] = {}
    for _ in range(_ROUNDS):
        drawn = [draw() for _ in range(count - len(found))]
        taken = used(drawn)
        found.update(dict.fromkeys(value for value in drawn if value not in taken))
        if len(found) == count:
            return list(found)
    raise PeopleError("draws_used", rounds=_ROUNDS)


def _random_letters(count: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(count))
