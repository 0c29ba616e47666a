"""Who speaks in an opening: units by voice and kind, chosen by the dice. The same voices are people and
machines; who has only words says greetings joined of words.
"""

import numpy as np

from engine.training.channel import RATE, Dice, Sound, rms
from engine.training.signals import silence
from engine.training.units import Shelf, Unit

SHARES = {"real": 26, "readers": 16, "kokoro": 30, "espeak": 18, "festival": 4, "flite": 3, "piper": 3}
"""How often which kind of voice speaks: the more natural, the oftener, however few of them there are."""


class Voices:
    """The units by voice and kind, for one share of the voices."""

    def __init__(self, shelf: Shelf, units: list[Unit]) -> None:
        self.shelf = shelf
        self._of: dict[str, dict[str, list[Unit]]] = {}
        for unit in units:
            self._of.setdefault(unit.voice, {}).setdefault(unit.kind, []).append(unit)
        self._clips: dict[str, list[tuple[float, Unit]]] = {
            voice: [(len(shelf.sound(unit)) / RATE, unit) for unit in kinds.get("clip", [])]
            for voice, kinds in self._of.items()
        }
        self.names = sorted(self._of)
        self.units = units
        engine_of = {unit.voice: unit.engine for unit in units}
        known = [name for name in self.names if engine_of[name] in SHARES]
        self._by_engine = {
            engine: [name for name in known if engine_of[name] == engine]
            for engine in SHARES
            if any(engine_of[name] == engine for name in known)
        }

    def choose(self, kind: str, dice: Dice) -> tuple[Unit, Sound] | None:
        """A unit of that kind by any voice; a clip of fitting length stands in where there are no texts."""
        engines = {engine: SHARES[engine] for engine in self._by_engine}
        for _ in range(60):
            names = self._by_engine[pick(engines, dice)] if engines else self.names
            found = self.of(names[int(dice.integers(len(names)))], kind, dice)
            if found:
                return found
        return None

    def of(self, voice: str, kind: str, dice: Dice) -> tuple[Unit, Sound] | None:
        kinds = self._of[voice]
        many = kinds.get(kind) or [u for k in _INSTEAD.get(kind, ()) for u in kinds.get(k, [])]
        if not many and kind in _CLIP_S:
            low, high = _CLIP_S[kind]
            many = [unit for seconds, unit in self._clips[voice] if low <= seconds <= high]
        if not many:
            return self._joined(voice, dice) if kind in _JOINED else None
        unit = many[int(dice.integers(len(many)))]
        sound = self.shelf.sound(unit)
        return (unit, sound) if len(sound) > 0.15 * RATE else None

    def _joined(self, voice: str, dice: Dice) -> tuple[Unit, Sound] | None:
        """A long greeting of a speaker of whom there are only clips, so that no kind of voice is on one
        side.
        """
        clips = [unit for _, unit in self._clips[voice]]
        if len(clips) < 8:
            return None
        picked = [clips[int(n)] for n in dice.integers(0, len(clips), dice.integers(4, 9))]
        parts = list[Sound]()
        for unit in picked:
            parts += [levelled(self.shelf.sound(unit), dice), silence(dice.uniform(0.02, 0.35))]
        return picked[0], np.concatenate(parts[:-1])

    def others(self, voice: str, dice: Dice) -> list[Sound]:
        """Six utterances of somebody else."""
        picked = [self.units[int(n)] for n in dice.integers(0, len(self.units), 8)]
        return [
            self.shelf.sound(unit)
            for unit in picked
            if unit.voice != voice and len(self.shelf.sound(unit)) > 800
        ]


_JOINED = ("mach", "oper", "ivr", "ann", "ramble")
_CLIP_S = {
    "hello": (0.3, 1.25),
    "name": (0.8, 1.9),
    "biz": (1.3, 2.6),
    "mshort": (0.9, 2.0),
    "clip": (0.3, 2.6),
}
_INSTEAD = {
    "mach": ("prompt", "long"),
    "oper": ("prompt", "mach"),
    "ivr": ("prompt",),
    "ann": ("prompt",),
    "ramble": ("long",),
}


def levelled(sound: Sound, dice: Dice, spread_db: float = 0.0) -> Sound:
    """At one level, give or take."""
    return sound * np.float32(0.1 / rms(sound) * 10 ** (dice.normal(0, spread_db) / 20))


def pick(weights: dict[str, int], dice: Dice) -> str:
    """One of the names, by its weight."""
    values = np.array(list(weights.values()), float)
    return list(weights)[int(dice.choice(len(values), p=values / values.sum()))]
