"""The race for the gate: several engines, campaigns and contacts, one person. Whoever judges what when,
nobody is called by two at once, nor more often than the limit allows."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

import gevent
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.compliance.gate import Gate
from engine.domain.campaign import Campaign, Mode
from engine.domain.contact import Contact, PersonHistory, Scheduled, Touch, TouchPhase
from engine.domain.gate import Allowed
from engine.ports import ContactStore, Lease
from engine.store.memory import MemoryStore
from engine.store.redis_store import RedisStore
from tests.contracts.store.servers import Server
from tests.contracts.store.world import NOON_S, FakeClock, case, cdr_of, intent_for

LIMIT = 1
PEOPLE = ("anna", "boris")
ROUNDS = count()


@dataclass
class Witness:
    """What happened, as the network would know it: it alone says how often a person was called."""

    on_the_line: dict[str, str] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)

    def called(self, person_id: str, attempt_id: str) -> None:
        assert person_id not in self.on_the_line, "two calls at once"
        self.on_the_line[person_id] = attempt_id
        self.calls[person_id] = self.calls.get(person_id, 0) + 1
        assert self.calls[person_id] <= LIMIT, "more calls than the limit allows"

    def over(self, person_id: str, attempt_id: str) -> None:
        assert self.on_the_line.pop(person_id) == attempt_id


class Engine:
    """One of several, with a team and a campaign of its own; a contact there for each person."""

    def __init__(self, name: str, store: ContactStore, witness: Witness, round_: int) -> None:
        self.store, self.witness = store, witness
        rules = (("attempt_limit", {"per_day": LIMIT}),)
        self.campaign = Campaign(f"{name}-{round_}", f"{name}-{round_}", Mode.ROBOT, ("gw",), (), rules=rules)
        lease = store.acquire_team(self.campaign.team, name, 600)
        assert lease is not None
        self.lease: Lease = lease
        self.gate = Gate()
        self.known: dict[str, PersonHistory] = {}
        self.open: dict[str, tuple[str, object]] = {}
        people = [f"{person}-{round_}" for person in PEOPLE]
        self.contacts = {one: case(f"{name} of {one}", one, self.campaign.campaign_id) for one in people}
        store.add_contacts([(contact, NOON_S - 60) for contact in self.contacts.values()], "import")

    def look(self, person_id: str) -> None:
        """What the gate will judge by; it may be old by then."""
        self.known[person_id] = self.store.history(person_id)

    def call(self, person_id: str, pause: float | None = None) -> None:
        """Judge, and make the call if nothing is against it. `pause`: between the two."""
        contact: Contact = self.contacts[person_id]
        history = self.known.get(person_id)
        if person_id in self.open or history is None:
            return
        verdict = self.gate.judge(contact, contact.phones[0], self.campaign, history, NOON_S, "robot")
        if not isinstance(verdict, Allowed):
            return
        if pause is not None:
            gevent.sleep(pause)
        intent = intent_for(contact, verdict.person_version)
        intent = type(intent)(**{**_fields(intent), "team": self.campaign.team})
        if self.store.intend(self.lease, intent):
            self.witness.called(person_id, intent.attempt_id)
            self.open[person_id] = intent.attempt_id, intent

    def end(self, person_id: str) -> None:
        if person_id in self.open:
            attempt_id, intent = self.open.pop(person_id)
            self.witness.over(person_id, attempt_id)
            touch = Touch(attempt_id, NOON_S, TouchPhase.ATTEMPTED, "+48600100200")
            found = self.store.find_contact(self.contacts[person_id].contact_id)
            assert found is not None
            then = Scheduled(found.progress, NOON_S, "again at once")
            assert self.store.settle(self.lease, cdr_of(intent), touch, then)  # type: ignore[arg-type]


def _fields(intent: object) -> dict[str, object]:
    return {name: getattr(intent, name) for name in intent.__slots__}  # type: ignore[attr-defined]


@pytest.fixture(scope="module", params=["memory", "valkey"])
def store(request: pytest.FixtureRequest, servers: dict[str, Server]) -> Iterator[ContactStore]:
    if request.param == "memory":
        yield MemoryStore(FakeClock())
        return
    store = RedisStore(servers["valkey"].url, shards=4)
    yield store
    store.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["look", "call", "end"])),
        min_size=5,
        max_size=40,
    )
)
def test_whatever_engine_looks_calls_and_ends_when_a_person_has_one_call_at_a_time_within_the_limit(
    store: ContactStore, steps: list[tuple[str, str]]
) -> None:
    witness, round_ = Witness(), next(ROUNDS)
    engines = {name: Engine(name, store, witness, round_) for name in "abc"}
    for name, step in steps:
        getattr(engines[name], step)(f"anna-{round_}")


def test_eight_engines_at_once_each_with_its_own_connection(servers: dict[str, Server]) -> None:
    stores = [RedisStore(servers["valkey"].url, shards=4) for _ in range(8)]
    rng = random.Random(3)

    def work(engine: Engine, round_: int) -> None:
        for _ in range(5):
            person_id = f"{rng.choice(PEOPLE)}-{round_}"
            engine.look(person_id)
            engine.call(person_id, pause=rng.choice([0.0, 0.001, 0.003]))
            gevent.sleep(rng.choice([0.0, 0.002]))
            engine.end(person_id)

    for _ in range(10):
        witness, round_ = Witness(), next(ROUNDS)
        engines = [Engine(f"e{n}", store, witness, round_) for n, store in enumerate(stores)]
        workers = [gevent.spawn(work, engine, round_) for engine in engines]
        gevent.joinall(workers, timeout=60, raise_error=True)
        assert witness.calls == {f"{person}-{round_}": LIMIT for person in PEOPLE}
    for one in stores:
        one.close()
