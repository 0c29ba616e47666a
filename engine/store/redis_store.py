"""ContactStore in Redis: one Lua script per atomic step, one round trip per call where it matters."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any, Final

from redis.crc import key_slot

from engine.domain.attempt import Cdr, Intent
from engine.domain.campaign import CampaignState
from engine.domain.contact import Claimed, Contact, PersonHistory, Progress, Scheduled, Touch, TouchPhase
from engine.domain.errors import StoreError
from engine.ports import ImportCount, Lease, OpenAttempt, QueueSizes
from engine.store.addresses import address_of
from engine.store.batcher import Batcher, Command, Runs
from engine.store.client import REPLY_TIMEOUT_S, make_pool, script, without_password
from engine.store.cluster import ClusterBatcher
from engine.store.codec import (
    INTENT,
    PROGRESS,
    TOUCH,
    cdr_body,
    epoch_ms,
    history_of,
    pack_plain,
    unpack_plain,
)
from engine.store.layout import (
    BLOB,
    CAMPAIGNS,
    bucket_of,
    read_contact,
    root_of,
    shard_of,
    stored_contact,
)
from engine.store.meeting import Meeting

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
        self._shards = shards
        self._roots = [root_of(shard) for shard in range(shards)]
        self._replicas = replicas
        self._fenced_as: dict[str, int] = {}
        meeting = Meeting(self._where, shards, self._changed)
        self.on_new_server: Callable[[], None] = lambda: None
        """Another server answers than before, or the same one started anew: it may lack what was stored last.
        Called once, before anything is asked of it."""
        address = address_of(url)
        self._groups = _by_slot(self._roots) if address.kind == "cluster" else [self._roots]

        def runs() -> Runs:
            if address.kind == "cluster":
                return ClusterBatcher(address, url, timeout_s, meeting, self._changed)
            return Batcher(make_pool(url, timeout_s), url, meeting.prepare)

        self.batcher = runs()
        self._confirmed = runs() if replicas else self.batcher

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
                known = self._of_every_group("fence", team, token)
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
            added += self._add_chunk(chunk)
        return ImportCount(added, total - added)

    def _add_chunk(self, chunk: list[tuple[Contact, float]]) -> int:
        """Two round trips. First who lives where, and the index of numbers (an entry too many is harmless
        after a crash, one too few is not); then the contacts themselves, unless they live elsewhere."""
        shards = self._shards
        enrol: dict[int, list[str | bytes | int]] = defaultdict(list)
        numbers: dict[int, list[str | bytes | int]] = defaultdict(list)
        for contact, _ in chunk:
            contact_id = contact.contact_id
            person_shard = shard_of(contact.person_id, shards)
            enrol[shard_of(contact_id, shards)] += (bucket_of(contact_id, shards), contact_id, person_shard)
            for phone in contact.phones:
                number = phone.number
                numbers[shard_of(number, shards)] += (bucket_of(number, shards), number, contact_id)
        replies = self.batcher.run_all(
            [script("enrol").call([self._roots[shard]], *rows) for shard, rows in enrol.items()]
            + [script("index_numbers").call([self._roots[shard]], *rows) for shard, rows in numbers.items()]
        )
        lives_in = {
            contact_id: int(known)
            for rows, reply in zip(enrol.values(), replies, strict=False)
            for contact_id, known in zip(rows[1::3], reply, strict=True)
        }
        add: dict[int, list[str | bytes | int]] = defaultdict(list)
        for contact, due_at_s in chunk:
            shard = shard_of(contact.person_id, shards)
            due_ms = epoch_ms(due_at_s)
            if due_ms is None:
                raise StoreError("a contact needs an instant from which it is due", contact.contact_id)
            if lives_in[contact.contact_id] == shard:
                add[shard] += (contact.contact_id, due_ms, stored_contact(contact))
        counts = self.batcher.run_all(
            [script("add_contacts").call([self._roots[shard]], *rows) for shard, rows in add.items()]
        )
        return sum(counts)

    def claim_due(self, lease: Lease, campaign_id: str, limit: int, lease_s: float) -> list[Claimed]:
        if limit <= 0:
            return []
        lease_ms = max(1, round(lease_s * 1000))
        ask = (lease.team, lease.token, campaign_id)
        if len(self._groups) == 1:
            (rows,) = self._of_every_group("claim", *ask, limit, lease_ms, "")
        else:
            rows = self._claim_across(ask, limit, lease_ms)
        return [_claimed(*row) for row in rows]

    def _claim_across(self, ask: tuple[str, int, str], limit: int, lease_ms: int) -> list[Any]:
        """The best of all slots: every one says what it has, and each gives its part of the best."""
        ranked = [
            (float(rank), contact, group)
            for group, heads in enumerate(self._of_every_group("claim", *ask, limit, lease_ms, "look"))
            for rank, contact in zip(heads[::2], heads[1::2], strict=True)
        ]
        best = sorted(ranked)[:limit]
        parts = Counter(group for _, _, group in best)
        found = self.batcher.run_all(
            [
                script("claim").call(self._groups[group], *ask, part, lease_ms, "")
                for group, part in parts.items()
            ]
        )
        rows = [row for some in found for row in some]
        for group in dict.fromkeys(group for _, _, group in sorted(ranked)):
            if len(rows) >= len(best):
                break  # nobody among the best was busy
            again = script("claim").call(self._groups[group], *ask, len(best) - len(rows), lease_ms, "")
            rows += self.batcher.run(again)
        place = {contact: at for at, (_, contact, _) in enumerate(best)}
        return sorted(rows, key=lambda row: place.get(read_contact(row[0]).contact_id.encode(), limit))

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
        body = {
            "contact_id": contact_id,
            "person_id": person_id,
            "campaign_id": campaign_id,
            "rule": rule,
            "reason": reason,
            "next_due_at_s": None if due_ms is None else due_ms / 1000,
        }
        self.batcher.run(
            script("put_back").call(
                [self._root(person_id)],
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
        told = {"contact_id": contact_id, "person_id": person_id, "campaign_id": campaign_id}
        body = pack_plain({**told, "reason": reason, "next_due_at_s": due_ms / 1000})
        step = script("reschedule")
        return bool(
            self.batcher.run(
                step.call([self._root(person_id)], lease.team, lease.token, contact_id, due_ms, body)
            )
        )

    def queue_sizes(self, campaign_id: str, wall_s: float) -> QueueSizes:
        counted = self._of_every_group("queue_sizes", campaign_id, epoch_ms(wall_s) or 0)
        due, later, claimed, done = (sum(group[at] for group in counted) for at in range(4))
        earliest_ms = min((group[4] for group in counted if group[4]), default=0)
        return QueueSizes(due, later, claimed, done, earliest_ms / 1000)

    def find_contact(self, contact_id: str) -> Claimed | None:
        root, bucket = self._root(contact_id), bucket_of(contact_id, self._shards)
        shard = self.batcher.run(("HGET", f"{root}:where:{bucket}", contact_id))
        if shard is None:
            return None
        row = self.batcher.run(script("find").call([self._roots[int(shard)]], contact_id))
        return None if row is None else _claimed(row[0], row[1], row[2], 0)

    def contact_of_number(self, number: str) -> list[str]:
        root, bucket = self._root(number), bucket_of(number, self._shards)
        lines = self.batcher.run(("HGET", f"{root}:number:{bucket}", number))
        return sorted(lines.decode().split("\n")) if lines else []

    # --- attempts ---------------------------------------------------------------------------------------

    def history(self, person_id: str) -> PersonHistory:
        marks = self.batcher.run(("HGETALL", f"{self._root(person_id)}:person:{person_id}"))
        return history_of(person_id, _pairs(marks))

    def intend(self, lease: Lease, intent: Intent) -> bool:
        reserved = Touch(intent.attempt_id, intent.made_at_s, TouchPhase.RESERVED, intent.number)
        commands: list[Command] = [
            script("intend").call(
                [self._root(intent.person_id)],
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
                    [self._root(cdr.person_id)],
                    lease.team,
                    lease.token,
                    cdr.attempt_id,
                    cdr.person_id,
                    TOUCH.pack(touch) if touch else b"",
                    PROGRESS.pack(then.progress),
                    "" if due_ms is None else due_ms,
                    cdr_body(cdr, None if due_ms is None else due_ms / 1000, then.reason),
                ),
                patient=True,
            )
        )

    def open_attempts(self, team: str) -> list[OpenAttempt]:
        replies = self.batcher.run_all([("HVALS", f"{root}:open:{team}") for root in self._roots])
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
        for campaign_id, packed in _pairs(self.batcher.run(("HGETALL", CAMPAIGNS))).items():
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

    def _root(self, identity: str) -> str:
        return self._roots[shard_of(identity, self._shards)]

    def _of_every_group(self, name: str, *args: str | int) -> list[Any]:
        """What a script that looks at all shards replies: for all at once, on a Cluster for each slot."""
        return self.batcher.run_all([script(name).call(group, *args) for group in self._groups])

    def _changed(self) -> None:
        self._fenced_as.clear()
        self.on_new_server()


def _by_slot(roots: list[str]) -> list[list[str]]:
    slots: dict[int, list[str]] = defaultdict(list)
    for root in roots:
        slots[key_slot(root.encode())].append(root)
    return list(slots.values())


def _pairs(flat: list[bytes]) -> dict[bytes, bytes]:
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _claimed(stored: bytes, progress: bytes, marks: list[bytes], until_ms: int) -> Claimed:
    contact = read_contact(stored)
    return Claimed(
        contact,
        PROGRESS.unpack(progress) if progress else Progress(),
        history_of(contact.person_id, _pairs(marks)),
        until_ms / 1000,
    )
