"""What will become of a call, decided when its INVITE goes out and written down with it. Pure."""

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields

from engine.sim.outcomes import Refusal
from engine.sim.population import (
    Distribution,
    FateName,
    Group,
    Habits,
    LogNormal,
    PlannedNumber,
    PopulationFile,
    Press,
    bare,
    seconds,
)

_BUILT_IN = Group(
    shares={"answer": 1.0},
    setup_s=seconds(0.02),
    ring_s=Distribution(lognormal=LogNormal(median=6, sigma=0.5)),
    talk_s=Distribution(exponential=60),
    listen_s=Distribution(exponential=40),
    patience_s=Distribution(lognormal=LogNormal(median=5, sigma=0.4)),
    greeting_s=Distribution(uniform=(0.5, 1.0)),
    voicemail_s=Distribution(uniform=(5, 15)),
    announcement_s=Distribution(uniform=(3, 6)),
    ringback="180",
    codec="PCMU",
    presses=(),
)
_REFUSALS = {
    "busy": Refusal(486),
    "dead": Refusal(404),
    "rejected": Refusal(603),
    "unreachable": Refusal(480),
    "congestion": Refusal(503),
    "announcement": Refusal(480, q850=20),
}
ANSWERING = frozenset({"answer", "voicemail", "fax"})


@dataclass(frozen=True, slots=True)
class Fate:
    """One call's future. Times in seconds of the switch's clock; `presses`: (on prompt, after, keys)."""

    kind: str
    attempt: int = 0
    refusal: Refusal | None = None
    setup_s: float = 0.02
    ring_s: float = 1.0
    rings: bool = True
    ringback: str = "180"
    codec: str = "PCMU"
    greeting_s: float = 0.8
    talk_s: float = 60.0
    listen_s: float = 40.0
    patience_s: float = 5.0
    presses: tuple[tuple[int, float, str], ...] = ()
    voice_seed: int = 0


@dataclass(frozen=True, slots=True)
class _Ways:
    """How people behave, every key given."""

    setup_s: Distribution
    ring_s: Distribution
    greeting_s: Distribution
    voicemail_s: Distribution
    announcement_s: Distribution
    talk_s: Distribution
    listen_s: Distribution
    patience_s: Distribution
    ringback: str
    codec: str
    presses: tuple[Press, ...]

    @classmethod
    def of(cls, *habits: Habits) -> "_Ways":
        """Of each key, the first that is given."""
        told = (
            next(value for habit in habits if (value := getattr(habit, one.name)) is not None)
            for one in fields(cls)
        )
        return cls(*told)


class Population:
    """Everybody who can be called. Keeps only how often each number was called."""

    def __init__(self, file: PopulationFile | None = None) -> None:
        self.file = file or PopulationFile()
        default = self.file.default
        self._groups = [
            (bare(group.prefix), group, _Ways.of(group, default, _BUILT_IN))
            for group in sorted(self.file.groups, key=lambda group: -len(bare(group.prefix)))
        ]
        self._groups.append(("", default, _Ways.of(default, _BUILT_IN)))
        self._planned = {bare(number): plan for number, plan in self.file.numbers.items()}
        self._called: Counter[str] = Counter()

    def plan(self, number: str, plan: PlannedNumber) -> None:
        """Prescribe what happens at a number from its next call on."""
        self._planned[bare(number)] = plan

    def fate(self, number: str, weights: Mapping[FateName, float] | None = None) -> Fate:
        """The fate of the next call to the number: a function of seed, number and attempt alone.

        `weights`: of the fates at this hour, in place of the shares that the file gives.
        """
        number = bare(number)
        attempt = self._called[number]
        self._called[number] += 1
        planned = self._planned.get(number)
        group, ways = next((group, ways) for prefix, group, ways in self._groups if number.startswith(prefix))
        dice = random.Random(f"{self.file.seed}|{number}|{attempt}")
        built_in: Mapping[FateName, float] = {"answer": 1.0}
        shares = weights or group.shares or self.file.default.shares or built_in
        kind: str = dice.choices(list(shares), list(shares.values()))[0]
        own_ring = False
        if planned is not None:
            ways = _Ways.of(planned, group, self.file.default, _BUILT_IN)
            kind = planned.fate or _nth(planned.fates, attempt) or "refused"
            own_ring = planned.ring_s is not None
        refusal = _REFUSALS.get(kind)
        if planned is not None and (planned.sip or planned.q850):
            refusal = Refusal(planned.sip or (refusal.sip if refusal else 480), planned.q850)
        return _draw(kind, attempt, refusal, own_ring, ways, dice)


def _nth(fates: tuple[str, ...], attempt: int) -> str:
    """The fate of call number `attempt`; the last one given holds for all later calls."""
    return fates[min(attempt, len(fates) - 1)] if fates else ""


def _draw(
    kind: str, attempt: int, refusal: Refusal | None, own_ring: bool, ways: _Ways, dice: random.Random
) -> Fate:
    setup_s, ring_s = ways.setup_s.draw(dice), ways.ring_s.draw(dice)
    greeting = {"voicemail": ways.voicemail_s, "announcement": ways.announcement_s}.get(kind, ways.greeting_s)
    presses = []
    for press in ways.presses:
        presses_at_all, after_s = dice.random() < press.share, press.after_s.draw(dice)
        digits = press.digits
        if isinstance(digits, dict):
            digits = dice.choices(list(digits), list(digits.values()))[0]
        if presses_at_all:
            presses.append((press.on_prompt, after_s, digits))
    return Fate(
        kind,
        attempt,
        refusal,
        setup_s=setup_s,
        ring_s=ring_s,
        rings=ring_s > 0 and (kind in ANSWERING or kind in ("no_answer", "rejected") or own_ring),
        ringback=ways.ringback,
        codec=ways.codec,
        greeting_s=greeting.draw(dice),
        talk_s=ways.talk_s.draw(dice),
        listen_s=ways.listen_s.draw(dice),
        patience_s=ways.patience_s.draw(dice),
        presses=tuple(presses),
        voice_seed=dice.getrandbits(31),
    )
