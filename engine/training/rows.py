"""Rows to train on: every look of the detector at every opening, with the truth and the time beside it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.amd.audio import FRAME_BYTES
from engine.amd.features import NAMES
from engine.amd.listening import Listening
from engine.amd.shapes import Floats
from engine.amd.tones import ToneLimits
from engine.training.openings import Opening

LONGEST_PAUSE_S = 1.75
_QUIET, _GAP = NAMES.index("quiet_s"), NAMES.index("longest_gap_s")
UNTIL_S = 6.2  # looks later than this decide nothing


@dataclass(slots=True)
class Rows:
    """`x`: features, a line for each look. `opening`: whose; `at_s`: when; `machine`: the truth."""

    x: Floats
    opening: npt.NDArray[np.int32]
    at_s: Floats
    machine: Floats


def worth_it(told: Floats) -> bool:
    """After so long a pause it is decided, so what comes later teaches nothing."""
    return bool(told[_QUIET] <= LONGEST_PAUSE_S and told[_GAP] <= LONGEST_PAUSE_S)


def looks(pcm: bytes, until_s: float = UNTIL_S) -> tuple[list[Floats], list[float]]:
    """Features and times of every look at which somebody had spoken. A beep after speech ends the list: it
    decides by itself."""
    listening = Listening(ToneLimits())
    listening.always = True
    found, at_s = list[Floats](), list[float]()
    for at in range(0, min(len(pcm), int(until_s * 16_000)) - FRAME_BYTES + 1, FRAME_BYTES):
        tone, looked = listening.push(pcm[at : at + FRAME_BYTES])
        if tone is not None and tone.kind.value == "beep":
            break
        if looked and listening.told is not None and worth_it(listening.told):
            found.append(listening.told)
            at_s.append((at + FRAME_BYTES) / 16_000)
    return found, at_s


def rows_of(openings: list[Opening]) -> Rows:
    """Of people and machines; what is neither is told by tones."""
    x, who, when, truth = list[Floats](), list[int](), list[float](), list[float]()
    for number, opening in enumerate(openings):
        if opening.label not in ("human", "machine", "announcement", "sit"):
            continue
        found, at_s = looks(opening.pcm)
        x += found
        when += at_s
        who += [number] * len(found)
        truth += [float(opening.label != "human")] * len(found)
    empty = np.zeros((0, len(NAMES)), np.float32)
    return Rows(
        np.stack(x) if x else empty,
        np.array(who, np.int32),
        np.array(when, np.float32),
        np.array(truth, np.float32),
    )
