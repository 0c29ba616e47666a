"""What to train on: of every opening what the ear measured, frame by frame, and the timing at every look."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.amd.audio import FRAME_BYTES, FRAME_S
from engine.amd.features import NAMES
from engine.amd.hearing import BLOCK, FINE, FLOOR_DBFS, Ear
from engine.amd.listening import Listening
from engine.amd.network import TIMING, timing
from engine.amd.shapes import Floats
from engine.amd.tones import ToneLimits
from engine.training.openings import Opening

UNTIL_S = 6.2  # looks later than this decide nothing
FRAMES = int(UNTIL_S / FRAME_S) // BLOCK * BLOCK
BLOCKS = FRAMES // BLOCK
MEASURED = FINE + 5  # bands, level, periodicity, pitch, voice activity, tone: as the ear has them
_LEVEL = FINE
LONGEST_PAUSE_S = 1.85
_PAUSES = [NAMES.index("quiet_s"), NAMES.index("longest_gap_s")]
TRUTH = {"human": 0.0, "silence": 0.5}
"""How much of a machine an opening is; 1 unless it is here. Of a noisy line on which nobody speaks nothing is
to be said, so that one goes on listening."""

Halves = npt.NDArray[np.float16]


@dataclass(slots=True)
class Rows:
    """`sound`: (openings, FRAMES, MEASURED). `timing`: (openings, BLOCKS, TIMING). `weight`: of each look, 0
    where there is nothing to decide. `machine`: (openings,)."""

    sound: Halves
    timing: Floats
    weight: Floats
    machine: Floats


def measured(ear: Ear) -> Floats:
    """All that the ear has measured so far, (frames, MEASURED)."""
    to = slice(0, ear.measured)
    columns = (ear.level, ear.periodic, ear.pitch, ear.vad, ear.tone)
    return np.concatenate([ear.fine[to], np.stack([one[to] for one in columns], axis=1)], axis=1)


def looks(pcm: bytes) -> tuple[Floats, Floats, Floats]:
    """(measured, timing, 1.0 or 0.0 for whether the look counts) of one opening. After a beep, and after so
    long a pause that it is decided, no look teaches anything."""
    listening = Listening(ToneLimits())
    listening.always = True
    told = np.zeros((BLOCKS, len(TIMING)), np.float32)
    counts = np.zeros(BLOCKS, np.float32)
    for at in range(0, min(len(pcm), FRAMES * FRAME_BYTES) - FRAME_BYTES + 1, FRAME_BYTES):
        tone, looked = listening.push(pcm[at : at + FRAME_BYTES])
        if tone is not None and tone.kind.value == "beep":
            break
        if looked and listening.told is not None:
            block = listening.ear.measured // BLOCK - 1
            told[block] = timing(listening.told)
            counts[block] = float(listening.told[_PAUSES].max()) <= LONGEST_PAUSE_S
    return measured(listening.ear), told, counts


def rows_of(openings: list[Opening]) -> Rows:
    """Of all but faxes, which tones tell by themselves. An opening with many looks is still one opening: each
    look weighs less."""
    kept = [opening for opening in openings if opening.label != "fax"]
    rows = Rows(
        np.zeros((len(kept), FRAMES, MEASURED), np.float16),
        np.zeros((len(kept), BLOCKS, len(TIMING)), np.float32),
        np.zeros((len(kept), BLOCKS), np.float32),
        np.array([TRUTH.get(opening.label, 1.0) for opening in kept], np.float32),
    )
    rows.sound[:, :, _LEVEL] = FLOOR_DBFS
    for number, opening in enumerate(kept):
        sound, rows.timing[number], counts = looks(opening.pcm)
        rows.sound[number, : len(sound)] = sound
        rows.weight[number] = counts / np.sqrt(max(1.0, float(counts.sum())))
    return rows


def joined(many: list[Rows]) -> Rows:
    return Rows(
        np.concatenate([rows.sound for rows in many]),
        np.concatenate([rows.timing for rows in many]),
        np.concatenate([rows.weight for rows in many]),
        np.concatenate([rows.machine for rows in many]),
    )
