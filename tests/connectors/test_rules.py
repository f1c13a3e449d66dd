"""What is done next: nothing is given twice, whatever is lost on the way, and what can be given is given."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from waypost.connectors.rules import (
    SETTLED,
    Entry,
    Move,
    Want,
    drifted,
    earner_of,
    explicit,
    moved,
    names_in,
    never_sent,
    next_move,
    ours,
    place_of,
    problem_of,
    settings_from,
    split_name,
    wanted,
)
from waypost.outbox.connecting import LIVE, Invalid, Issued, IssueState

NOW = datetime(2027, 1, 4, 9, tzinfo=UTC)
OUTCOMES = ("answered", "lost", "never came", "arrives later", "refused for now", "killed before", "killed after")


@dataclass
class Platform:
    """A platform that does what it is sent, at once or later; where it has no duplicates it refuses a second."""

    duplicates: bool
    given: list[str] = field(default_factory=list)
    under_way: list[tuple[datetime, str]] = field(default_factory=list)

    def take(self, id: str) -> bool:
        if self.given and not self.duplicates:
            return False
        self.given.append(id)
        return True

    def tick(self, now: datetime) -> None:
        for at, id in [each for each in self.under_way if each[0] <= now]:
            self.under_way.remove((at, id))
            self.take(id)


@dataclass
class Worker:
    """One award's entry, and what workers make of it, as `stepping` does."""

    platform: Platform
    entry: Entry = field(default_factory=lambda: Entry("due"))
    now: datetime = NOW

    def run(self, want: Want, outcome: str, delay: timedelta) -> None:
        searched = False
        for _ in range(6):
            self.platform.tick(self.now)
            facts = {"duplicates": self.platform.duplicates, "searched": searched}
            move = next_move(want, self.entry, self.now, **facts)
            if move is Move.SEARCH:
                searched = not self._found()
                continue
            if move is Move.SEND:
                self._send(outcome, delay)
            elif move is Move.DOUBT:
                self.entry = replace(self.entry, state="doubtful")
            elif move is Move.WITHDRAW:
                self.entry = replace(self.entry, state="withdrawn")
            return
        raise AssertionError("it does not come to an end")

    def _found(self) -> bool:
        if self.platform.given:
            self.entry = replace(self.entry, state="pending", external_id=self.platform.given[0])
        return bool(self.platform.given)

    def _send(self, outcome: str, delay: timedelta) -> None:
        self.entry = Entry("sending", None, self.entry.attempts + 1, self.now)
        id = f"badge {self.entry.attempts}"
        if outcome == "arrives later":
            self.platform.under_way.append((self.now + delay, id))
        elif outcome == "refused for now":
            self.entry = replace(self.entry, state="due")
        elif outcome in {"answered", "lost", "killed after"} and not self.platform.take(id):
            # 422: it has it already, perhaps from an attempt of ours that came in meanwhile.
            self._found()
        elif outcome == "answered":
            self.entry = replace(self.entry, state="pending", external_id=id)


attempts = st.lists(
    st.tuples(st.sampled_from(OUTCOMES), st.integers(0, 59), st.integers(0, 180), st.sampled_from(list(Want))),
    max_size=12,
)


@given(attempts, st.booleans())
def test_nothing_is_given_twice_and_in_the_end_everything(
    story: list[tuple[str, int, int, Want]], duplicates: bool
) -> None:
    """Whatever is lost, late or killed; requests arrive within the hour after they were sent, or never."""
    worker = Worker(Platform(duplicates))
    for outcome, delay, wait, want in story:
        worker.run(want, outcome, timedelta(minutes=delay))
        worker.now += timedelta(minutes=wait)
        assert len(worker.platform.given) <= 1
    worker.now += SETTLED
    for _ in range(2):
        worker.run(Want.THERE, "answered", timedelta())
    assert len(worker.platform.given) == 1
    assert (worker.entry.state, worker.entry.external_id) == ("pending", worker.platform.given[0])


@given(st.sampled_from(list(Want)), st.booleans(), st.booleans(), st.integers(0, 9), st.integers(0, 7200))
def test_what_may_be_there_is_looked_for_before_anything_else(
    want: Want, duplicates: bool, idempotent: bool, attempts: int, seconds: int
) -> None:
    begun = NOW - timedelta(seconds=seconds) if attempts else None
    for state in ("due", "sending", "doubtful", "withdrawn"):
        entry = Entry(state, None, attempts, begun)
        move = next_move(want, entry, NOW, duplicates=duplicates, idempotent=idempotent)
        assert (move is Move.SEARCH) == bool(attempts)


def test_what_has_been_given_is_revoked_only_where_it_stands() -> None:
    for state in IssueState:
        entry = Entry(str(state), "id", 1, NOW)
        facts = {"duplicates": True, "idempotent": False}
        assert next_move(Want.THERE, entry, NOW, **facts) is Move.NOTHING
        assert next_move(Want.LEFT, entry, NOW, **facts) is Move.NOTHING
        assert (next_move(Want.GONE, entry, NOW, **facts) is Move.REVOKE) == (state in LIVE)


