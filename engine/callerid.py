"""Which gateway carries a call, and which of our own numbers is shown. Pure: all facts are given.

Only own, contracted numbers stand in a pool, and each call shows one of them openly; rotation spreads the
load over lines, it hides nobody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.domain.contact import Phone

EVERY_KIND = ("mobile", "landline", "unknown")


@dataclass(frozen=True, slots=True)
class Trunk:
    """A gateway as it stands now. `kinds`, `prefixes`: numbers it may carry (no prefixes: all).

    `channels_left`: legs it may carry at once beside those it has; `starts_left`: calls per second still
    allowed now; `resting`: it failed too often and is left alone for a while.
    """

    name: str
    kinds: tuple[str, ...] = EVERY_KIND
    prefixes: tuple[str, ...] = ()
    channels_left: int = 1
    starts_left: float = 1.0
    resting: bool = False


@dataclass(frozen=True, slots=True)
class OwnNumbers:
    """A pool of numbers to show, alike in all but their digits. `kinds`, `prefixes`: called numbers they are
    shown to. `daily_cap`: calls a day that one of them may show, 0: no cap.

    `gateways`: those whose carrier accepts them as ours; none named: every one.
    """

    numbers: tuple[str, ...]
    kinds: tuple[str, ...] = EVERY_KIND
    prefixes: tuple[str, ...] = ()
    daily_cap: int = 0
    gateways: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LineChoice:
    gateway: str
    caller_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class NoLine:
    """`passing`: it may change by itself (capacity, rest, a new day); False: the configuration forbids it."""

    reason: str
    passing: bool


def choose_line(
    phone: Phone, trunks: Sequence[Trunk], pools: Sequence[OwnNumbers], used: Mapping[str, int]
) -> LineChoice | NoLine:
    """Gateway and caller-ID for a number, or why there is none. `used`: calls that each own number has shown
    today; one that is not there has shown none.

    Trunks: the longest matching prefix first, then the order given; one without room is passed over.
    Own numbers: the longest matching prefix first, then the least used today, then the order given.
    """
    fitting = [trunk for trunk in trunks if _fits(phone, trunk.kinds, trunk.prefixes) is not None]
    if not fitting:
        return NoLine(f"no gateway carries {phone.kind} numbers {_start(phone)}…", passing=False)
    open_now = [trunk for trunk in fitting if _room(trunk) == ""]
    if not open_now:
        told = ", ".join(f"{trunk.name}: {_room(trunk)}" for trunk in fitting)
        return NoLine(f"no room on any gateway ({told})", passing=True)
    refusal = NoLine("no own number to show", passing=False)
    for trunk in sorted(open_now, key=lambda trunk: -(_fits(phone, trunk.kinds, trunk.prefixes) or 0)):
        found = _choose_number(phone, trunk, pools, used)
        if not isinstance(found, NoLine):
            number, pool, matched = found
            cap = f" of {pool.daily_cap}" if pool.daily_cap else ""
            near = f", kept for {phone.number[:matched]}…" if matched else ""
            passed = [other.name for other in fitting if other not in open_now]
            instead = f" ({', '.join(passed)} without room)" if passed else ""
            shown = f"shown {used.get(number, 0)}{cap} times today{near}"
            return LineChoice(trunk.name, number, f"gateway {trunk.name}{instead}; {shown}")
        refusal = found if found.passing or not refusal.passing else refusal
    return refusal


def _choose_number(
    phone: Phone, trunk: Trunk, pools: Sequence[OwnNumbers], used: Mapping[str, int]
) -> tuple[str, OwnNumbers, int] | NoLine:
    """The number to show, its pool, and the length of the prefix it is kept for."""
    fitting = [
        (matched, pool)
        for pool in pools
        if (matched := _fits(phone, pool.kinds, pool.prefixes)) is not None
        and (not pool.gateways or trunk.name in pool.gateways)
    ]
    if not fitting:
        told = f"no own number may be shown to {phone.kind} numbers {_start(phone)}… over {trunk.name}"
        return NoLine(told, passing=False)
    best: tuple[tuple[int, int], str, OwnNumbers] | None = None
    for matched, pool in fitting:
        number = min(pool.numbers, key=lambda number: used.get(number, 0))
        rank = (-matched, used.get(number, 0))
        if (not pool.daily_cap or rank[1] < pool.daily_cap) and (best is None or rank < best[0]):
            best = rank, number, pool
    if best is None:
        spent = sum(len(pool.numbers) for _, pool in fitting)
        return NoLine(f"all {spent} own numbers have reached their daily cap", passing=True)
    (before, _), number, pool = best
    return number, pool, -before


def _fits(phone: Phone, kinds: tuple[str, ...], prefixes: tuple[str, ...]) -> int | None:
    """Length of the longest matching prefix, 0 where none is asked for; None: not for this number."""
    if phone.kind not in kinds:
        return None
    if not prefixes:
        return 0
    matching = [len(prefix) for prefix in prefixes if phone.number.startswith(prefix)]
    return max(matching, default=None)


def _room(trunk: Trunk) -> str:
    """Why the trunk takes no call now; "" when it does."""
    if trunk.resting:
        return "rests after failures"
    if trunk.channels_left <= 0:
        return "all channels in use"
    return "" if trunk.starts_left >= 1 else "calls per second used up"


def _start(phone: Phone) -> str:
    return phone.number[:5]
