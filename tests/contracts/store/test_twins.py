"""Whatever is done to both stores in whatever order, both give the same answers."""

import time
from dataclasses import replace
from typing import Any

import redis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from engine.domain.attempt import Intent
from engine.domain.contact import Contact
from engine.domain.errors import Fenced, StoreError
from engine.ports import ContactStore, Lease
from engine.store.memory import MemoryStore
from engine.store.redis_store import RedisStore
from tests.contracts.store.servers import Server
from tests.contracts.store.world import again, case, cdr_of, intent_for, touch_of

PEOPLE = ["anna", "boris", "celina"]
CONTACTS = [
    case(
        f"c{n}",
        PEOPLE[n % 3],
        ["reminders", "surveys"][n // 6],
        priority=[0, 5, -2000][n % 4 % 3],
        number=f"+4860000000{n % 5}",
    )
    for n in range(12)
]
NOW_S = 1_700_000_000.0  # long ago for every store's clock
contacts = st.sampled_from(CONTACTS)
due = st.sampled_from([NOW_S, NOW_S + 0.001, NOW_S + 7.0, NOW_S + 4e9, None, float("inf")])
due_at_import = st.sampled_from([NOW_S, NOW_S + 3.0, NOW_S + 4e9])
campaigns = st.sampled_from(["reminders", "surveys"])


class WallClock:
    def now_s(self) -> float:
        return time.monotonic()

    def wall_s(self) -> float:
        return time.time()


class Twins(RuleBasedStateMachine):
    url = ""

    @initialize()
    def begin(self) -> None:
        redis.Redis.from_url(self.url).flushall()
        self.stores: list[ContactStore] = [MemoryStore(WallClock()), RedisStore(self.url, shards=3)]
        self.leases: list[list[Lease]] = []  # every owner there ever was, with its lease of each store
        self.intents: list[Intent] = []
        self.change_owner()

    def teardown(self) -> None:
        for store in self.stores[1:]:
            store.close()  # type: ignore[attr-defined]

    def both(self, ask: Any, owner: int = -1) -> Any:
        answers = []
        for index, store in enumerate(self.stores):
            try:
                answers.append(ask(store, self.leases[owner][index] if self.leases else None))
            except Fenced:
                answers.append("fenced")
            except StoreError as error:
                answers.append(error.what)
        assert answers[0] == answers[1]
        return answers[0]

    @rule()
    def change_owner(self) -> None:
        if self.leases:
            self.both(lambda store, lease: store.release_team(lease))
        taken = [store.acquire_team("north", f"engine-{len(self.leases)}", 600) for store in self.stores]
        leases = [lease for lease in taken if lease]
        assert leases[0].token == leases[1].token == len(self.leases) + 1
        self.leases.append(leases)

    @rule(rows=st.lists(st.tuples(contacts, due_at_import), max_size=8))
    def add(self, rows: list[tuple[Contact, float]]) -> None:
        self.both(lambda store, _: store.add_contacts(rows, "import-1"))

    @rule(campaign=campaigns, limit=st.integers(0, 4), owner=st.sampled_from([-1, -1, -1, 0]))
    def claim(self, campaign: str, limit: int, owner: int) -> None:
        self.both(
            lambda store, lease: [
                replace(one, lease_until_s=0.0) for one in store.claim_due(lease, campaign, limit, 600)
            ],
            owner,
        )

    @rule(campaign=campaigns, limit=st.integers(1, 3))
    def claim_and_fall_silent(self, campaign: str, limit: int) -> None:
        claimed = self.both(
            lambda store, lease: [
                one.contact.contact_id for one in store.claim_due(lease, campaign, limit, 0.004)
            ]
        )
        if claimed:
            time.sleep(0.006)  # nothing to wait for: the lease of either store must simply be over

    @rule(contact=contacts, due_at_s=due, owner=st.sampled_from([-1, -1, -1, 0]))
    def put_back(self, contact: Contact, due_at_s: float | None, owner: int) -> None:
        self.both(
            lambda store, lease: store.put_back(
                lease, contact.campaign_id, contact.person_id, contact.contact_id, due_at_s, "why", "rule"
            ),
            owner,
        )

    @rule(contact=contacts, in_s=st.sampled_from([-30, 60]), owner=st.sampled_from([-1, -1, -1, 0]))
    def reschedule(self, contact: Contact, in_s: int, owner: int) -> None:
        told = (contact.campaign_id, contact.person_id, contact.contact_id, time.time() + in_s, "promised")
        self.both(lambda store, lease: store.reschedule(lease, *told), owner)

    @rule(contact=contacts, stale=st.sampled_from([0, 0, 0, 1]), owner=st.sampled_from([-1, -1, -1, 0]))
    def intend(self, contact: Contact, stale: int, owner: int) -> None:
        version = self.stores[0].history(contact.person_id).version
        intent = intent_for(contact, version - stale, f"attempt-{len(self.intents)}")
        self.intents.append(intent)
        self.both(lambda store, lease: store.intend(lease, intent), owner)

    @rule(which=st.integers(0, 30), changed=st.booleans())
    def repeat_intent(self, which: int, changed: bool) -> None:
        if self.intents:
            intent = self.intents[which % len(self.intents)]
            repeated = replace(intent, caller_id="+1") if changed else intent
            self.both(lambda store, lease: store.intend(lease, repeated))

    @rule(which=st.integers(0, 30), due_at_s=due, kept=st.booleans(), owner=st.sampled_from([-1, -1, -1, 0]))
    def settle(self, which: int, due_at_s: float | None, kept: bool, owner: int) -> None:
        if self.intents:
            intent = self.intents[which % len(self.intents)]
            touch = touch_of(intent) if kept else None
            then = again(due_at_s, attempts=which)
            self.both(lambda store, lease: store.settle(lease, cdr_of(intent), touch, then), owner)

    @invariant()
    def every_reading_agrees(self) -> None:
        if not getattr(self, "leases", None):
            return
        for person in PEOPLE:
            self.both(lambda store, _, person=person: store.history(person))
        self.both(lambda store, _: store.open_attempts("north"))
        for campaign in ("reminders", "surveys"):
            sizes = self.both(lambda store, _, campaign=campaign: store.queue_sizes(campaign, time.time()))
            assert min(sizes.due, sizes.later, sizes.claimed, sizes.done) >= 0
        for contact in CONTACTS[::5]:
            self.both(lambda store, _, contact=contact: store.find_contact(contact.contact_id))
            self.both(lambda store, _, contact=contact: store.contact_of_number(contact.phones[0].number))


def test_the_twin_in_memory_and_the_real_store_give_the_same_answers(servers: dict[str, Server]) -> None:
    for server in servers.values():

        class OnThisServer(Twins):
            url = server.url

        run_state_machine_as_test(
            OnThisServer,
            settings=settings(
                max_examples=40,
                stateful_step_count=40,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
