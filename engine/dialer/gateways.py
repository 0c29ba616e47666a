"""Trunks as the engine sees them: channels in use, calls per second, and rest for one that fails."""

import math
from collections import deque
from dataclasses import dataclass, field

from engine.dialer.shop import GatewayTerms

SECOND_S = 1.0
MOMENT_S = 0.001  # a wait that rounding had made nothing


@dataclass(slots=True)
class Line:
    """One gateway. `tokens`: starts saved up, at most a second's worth. `recent`: starts of the last second:
    a carrier counts by the second, and what was saved up with what comes in would be twice its contract.
    `sent`: when the last calls were ordered: a store that stalls lets many go at once.

    `shared`: other engines use it too; ours is a slice, `channels` and `starts` of it until `until_s`.
    """

    terms: GatewayTerms
    in_use: int = 0
    tokens: float = 0.0
    filled_s: float | None = None
    failures: int = 0
    rests_until_s: float = 0.0
    shared: bool = False
    channels: int = 0
    starts: int = 0
    until_s: float = -math.inf
    cold_s: float = -math.inf
    warm_s: float = -math.inf
    recent: deque[float] = field(default_factory=deque)
    sent: deque[float] = field(default_factory=deque)

    def startable(self, now_s: float) -> int:
        """Starts allowed now: saved up, and not above the contract in any one second."""
        self.refill(now_s)
        while self.recent and self.recent[0] <= now_s - SECOND_S:
            self.recent.popleft()
        return max(0, min(int(self.tokens), self.slice_at(now_s)[1] - len(self.recent)))

    def order(self, now_s: float) -> float:
        """0.0: a call whose start was allowed may be ordered, and counts as ordered now. Else it may after so
        many seconds, if no other was meanwhile."""
        most = max(1, self.slice_at(now_s)[1])
        while self.sent and self.sent[0] <= now_s - SECOND_S:
            self.sent.popleft()
        if len(self.sent) >= most:
            return max(MOMENT_S, self.sent[-most] + SECOND_S - now_s)
        self.sent.append(now_s)
        return 0.0

    def warm_up(self, now_s: float, within_s: float) -> None:
        """Its switch is back: starts come at first slowly, and as the contract says after `within_s`."""
        self.refill(now_s)
        self.tokens, self.cold_s, self.warm_s = min(self.tokens, 1.0), now_s, now_s + within_s

    def slice_at(self, now_s: float) -> tuple[int, int]:
        """Channels and starts that are ours now."""
        if not self.shared:
            return self.terms.channels, self.terms.burst
        if now_s >= self.until_s:
            return 0, 0
        return min(self.channels, self.terms.channels), min(self.starts, self.terms.burst)

    def obey(self, channels: int, starts: int, until_s: float, now_s: float) -> None:
        """Our slice from now on; what was saved up of a larger one is lost."""
        self.refill(now_s)
        self.channels, self.starts, self.until_s = channels, starts, until_s
        self.tokens = min(self.tokens, float(starts))

    def refill(self, now_s: float) -> None:
        before = self.tokens
        self._refill(now_s)
        if now_s < self.warm_s:
            share = max(0.1, (now_s - self.cold_s) / (self.warm_s - self.cold_s))
            self.tokens = before + max(0.0, self.tokens - before) * share

    def _refill(self, now_s: float) -> None:
        if self.shared:
            starts = self.slice_at(now_s)[1]
            since_s = 0.0 if self.filled_s is None else now_s - self.filled_s
            gained = since_s * self.terms.calls_per_s * starts / self.terms.burst
            self.tokens = min(float(starts), self.tokens + gained)
        elif self.filled_s is None:
            self.tokens = max(1.0, self.terms.calls_per_s)
        else:
            gained = (now_s - self.filled_s) * self.terms.calls_per_s
            self.tokens = min(max(1.0, self.terms.calls_per_s), self.tokens + gained)
        self.filled_s = now_s

    def free(self, now_s: float) -> int:
        return max(0, self.slice_at(now_s)[0] - self.in_use)


class GatewayBook:
    """Channels and starts of every gateway, taken before the intent and given back at the end."""

    def __init__(self, terms: dict[str, GatewayTerms]) -> None:
        self.lines = {name: Line(term) for name, term in terms.items()}
        self._shared = False

    def share(self) -> None:
        """Other engines use these gateways too: nothing of them is ours until it is given to us."""
        self._shared = True
        for line in self.lines.values():
            line.shared = True

    def set_terms(self, terms: dict[str, GatewayTerms]) -> None:
        """New contracts apply to new calls; calls in progress keep their channel."""
        for name, term in terms.items():
            if name in self.lines:
                self.lines[name].terms = term
            else:
                self.lines[name] = Line(term, shared=self._shared)
        for name in [name for name in self.lines if name not in terms and not self.lines[name].in_use]:
            del self.lines[name]

    def room(self, names: tuple[str, ...], now_s: float) -> tuple[int, int]:
        """(channels left, starts allowed now) over these gateways; a resting one has neither."""
        channels = starts = 0
        for line in (self.lines[name] for name in names if name in self.lines):
            startable = line.startable(now_s)
            if now_s >= line.rests_until_s:
                free = line.free(now_s)
                channels, starts = channels + free, starts + min(free, startable)
        return channels, starts

    def can_take(self, name: str, now_s: float) -> bool:
        return name in self.lines and self.room((name,), now_s)[1] > 0

    def take(self, name: str, now_s: float) -> bool:
        """One channel and one start; False when the contract allows none now."""
        if not self.can_take(name, now_s):
            return False
        line = self.lines[name]
        line.in_use, line.tokens = line.in_use + 1, line.tokens - 1.0
        line.recent.append(now_s)
        return True

    def adopt(self, name: str) -> None:
        """A call that lived before we did."""
        if name in self.lines:
            self.lines[name].in_use += 1

    def give_back(self, name: str, congested: bool, now_s: float) -> bool:
        """The call is over. True: the gateway failed so often in a row that it now rests."""
        line = self.lines.get(name)
        if line is None:
            return False
        line.in_use = max(0, line.in_use - 1)
        line.failures = line.failures + 1 if congested else 0
        if line.failures >= line.terms.rest_after:
            line.failures, line.rests_until_s = 0, now_s + line.terms.rest_s
            return True
        return False