def test_nothing_is_wanted_without_consent() -> None:
    for award in ("offered", "accepted", "declined", "expired", "replaced", "revoked"):
        for consents in (False, True):
            for linked in (False, True):
                want = wanted(award, consents=consents, linked=linked)
                assert (want is Want.THERE) == (award == "accepted" and consents and linked)
                assert (want is Want.GONE) == (award == "revoked")


def test_who_is_never_sent() -> None:
    assert never_sent("person", None, "a@example.org", 2027) is None
    assert never_sent("person", 2000, "a@example.org", 2027) is None
    assert never_sent("person", 2018, "a@example.org", 2027)
    assert never_sent("person", None, None, 2027)
    assert never_sent("organisation", None, "a@example.org", 2027)


def issued(id: str, reference: str | None, state: IssueState = IssueState.PENDING) -> Issued:
    return Issued(id, "t", state, "waypost:1", reference)


def test_ours_is_what_bears_our_reference_or_what_nobody_else_has() -> None:
    mine, other, bare = issued("1", "me"), issued("2", "somebody"), issued("3", None)
    assert ours([other, bare, mine], "me", ()) == mine
    assert ours([other, bare], "me", ()) == bare
    assert ours([other], "me", ()) is None
    assert ours([bare, mine], "me", {"1", "3"}) is None
    assert ours([issued("4", None, IssueState.REVOKED)], "me", ()) is None, "that was somebody's, long ago"
    revoked = issued("5", "me", IssueState.REVOKED)
    assert ours([revoked], "me", ()) == revoked


@given(st.text())
def test_every_name_has_two_parts(name: str) -> None:
    first, last = split_name(name)
    assert first
    assert last
    if len(name.split()) > 1:
        assert f"{first} {last}".split() == name.split()


@given(st.text(min_size=3), st.emails(), st.lists(st.text()))
def test_a_refusal_names_nobody(name: str, address: str, words: list[str]) -> None:
    said = [f"{address} has it", name, *words]
    text = problem_of(Invalid(f"No: {address}", {"email": said}), names_in(name, address))
    assert address not in text
    assert len(text) <= 500


def test_a_refusal_that_writes_names_in_another_case_names_nobody_either() -> None:
    said = Invalid("No.", {"email": ["ada.love@example.org has it"], "name": ["LOVE, Ada"]})
    text = problem_of(said, names_in("Ada Love", "Ada.Love@Example.org"))
    assert text == "No. (email: … has it; name: …, …)"


def test_drift_is_what_nobody_here_and_no_earner_did() -> None:
    assert drifted("pending", issued("1", None, IssueState.ACCEPTED)) is None
    assert drifted("accepted", issued("1", None, IssueState.ACCEPTED)) is None
    assert drifted("missing", None) is None
    found = drifted("accepted", issued("1", None, IssueState.REVOKED))
    assert found is not None
    assert found.kind == "other-state"
    gone = drifted("accepted", None)
    assert gone is not None
    assert gone.kind == "missing-there"


def test_earners_are_told_apart_by_tenant_and_account() -> None:
    from uuid import UUID

    ids = [UUID(int=number) for number in range(1, 4)]
    found = {earner_of(tenant, account, person) for tenant in ids for account in ids for person in ids}
    assert len(found) == 27


def test_settings_are_read_by_their_types() -> None:
    schema = {"properties": {"on": {"type": "boolean"}, "most": {"type": "integer"}, "name": {"type": "string"}}}
    pairs = [("on", "true"), ("most", "12"), ("name", "12"), ("other", "x")]
    assert settings_from(pairs, schema) == {"on": True, "most": 12, "name": "12", "other": "x"}
    assert settings_from([("on", "perhaps"), ("most", "many")], schema) == {"on": "perhaps", "most": "many"}


def test_where_an_account_is_all_settings_say_but_secrets_and_what_is_marked() -> None:
    text = {"type": "string"}
    properties = {"club": text, "key": {**text, "format": "secret"}, "letters": {"type": "boolean", "place": False}}
    schema = {"properties": properties | {"test": {"type": "boolean", "default": False}, "odd": True}}
    said = {"club": "7", "key": "a", "letters": True, "odd": 1, "unknown": 2}
    place = {"club": "7", "test": False, "odd": 1, "unknown": 2}
    assert place_of(said, schema) == place
    assert place_of({**said, "key": "b", "letters": False, "test": False}, schema) == place
    assert moved(place, {**place, "test": True, "club": "8"}) == ["club", "test"]
    assert moved(place, {"club": "7", "test": False, "odd": 1}) == ["unknown"], "also what is gone"
    kept = explicit({"club": "7"}, schema)
    assert kept == {"club": "7", "test": False}
    later = {"properties": {**schema["properties"], "test": {"type": "boolean", "default": True}}}
    assert moved(place_of(kept, schema), place_of(kept, later)) == [], "a later release changes a default"
