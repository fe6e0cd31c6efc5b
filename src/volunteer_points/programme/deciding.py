"""Orders in their turn: each is decided on the books as those before it leave them, and all are written together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from volunteer_points.books import Books, Lacks, Question, Tally
from volunteer_points.commands import Request
from volunteer_points.decisions import decide
from volunteer_points.errors import Refused
from volunteer_points.model import OwnRules
from volunteer_points.programme.orders import Outcome
from volunteer_points.storage import Session

Fetch = Callable[[tuple[Question[Any], ...]], Mapping[Question[Any], Any]]


def write_all(
    session: Session, requests: list[Request], own_rules: OwnRules, *, keep_going: bool, pause: Callable[[], None]
) -> tuple[Outcome, ...]:
    """Decide about all requests, and only then write, so that every answer is from before this session's writing."""

    def fetch(questions: tuple[Question[Any], ...]) -> Mapping[Question[Any], Any]:
        session.take(
            [question.subject for question in questions if not question.shared],
            [question.subject for question in questions if question.shared],
        )
        return session.ask(questions)

    outcomes = decided_in_turn(requests, fetch, own_rules, keep_going=keep_going, pause=pause)
    for outcome in outcomes:
        if outcome.entries and not outcome.replayed:
            session.append(outcome.entries)
            pause()
    return outcomes


def decided_in_turn(
    requests: list[Request], fetch: Fetch, own_rules: OwnRules, *, keep_going: bool, pause: Callable[[], None]
) -> tuple[Outcome, ...]:
    """What becomes of each request when those before it are written."""
    answers: dict[Question[Any], Any] = {}
    since, outcomes = None, list[Outcome]()
    if len(requests) > 1:
        since = Tally()
        answers.update(fetch(_first_questions(requests, pause)))
    for place, request in enumerate(requests, start=1):
        pause()
        try:
            decision = decide(_OpenBooks(answers, since, fetch), request, own_rules)
        except Refused as refusal:
            refusal.facts["order"] = place
            if not keep_going:
                raise
            outcomes.append(Outcome(key=request.key, refusal=refusal))
            continue
        if since is not None and not decision.replayed:
            since.absorb(decision.entries)
        outcomes.append(Outcome(key=request.key, entries=decision.entries, replayed=decision.replayed))
    return tuple(outcomes)


def _first_questions(requests: Iterable[Request], pause: Callable[[], None]) -> tuple[Question[Any], ...]:
    """What the requests of a batch ask before anything is known: one fetch for all of them."""
    questions: dict[Question[Any], None] = {}
    for request in requests:
        pause()
        try:
            decide(Books({}), request)
        except Lacks as lacks:
            questions.update(dict.fromkeys(lacks.questions))
    return tuple(questions)


class _OpenBooks(Books):
    """Books in which what is missing is looked up at once, so that a decision need not begin anew."""

    def __init__(self, answers: dict[Question[Any], Any], since: Tally | None, fetch: Fetch) -> None:
        super().__init__(answers, since)
        self._known = answers
        self._fetch = fetch

    def need(self, *questions: Question[Any]) -> None:
        """Fetch all that has not been fetched."""
        missing = tuple(question for question in questions if question not in self._known)
        if missing:
            self._known.update(self._fetch(missing))
