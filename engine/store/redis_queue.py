"""Who is on the lists, and whose turn it is: in Redis. Its twin is memory_queue.py.

Contacts are added, found, counted and claimed here; what then happens to one of them is the store's own.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from engine.domain.contact import Claimed, Contact, Progress
from engine.domain.errors import StoreError
from engine.ports import Lease, QueueSizes
from engine.store.client import pairs, script
from engine.store.codec import PROGRESS, epoch_ms, history_of
from engine.store.layout import bucket_of, read_contact, shard_of, stored_contact
from engine.store.shards import Shards


class RedisQueue:
    """All campaigns' contacts, in `shards`."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards

    def add(self, chunk: Sequence[tuple[Contact, float]]) -> int:
        """How many are new. Two round trips. First who lives where, and the index of numbers (an entry too
        many is harmless after a crash, one too few is not); then the contacts themselves, unless they live
        elsewhere."""
        shards, roots = self._shards.count, self._shards.roots
        enrol: dict[int, list[str | bytes | int]] = defaultdict(list)
        numbers: dict[int, list[str | bytes | int]] = defaultdict(list)
        for contact, _ in chunk:
            contact_id = contact.contact_id
            person_shard = shard_of(contact.person_id, shards)
            enrol[shard_of(contact_id, shards)] += (bucket_of(contact_id, shards), contact_id, person_shard)
            for phone in contact.phones:
                number = phone.number
                numbers[shard_of(number, shards)] += (bucket_of(number, shards), number, contact_id)
        replies = self._shards.runs.run_all(
            [script("enrol").call([roots[shard]], *rows) for shard, rows in enrol.items()]
            + [script("index_numbers").call([roots[shard]], *rows) for shard, rows in numbers.items()]
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
        counts = self._shards.runs.run_all(
            [script("add_contacts").call([roots[shard]], *rows) for shard, rows in add.items()]
        )
        return sum(counts)

    def claim(self, lease: Lease, campaign_id: str, limit: int, lease_s: float) -> list[Claimed]:
        """Best first. Fenced: the scripts see to it."""
        lease_ms = max(1, round(lease_s * 1000))
        ask = (lease.team, lease.token, campaign_id)
        if len(self._shards.groups) == 1:
            (rows,) = self._shards.of_every_group("claim", *ask, limit, lease_ms, "")
        else:
            rows = self._claim_across(ask, limit, lease_ms)
        return [_claimed(*row) for row in rows]

    def _claim_across(self, ask: tuple[str, int, str], limit: int, lease_ms: int) -> list[Any]:
        """The best of all slots: every one says what it has, and each gives its part of the best."""
        ranked = [
            (float(rank), contact, group)
            for group, heads in enumerate(self._shards.of_every_group("claim", *ask, limit, lease_ms, "look"))
            for rank, contact in zip(heads[::2], heads[1::2], strict=True)
        ]
        best = sorted(ranked)[:limit]
        parts = Counter(group for _, _, group in best)
        found = self._shards.runs.run_all(
            [
                script("claim").call(self._shards.groups[group], *ask, part, lease_ms, "")
                for group, part in parts.items()
            ]
        )
        rows = [row for some in found for row in some]
        for group in dict.fromkeys(group for _, _, group in sorted(ranked)):
            if len(rows) >= len(best):
                break  # nobody among the best was busy
            missing = len(best) - len(rows)
            again = script("claim").call(self._shards.groups[group], *ask, missing, lease_ms, "")
            rows += self._shards.runs.run(again)
        place = {contact: at for at, (_, contact, _) in enumerate(best)}
        return sorted(rows, key=lambda row: place.get(read_contact(row[0]).contact_id.encode(), limit))

    def sizes(self, campaign_id: str, wall_s: float) -> QueueSizes:
        counted = self._shards.of_every_group("queue_sizes", campaign_id, epoch_ms(wall_s) or 0)
        due, later, claimed, done = (sum(group[at] for group in counted) for at in range(4))
        earliest_ms = min((group[4] for group in counted if group[4]), default=0)
        return QueueSizes(due, later, claimed, done, earliest_ms / 1000)

    def find(self, contact_id: str) -> Claimed | None:
        shards = self._shards
        root, bucket = shards.root(contact_id), bucket_of(contact_id, shards.count)
        shard = shards.runs.run(("HGET", f"{root}:where:{bucket}", contact_id))
        if shard is None:
            return None
        row = shards.runs.run(script("find").call([shards.roots[int(shard)]], contact_id))
        return None if row is None else _claimed(row[0], row[1], row[2], 0)

    def contacts_of(self, number: str) -> list[str]:
        shards = self._shards
        root, bucket = shards.root(number), bucket_of(number, shards.count)
        lines = shards.runs.run(("HGET", f"{root}:number:{bucket}", number))
        return sorted(lines.decode().split("\n")) if lines else []


def _claimed(stored: bytes, progress: bytes, marks: list[bytes], until_ms: int) -> Claimed:
    contact = read_contact(stored)
    return Claimed(
        contact,
        PROGRESS.unpack(progress) if progress else Progress(),
        history_of(contact.person_id, pairs(marks)),
        until_ms / 1000,
    )
