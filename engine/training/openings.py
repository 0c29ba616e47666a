"""Call openings put together from units: what the callee's side sounds like from the answer on, and the
truth.

People and machines speak with the same voices, in lines of their own kinds; clips of real speakers serve
both. What differs is what differs on the telephone: who waits and who goes on, and the room.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from engine.amd.audio import Law
from engine.training import signals
from engine.training.cast import Voices, levelled, pick
from engine.training.channel import NOISES, RATE, Dice, Line, Sound, rms, transmit, tune
from engine.training.signals import silence

LENGTH_S = 9.0


@dataclass(slots=True)
class Opening:
    """`label`: human, machine, announcement, sit, fax, tone, dtmf, silence. Times in seconds from the answer,
    None for never."""

    label: str
    subtype: str
    voice: str
    lang: str
    engine: str
    line: Line
    pcm: bytes
    speech_start_s: float | None = None
    greeting_end_s: float | None = None
    beep_s: float | None = None
    beep_end_s: float | None = None
    beep_hz: float = 0.0
    name: str = ""


@dataclass(slots=True)
class _Sheet:
    """An opening while it is written: sounds one after another."""

    parts: list[Sound] = field(default_factory=list)
    at: int = 0
    start: int | None = None
    end: int | None = None
    beep: tuple[int, int, float] | None = None

    def add(self, sound: Sound, speech: bool = False) -> None:
        if speech and self.start is None:
            self.start = self.at
        self.parts.append(sound)
        self.at += len(sound)
        if speech:
            self.end = self.at


# Who speaks to a recorder has nobody to wait for: between a "hello" and what follows there is a breath, and
# longer than a second only where somebody means to fool the caller.
HUMANS = {
    "hello": 28,
    "name": 12,
    "biz": 17,
    "double": 11,
    "noisy": 14,
    "delayed": 9,
    "late": 3,
    "cough": 6,
    "ramble": 4,
}
MACHINES = {
    "personal": 27,
    "operator": 14,
    "short": 13,
    "delayed": 9,
    "hellopause": 16,
    "music": 6,
    "pieces": 8,
    "ivr": 5,
    "beeponly": 4,
}
OTHERS = {"announcement": 5, "sit": 5, "fax": 6, "tone": 6, "dtmf": 2, "silence": 4}


def _speed(sound: Sound, factor: float) -> Sound:
    at = np.arange(0, len(sound) - 1, factor)
    stretched: Sound = np.interp(at, np.arange(len(sound)), sound).astype(np.float32)
    return stretched


def _seconds(at: int | None) -> float | None:
    return None if at is None or at > LENGTH_S * RATE else at / RATE


def _line(label: str, subtype: str, dice: Dice) -> Line:
    """People are where life is; a greeting was recorded once, mostly somewhere quiet."""
    live = label == "human"
    noise = str(dice.choice(NOISES[1:]))
    snr: float | None
    if subtype == "noisy":
        snr = dice.uniform(4.5, 12.5)
    elif dice.random() < (0.12 if live else 0.33):
        snr, noise = None, "none"
    else:
        snr = dice.normal(19.5, 4.8) if live else dice.normal(24.5, 5.5)
    digital = dice.random() < (0.12 if live else 0.35)
    return Line(
        level_dbfs=float(np.clip(dice.normal(-22, 5.5), -38, -10)),
        snr_db=snr,
        noise=noise,
        law=Law.PCMU if dice.random() < 0.5 else Law.PCMA,
        vocoder=bool(dice.random() < 0.3),
        loss=float(dice.choice([0, 0, 0, 0.005, 0.01, 0.02, 0.035])),
        room_s=float(dice.uniform(0.05, 0.35)) if dice.random() < 0.25 else 0.0,
        idle_dbfs=-99.0 if digital else float(dice.uniform(-82, -60)),
        gate_db=float(dice.uniform(6, 20)) if dice.random() < 0.15 else 0.0,
        levelled=bool(dice.random() < 0.12),
    )


class Author:
    """Writes openings with the voices given."""

    def __init__(self, voices: Voices, dice: Dice) -> None:
        self._voices, self._dice = voices, dice
        self._voice = self._lang = self._engine = ""

    def write(self, label: str, subtype: str = "") -> Opening | None:
        """One opening; None when no voice has what it needs."""
        dice = self._dice
        if not subtype:
            subtype = pick({"human": HUMANS, "machine": MACHINES}.get(label, {label: 1}), dice)
        self._voice = self._lang = self._engine = ""
        sheet = _Sheet()
        if dice.random() < 0.1 and label in ("human", "machine"):  # what is left of the ringing
            hz, _ = list(signals.RINGBACKS.values())[int(dice.integers(len(signals.RINGBACKS)))]
            sheet.add(signals.tone(hz, dice.uniform(0.1, 0.6), 0.1))
        if label == "human":
            done = self._human(subtype, sheet)
        elif label == "machine":
            done = self._machine(subtype, sheet)
        else:
            done = self._other(label, sheet)
        if not done:
            return None
        length = int(LENGTH_S * RATE)
        sound = np.concatenate([*sheet.parts, silence(LENGTH_S)])[:length]
        line = _line(label, subtype, dice)
        if label == "silence" or rms(sound) < 1e-3:
            sound = sound + dice.normal(size=length).astype(np.float32) * 1e-6
        pcm = transmit(sound, line, self._voices.others(self._voice, dice), dice)
        opening = Opening(label, subtype, self._voice, self._lang, self._engine, line, pcm)
        opening.speech_start_s, opening.greeting_end_s = _seconds(sheet.start), _seconds(sheet.end)
        if sheet.beep is not None and sheet.beep[0] < length - 4_000:
            opening.beep_s, opening.beep_end_s = sheet.beep[0] / RATE, sheet.beep[1] / RATE
            opening.beep_hz = sheet.beep[2]
        return opening

    def _say(self, kind: str, spread_db: float = 0.0) -> Sound | None:
        """Somebody says something of that kind: the voice chosen first goes on."""
        found = self._voices.of(self._voice, kind, self._dice) if self._voice else None
        if found is None:
            if self._voice:
                return None
            found = self._voices.choose(kind, self._dice)
            if found is None:
                return None
            unit = found[0]
            self._voice, self._lang, self._engine = unit.voice, unit.lang, unit.engine
            self._pace = self._dice.uniform(0.84, 1.2)
        return levelled(_speed(found[1], self._pace), self._dice, spread_db)

    def _human(self, subtype: str, sheet: _Sheet) -> bool:
        dice = self._dice
        kind = {"name": "name", "biz": "biz", "ramble": "ramble"}.get(subtype, "hello")
        if subtype in ("noisy", "delayed", "double", "cough") and dice.random() < 0.3:
            kind = "name"
        said = self._say(kind)
        if said is None:
            return False
        wait = {"delayed": (1.1, 2.9), "late": (3.3, 5.2), "cough": (0.2, 0.9)}.get(subtype, (0.1, 1.2))
        sheet.add(silence(dice.uniform(*wait)))
        if subtype == "cough":
            n = int(dice.uniform(0.1, 0.4) * RATE)
            burst = dice.normal(size=n) * np.hanning(n) * dice.uniform(0.05, 0.25)
            sheet.add(burst.astype(np.float32))
            sheet.add(silence(dice.uniform(0.15, 0.8)))
        sheet.add(said, speech=True)
        if subtype == "double":
            again = said if dice.random() < 0.5 else self._say("hello", 1.5)
            sheet.add(silence(dice.uniform(0.25, 1.2)))
            sheet.add(said if again is None else again, speech=True)
        elif dice.random() < 0.45 and subtype != "late":  # nobody answers them: they ask again
            again = self._say("hello", 2.0)
            sheet.add(silence(dice.uniform(1.6, 4.0)))
            end = sheet.end
            sheet.add(said if again is None else again)
            sheet.end = end
        return True

    def _machine(self, subtype: str, sheet: _Sheet) -> bool:
        dice = self._dice
        if subtype == "beeponly":
            sheet.add(silence(dice.uniform(0.4, 4.0)))
            self._beep(sheet, 1.0)
            return True
        kind = {"operator": "oper", "short": "mshort", "ivr": "ivr", "pieces": "clip"}.get(subtype, "mach")
        said = self._say(kind)
        if said is None:
            return False
        start = {"delayed": (1.2, 3.2), "music": (0.0, 0.3), "hellopause": (0.1, 0.9)}.get(
            subtype, (0.1, 1.0)
        )
        sheet.add(silence(dice.uniform(*start)))
        if subtype == "hellopause":
            hello = self._say("hello")
            if hello is None:
                return False
            sheet.add(hello, speech=True)
            sheet.add(silence(dice.uniform(0.3, 1.0) if dice.random() < 0.94 else dice.uniform(1.0, 2.0)))
        if subtype == "music":
            n = int(dice.uniform(1.0, 2.8) * RATE)
            sheet.add(tune(n, dice) * np.float32(dice.uniform(0.03, 0.08)))
        sheet.add(said, speech=True)
        more = int(dice.integers(2, 7)) if subtype == "pieces" else 0
        if subtype in ("personal", "operator") and len(said) < 4 * RATE:
            more = 2
        for _ in range(more):
            sheet.add(silence(dice.uniform(0.1, 0.5)))
            piece = self._say(kind)
            if piece is not None:
                sheet.add(piece, speech=True)
        if subtype != "ivr" and dice.random() < (0.92 if subtype in ("short", "operator") else 0.7):
            sheet.add(silence(dice.uniform(0.1, 1.3)))
            self._beep(sheet, 0.1)
        return True

    def _beep(self, sheet: _Sheet, floor: float) -> None:
        sound, hz = signals.beep(self._dice, 0.1 * 10 ** (self._dice.uniform(-8, 7) / 20))
        begin = sheet.at
        sheet.add(sound)
        sheet.beep = (begin, sheet.at, hz)

    def _other(self, label: str, sheet: _Sheet) -> bool:
        dice = self._dice
        if label == "silence":
            sheet.add(silence(LENGTH_S))
            return True
        if label == "fax":
            sheet.add(signals.fax(str(dice.choice(["ced", "ansam", "cng"], p=[0.45, 0.4, 0.15])), dice, 0.1))
            return True
        if label == "dtmf":
            sheet.add(signals.keys(dice, 0.1))
            return True
        if label == "tone":
            many = signals.RINGBACKS if dice.random() < 0.5 else signals.BUSIES
            hz, on_off = list(many.values())[int(dice.integers(len(many)))]
            sheet.add(signals.cadence(hz, on_off, LENGTH_S, dice, 0.1))
            return True
        said = self._say("ann")
        if said is None:
            return False
        sheet.add(silence(dice.uniform(0.1, 0.7)))
        if label == "sit":
            sheet.add(signals.sit(list(signals.SITS)[int(dice.integers(len(signals.SITS)))], 0.1))
            sheet.add(silence(dice.uniform(0.0, 0.4)))
        for _ in range(3):
            sheet.add(said, speech=True)
            sheet.add(silence(dice.uniform(0.5, 1.5)))
        return True


def write_many(
    voices: Voices, count: int, seed: int, progress: Callable[[int], None] | None = None
) -> Iterator[Opening]:
    """`count` openings: 44 % people, 44 % machines, the rest everything else. The same seed, the
    same openings."""
    dice = np.random.default_rng(seed)
    author, made = Author(voices, dice), 0
    while made < count:
        label = str(dice.choice(["human", "machine", "other"], p=[0.44, 0.44, 0.12]))
        opening = author.write(pick(OTHERS, dice) if label == "other" else label)
        if opening is None:
            continue
        made += 1
        if progress is not None:
            progress(made)
        yield opening
