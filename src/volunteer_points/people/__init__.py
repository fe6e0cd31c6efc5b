"""The people register: who is behind an id.

It is kept beside the ledger, in a file of its own by default, so that no name, telephone number or free text ever
enters an entry. The ledger knows a person by a random id, a text by its seal, and a collection code not at all; here
each of them can be looked up, and erased, without touching the ledger.

    >>> with Register.open(":memory:", ids=iter(["v-one", "v-two"]).__next__) as people:
    ...     people.add("欧阳娜娜", phone="138 0013 8000").id
    ...     people.match("欧阳 娜娜", "+86 138-0013-8000").id
    ...     people.find("欧阳娜娜")
    'v-one'
    'v-one'
    (Person(id='v-one', name=欧阳**, phone=138****8000),)
"""

from volunteer_points.people.draws import random_code, random_person_id
from volunteer_points.people.errors import NotMatched, PeopleError
from volunteer_points.people.particulars import Particulars, Person, mask, mask_phone, name_key, phone_key
from volunteer_points.people.register import Register

__all__ = [
    "NotMatched",
    "Particulars",
    "PeopleError",
    "Person",
    "Register",
    "mask",
    "mask_phone",
    "name_key",
    "phone_key",
    "random_code",
    "random_person_id",
]
