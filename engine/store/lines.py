"""Slices of gateways in Redis, and their twin in memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from engine.ports import Clock, LineAsk, LineSlice
from engine.store.batcher import Runs
from engine.store.client import script

TURN_MS: Final = 10_000


class RedisLines:
    """See `engine.ports.Lines`. All gateways in one round trip."""

    def __init__(self, batcher: Runs) -> None:
        self._batcher = batcher

    def share(self, owner: str, asks: Sequence[LineAsk], ttl_s: float) -> list[LineSlice]:
        replies = self._batcher.run_all(
            [
                script("share_line").call(
                    [f"{{gateway:{ask.gateway}}}"],
                    owner,
                    max(1, round(ttl_s * 1000)),
                    ask.channels,
                    ask.starts,
                    ask.wanted,
                    ask.in_use,
                    *ask.keeps_to,
                )
                for ask in asks
            ]
        )
        return [LineSlice(ask.gateway, *reply) for ask, reply in zip(asks, replies, strict=True)]


@dataclass(slots=True)
class _Holder:
    until_ms: int
    wanted: int
    channels: int
    starts: int


class MemoryLines:
    """The twin: the same answers, by `clock.wall_s()`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._gateways: dict[str, dict[str, _Holder]] = {}

    def share(self, owner: str, asks: Sequence[LineAsk], ttl_s: float) -> list[LineSlice]:
        return [self._share(owner, ask, max(1, round(ttl_s * 1000))) for ask in asks]

    def _share(self, owner: str, ask: LineAsk, ttl_ms: int) -> LineSlice:
        now = int(self._clock.wall_s() * 1000)
        holders = self._gateways.setdefault(ask.gateway, {})
        for name in [name for name, one in holders.items() if one.until_ms <= now]:
            del holders[name]
        others = {name: one for name, one in holders.items() if name != owner}
        wants = {owner: ask.wanted} | {name: one.wanted for name, one in others.items()}
        free_channels = ask.channels - sum(one.channels for one in others.values())
        free_starts = ask.starts - sum(one.starts for one in others.values())
        channels = max(0, min(_part(owner, wants, ask.channels, now), free_channels))
        starts = max(0, min(_part(owner, wants, ask.starts, now), free_starts))
        keeps_channels, keeps_starts = ask.keeps_to
        holders[owner] = _Holder(
            now + ttl_ms,
            ask.wanted,
            max(channels, keeps_channels, ask.in_use),
            max(starts, keeps_starts),
        )
        return LineSlice(ask.gateway, channels, starts)


def _part(owner: str, wants: dict[str, int], units: int, now_ms: int) -> int:
    """As `part` in lua/share_line.lua."""
    names = sorted((name for name, wanted in wants.items() if wanted), key=str.encode)
    if owner not in names:
        return 0
    count = len(names)
    turns = now_ms // TURN_MS if count > units else 0
    turn = {name: (at + turns) % count for at, name in enumerate(names, 1)}
    want = {name: 1 if count > units else max(1, min(wants[name], units)) for name in names}
    order = sorted(names, key=lambda name: (want[name], turn[name]))
    left, given = units, dict.fromkeys(names, 0)
    for at, name in enumerate(order):
        given[name] = min(want[name], left // (count - at))
        left -= given[name]
    for at, name in enumerate(order):
        more = left // (count - at)
        given[name] += more
        left -= more
    return given[owner]
