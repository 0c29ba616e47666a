"""What will become of a call, decided when its INVITE goes out and written down with it. Pure."""

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from engine.sim.outcomes import Refusal
from engine.sim.population import (
    Distribution,
    FateName,
    Group,
    Habits,
    LogNormal,
    PlannedNumber,
    PopulationFile,
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


class Population:
    """Everybody who can be called. Keeps only how often each number was called."""

    def __init__(self, file: PopulationFile | None = None) -> None:
        self.file = file or PopulationFile()
        self._groups = sorted(
            ((bare(group.prefix), group) for group in self.file.groups), key=lambda pair: -len(pair[0])
        )
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
        group = next(
            (group for prefix, group in self._groups if number.startswith(prefix)), self.file.default
        )
        habits: list[Habits] = [group, self.file.default, _BUILT_IN]
        dice = random.Random(f"{self.file.seed}|{number}|{attempt}")
        built_in: Mapping[FateName, float] = {"answer": 1.0}
        shares = weights or group.shares or self.file.default.shares or built_in
        kind: str = dice.choices(list(shares), list(shares.values()))[0]
        own_ring = False
        if planned is not None:
            habits.insert(0, planned)
            kind = planned.fate or _nth(planned.fates, attempt) or "refused"
            own_ring = planned.ring_s is not None
        refusal = _REFUSALS.get(kind)
        if planned is not None and (planned.sip or planned.q850):
            refusal = Refusal(planned.sip or (refusal.sip if refusal else 480), planned.q850)
        return _draw(kind, attempt, refusal, own_ring, habits, dice)


def _nth(fates: tuple[str, ...], attempt: int) -> str:
    """The fate of call number `attempt`; the last one given holds for all later calls."""
    return fates[min(attempt, len(fates) - 1)] if fates else ""


def _draw(
    kind: str,
    attempt: int,
    refusal: Refusal | None,
    own_ring: bool,
    habits: list[Habits],
    dice: random.Random,
) -> Fate:
    def time_of(name: str) -> float:
        given = next(value for habit in habits if (value := getattr(habit, name)) is not None)
        assert isinstance(given, Distribution)
        return given.draw(dice)

    setup_s, ring_s = time_of("setup_s"), time_of("ring_s")
    greeting = {"voicemail": "voicemail_s", "announcement": "announcement_s"}.get(kind, "greeting_s")
    presses = []
    for press in next(habit.presses for habit in habits if habit.presses is not None):
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
        ringback=next(habit.ringback for habit in habits if habit.ringback is not None),
        codec=next(habit.codec for habit in habits if habit.codec is not None),
        greeting_s=time_of(greeting),
        talk_s=time_of("talk_s"),
        listen_s=time_of("listen_s"),
        patience_s=time_of("patience_s"),
        presses=tuple(presses),
        voice_seed=dice.getrandbits(31),
    )
