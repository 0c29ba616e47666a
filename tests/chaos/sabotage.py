"""Safeguards switched off, one at a time: a chaos that then finds nothing proves nothing.

Each takes away exactly one protection and leaves the others; what the checker must find without it stands in
`tests/chaos/proofs.py`.
"""

import hashlib
from collections.abc import Callable
from typing import Any

ENVIRONMENT = "CHAOS_SABOTAGE"


def fencing() -> None:
    """The store takes writes of whoever comes, and nobody looks at the lease before dialing."""
    from engine.dialer.shop import Shop

    Shop.owns_surely = lambda self, team: True  # type: ignore[method-assign]
    _rewrite("if seen > token then return true end", "")


def intent() -> None:
    """Calls are made without a stored intent: neither the store nor the own disk learns of them."""
    from engine.journal.intent_log import IntentLog
    from engine.store.redis_store import RedisStore

    RedisStore.intend = lambda self, lease, intent: True  # type: ignore[method-assign]
    IntentLog.append = lambda self, intent, token, deadline_s=5.0: None  # type: ignore[method-assign]


def reserve() -> None:
    """The intent is stored, but reserves nothing: no touch, no new version, the person is not marked busy."""
    _rewrite(
        "redis.call('HSET', key, 'v', tonumber(ARGV[6]) + 1, 'open', attempt, 't:' .. attempt, ARGV[8])",
        "",
    )


def reconciliation() -> None:
    """After a crash, a gap or a restart nobody asks the switch what lives."""
    from engine.dialer.recover import Recovery
    from engine.dialer.sweep import Sweeper

    nothing: Callable[..., Any] = lambda *given, **named: 0  # noqa: E731
    Recovery.take_team = lambda self, team: (0, 0)  # type: ignore[method-assign]
    Sweeper.sweep = nothing  # type: ignore[method-assign]
    Sweeper.catch_up = nothing  # type: ignore[method-assign]
    Recovery.look_again = nothing  # type: ignore[method-assign]


SAFEGUARDS: dict[str, Callable[[], None]] = {
    "fencing": fencing,
    "intent": intent,
    "reserve": reserve,
    "reconciliation": reconciliation,
}


def switch_off(name: str) -> None:
    if name:
        SAFEGUARDS[name]()


def _rewrite(old: str, new: str) -> None:
    """Change the text of the store's scripts as they are read."""
    from engine.store.client import Script

    as_written = Script.__init__

    def changed(self: Any, name: str) -> None:
        as_written(self, name)
        self.text = self.text.replace(old, new)
        self.sha = hashlib.sha1(self.text.encode()).hexdigest()

    probe = Script("intend")
    assert old in probe.text, "the safeguard is not where it was: mend the sabotage"
    Script.__init__ = changed  # type: ignore[method-assign]
