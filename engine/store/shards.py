"""The shards of one store: where each thing lies, and what all of them say."""

from collections import defaultdict
from typing import Any

from redis.crc import key_slot

from engine.store.batcher import Runs
from engine.store.client import script
from engine.store.layout import root_of, shard_of


class Shards:
    """`groups`: the roots that one script may look at together: all, or on a Cluster those of one slot."""

    def __init__(self, runs: Runs, count: int, on_cluster: bool) -> None:
        self.runs, self.count = runs, count
        self.roots = [root_of(shard) for shard in range(count)]
        self.groups = _by_slot(self.roots) if on_cluster else [self.roots]

    def root(self, identity: str) -> str:
        """Of a person, a contact id or a phone number."""
        return self.roots[shard_of(identity, self.count)]

    def of_every_group(self, name: str, *args: str | int) -> list[Any]:
        """What a script that looks at all shards replies: for all at once, on a Cluster for each slot."""
        return self.runs.run_all([script(name).call(group, *args) for group in self.groups])


def _by_slot(roots: list[str]) -> list[list[str]]:
    slots: dict[int, list[str]] = defaultdict(list)
    for root in roots:
        slots[key_slot(root.encode())].append(root)
    return list(slots.values())
