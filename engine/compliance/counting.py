"""Which touches of a person a rule counts."""

from engine.domain.contact import Touch, TouchPhase
from engine.domain.errors import ConfigError

KINDS = ("attempts", "connections", "conversations")
_OPEN = (TouchPhase.RESERVED, TouchPhase.UNKNOWN)


def counts(touch: Touch, kind: str, min_connected_s: float) -> bool:
    """A touch whose end nobody knows counts as everything.

    attempts: every call made. connections: answered for at least `min_connected_s`, by whoever.
    conversations: a person talked with an agent or a robot.
    """
    phase = touch.phase
    if kind == "attempts" or phase in _OPEN or phase is TouchPhase.CONVERSED:
        return True
    return kind == "connections" and phase is TouchPhase.CONNECTED and touch.connected_s >= min_connected_s


def check_kind(kind: str) -> None:
    if kind not in KINDS:
        raise ConfigError(f"{kind!r} cannot be counted", "counts", f"Use {', '.join(KINDS)}.")
