"""What the people register says when it cannot do what it was asked."""

from typing import Final

from volunteer_points.errors import InputError


class PeopleError(InputError):
    """Something asked of the register cannot be done, and why.

    Names and telephone numbers are masked in its facts and in its sentence, and collection codes are left out, so that
    it may be shown and logged.
    """

    def __str__(self) -> str:
        return SENTENCES[self.code].format_map(self.facts)


class NotMatched(PeopleError):
    """A name and a telephone number do not say which person is meant.

    Its code is `match_unknown`, `match_ambiguous`, `match_phone_differs` or `match_needs_name_or_phone`. The fact
    `candidate_ids` names the people who might be meant, `candidates` shows the first of them, masked.
    """


SENTENCES: Final = {
    # what is known of a person
    "particulars_blank": "the {field} is blank; write it, or leave the person out",
    "particulars_too_long": "the {field} has {characters} characters and at most {characters_max} are kept; shorten it",
    "particulars_unreadable": "the {field} contains the character {character}, which cannot be kept; remove it",
    "person_unknown": "nobody is registered as {person_id}; check the id",
    "person_forgotten": "what was known of {person_id} was erased and cannot be changed; add the person again",
    "person_already_known": "number {position}, {shown}, is registered already as {person_id}; "
    "use that id, or say that this is a namesake",
    "person_twice": "number {position}, {shown}, is the same as number {first_position}; "
    "leave one out, or say that these are namesakes",
    # who is meant
    "match_needs_name_or_phone": "neither a name nor a telephone number was given; give one of them",
    "match_unknown": "nobody registered matches {shown}; correct the name or the number, or add the person",
    "match_ambiguous": "{count} people match {shown}: {candidates}; give name and telephone number, or the id",
    "match_phone_differs": "{shown} is not registered with this telephone number, but as {candidates}; "
    "correct the number here or in the register",
    # texts
    "text_unknown": "no text is kept for the seal {seal}; it was never noted here, or it was erased",
    "text_altered": "the text kept for the seal {seal} is not the one that was sealed; "
    "restore the register from a copy",
    # collection codes
    "code_malformed": "a collection code has {characters} letters and digits, such as 7K3M-9QRT; read it again",
    "code_unknown": "no redemption has this collection code; read it again, or issue a new one",
    "code_replaced": "this collection code of {redemption_id} was replaced by a newer one; ask for the newer one",
    "time_naive": "{field} is {value}, which names no time zone; bring an aware datetime",
    # the register itself
    "draws_used": "what was drawn {rounds} times in a row was in use already; check where ids and codes are drawn from",
    "register_missing": "there is no people register at {place}; check the place, or open it with create=True",
    "register_foreign": "{place} is not a people register ({found}); give the register a place of its own",
    "register_unreadable": "the people register at {place} cannot be opened: {reason}; "
    "check the place and its permissions",
    "register_version": "the people register at {place} is of version {version}, and this program reads "
    "{version_expected}; use the program that wrote it",
    "erasure_unfinished": "it is erased from the register, but not yet from the file, which another program is using "
    "({reason}); call scrub() when that program is done",
}
