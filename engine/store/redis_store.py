"""ContactStore in Redis: one Lua script per atomic step, one round trip per call where it matters."""

import time
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any, Final

from engine.domain.attempt import Cdr, Intent
from engine.domain.campaign import CampaignState
from engine.domain.contact import Claimed, Contact, PersonHistory, Scheduled, Touch, TouchPhase
from engine.domain.errors import StoreError
from engine.ports import ImportCount, Lease, OpenAttempt, QueueSizes
from engine.store.addresses import address_of
from engine.store.batcher import Batcher, Command, Runs
from engine.store.client import REPLY_TIMEOUT_S, make_pool, pairs, script, without_password
from engine.store.cluster import ClusterBatcher
from engine.store.codec import (
    INTENT,
    PROGRESS,
    TOUCH,
    cdr_body,
    epoch_ms,
    history_of,
    instant,
    pack_plain,
    put_off,
    unpack_plain,
)
from engine.store.layout import BLOB, CAMPAIGNS
from engine.store.meeting import Meeting
from engine.store.redis_queue import RedisQueue
from engine.store.shards import Shards

IMPORT_CHUNK: Final = 500


class RedisStore:
    """See `engine.ports.ContactStore`. `shards` is fixed when the store is first used and checked ever after.

    `replicas`: how many replicas must confirm an intent before it counts (`WAIT`); without that an intent
    could be lost in a failover, and its call be made twice. Such intents have a connection of their own, for
    a replica that is away holds up everything behind them.
    """

    def __init__(
        self, url: str, shards: int = 16, replicas: int = 0, timeout_s: float = REPLY_TIMEOUT_S
    ) -> None:
        self._where = without_password(url)
        self._replicas = replicas
        self._fenced_as: dict[str, int] = {}
        meeting = Meeting(self._where, shards, self._changed)
        self.on_new_server: Callable[[], None] = lambda: None
        """Another server answers than before, or the same one started anew: it may lack what was stored last.
        Called once, before anything is asked of it."""
        address = address_of(url)

        def runs() -> Runs:
            if address.kind == "cluster":
                return ClusterBatcher(address, url, timeout_s, meeting, self._changed)
            return Batcher(make_pool(url, timeout_s), url, meeting.prepare)

        self.batcher = runs()
        self._confirmed = runs() if replicas else self.batcher
        self._shards = Shards(self.batcher, shards, on_cluster=address.kind == "cluster")
        self._queue = RedisQueue(self._shards)

    def close(self) -> None:
        self.batcher.close()
        self._confirmed.close()

    # --- ownership --------------------------------------------------------------------------------------

    def acquire_team(self, team: str, owner: str, ttl_s: float, alone: bool = False) -> Lease | None:
        least = 0
        while True:
            reply = self.batcher.run(
                script("acquire_team").call(
                    [f"{{team:{team}}}"], owner, max(1, round(ttl_s * 1000)), "1" if alone else "", least
                )
            )
            if reply is None:
                return None
            token, until_ms = reply
            if self._fenced_as.get(team) != token:  # every shard must refuse the old owner before we begin
                known = self._shards.of_every_group("fence", team, token)
                seen = max(token_seen for group in known for token_seen in group)
                if seen > token:  # a failover took the newest ownership from the store: be newer than that
                    least = seen + 1
                    continue
                self._fenced_as[team] = token
            return Lease(team, owner, token, until_ms / 1000)

    def release_team(self, lease: Lease) -> None:
        self.batcher.run(script("release_team").call([f"{{team:{lease.team}}}"], lease.owner, lease.token))

    # --- contacts and queues ----------------------------------------------------------------------------

    def add_contacts(self, contacts: Iterable[tuple[Contact, float]], import_id: str) -> ImportCount:
        added = total = 0
        rows = iter(contacts)
        while chunk := list(islice(rows, IMPORT_CHUNK)):
            total += len(chunk)
            added += self._queue.add(chunk)
        return ImportCount(added, total - added)

    def claim_due(self, lease: Lease, campaign_id: str, limit: int, lease_s: float) -> list[Claimed]:
        if limit <= 0:
            return []
        return self._queue.claim(lease, campaign_id, limit, lease_s)

    def put_back(
        self,
        lease: Lease,
        campaign_id: str,
        person_id: str,
        contact_id: str,
        due_at_s: float | None,
        reason: str,
        rule: str = "",
    ) -> None:
        due_ms = epoch_ms(due_at_s)
        body = put_off(contact_id, person_id, campaign_id, instant(due_at_s), reason, rule)
        self.batcher.run(
            script("put_back").call(
                [self._shards.root(person_id)],
                lease.team,
                lease.token,
                contact_id,
                "" if due_ms is None else due_ms,
                pack_plain(body),
            )
        )

    def reschedule(
        self, lease: Lease, campaign_id: str, person_id: str, contact_id: str, due_at_s: float, reason: str
    ) -> bool:
        due_ms = epoch_ms(due_at_s) or 0
        body = pack_plain(put_off(contact_id, person_id, campaign_id, due_ms / 1000, reason))
        step = script("reschedule")
        return bool(
            self.batcher.run(
                step.call([self._shards.root(person_id)], lease.team, lease.token, contact_id, due_ms, body)
            )
        )

    def queue_sizes(self, campaign_id: str, wall_s: float) -> QueueSizes:
        return self._queue.sizes(campaign_id, wall_s)

    def find_contact(self, contact_id: str) -> Claimed | None:
        return self._queue.find(contact_id)

    def contact_of_number(self, number: str) -> list[str]:
        return self._queue.contacts_of(number)

    # --- attempts ---------------------------------------------------------------------------------------

    def history(self, person_id: str) -> PersonHistory:
        marks = self.batcher.run(("HGETALL", f"{self._shards.root(person_id)}:person:{person_id}"))
        return history_of(person_id, pairs(marks))

    def intend(self, lease: Lease, intent: Intent) -> bool:
        reserved = Touch(intent.attempt_id, intent.made_at_s, TouchPhase.RESERVED, intent.number)
        commands: list[Command] = [
            script("intend").call(
                [self._shards.root(intent.person_id)],
                lease.team,
                lease.token,
                intent.attempt_id,
                intent.contact_id,
                intent.person_id,
                intent.person_version,
                INTENT.pack(intent),
                TOUCH.pack(reserved),
            )
        ]
        if self._replicas:
            commands.append(("WAIT", self._replicas, 500))
        replies = self._confirmed.run_all(commands)
        if self._replicas and replies[0] == 1 and replies[1] < self._replicas:
            raise StoreError(
                f"an intent reached {replies[1]} of {self._replicas} replicas",
                self._where,
                "See that the replicas run; until then nothing is dialed.",
            )
        return bool(replies[0])

    def settle(self, lease: Lease, cdr: Cdr, touch: Touch | None, then: Scheduled) -> bool:
        due_ms = epoch_ms(then.due_at_s)
        return bool(
            self.batcher.run(
                script("settle").call(
                    [self._shards.root(cdr.person_id)],
                    lease.team,
                    lease.token,
                    cdr.attempt_id,
                    cdr.person_id,
                    TOUCH.pack(touch) if touch else b"",
                    PROGRESS.pack(then.progress),
                    "" if due_ms is None else due_ms,
                    cdr_body(cdr, instant(then.due_at_s), then.reason),
                ),
                patient=True,
            )
        )

    def open_attempts(self, team: str) -> list[OpenAttempt]:
        replies = self.batcher.run_all([("HVALS", f"{root}:open:{team}") for root in self._shards.roots])
        found = []
        for stored in (stored for reply in replies for stored in reply):
            token, _, packed = stored.partition(b"\n")
            found.append(OpenAttempt(INTENT.unpack(packed), int(token)))
        return sorted(found, key=lambda open_: (open_.intent.made_at_s, open_.intent.attempt_id))

    # --- campaigns and small things ---------------------------------------------------------------------

    def set_campaign(self, campaign_id: str, definition: Mapping[str, Any], state: CampaignState) -> None:
        self.batcher.run(("HSET", CAMPAIGNS, campaign_id, pack_plain([dict(definition), str(state)])))

    def campaigns(self) -> list[tuple[str, dict[str, Any], CampaignState]]:
        found = []
        for campaign_id, packed in pairs(self.batcher.run(("HGETALL", CAMPAIGNS))).items():
            definition, state = unpack_plain(packed)
            found.append((campaign_id.decode(), definition, CampaignState(state)))
        return sorted(found, key=lambda campaign: campaign[0])

    def save_blob(self, name: str, value: bytes) -> None:
        self.batcher.run(("SET", BLOB + name, value))

    def load_blob(self, name: str) -> bytes | None:
        value: bytes | None = self.batcher.run(("GET", BLOB + name))
        return value

    def ping(self) -> float:
        began = time.perf_counter()
        self.batcher.run(("PING",))
        return time.perf_counter() - began

    # --- inside -----------------------------------------------------------------------------------------

    def _changed(self) -> None:
        self._fenced_as.clear()
        self.on_new_server()
