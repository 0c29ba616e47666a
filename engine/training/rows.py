"""What to train on: of every opening what the ear measured, frame by frame, the features at every look, and
the truth."""

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from engine.amd.audio import FRAME_BYTES, FRAME_S
from engine.amd.features import NAMES
from engine.amd.frames import FLOOR_DBFS, frames_of
from engine.amd.hearing import BLOCK, FINE, LEAD, LEVEL, PERIODIC, PITCH, TONE, VAD, Ear, Floats
from engine.amd.listening import Listening, listen
from engine.amd.network import timing
from engine.amd.tones import ToneLimits
from engine.training.openings import HUMANS, MACHINES, OTHERS, Opening

UNTIL_S = 6.2  # looks later than this decide nothing
FRAMES = int(UNTIL_S / FRAME_S) // BLOCK * BLOCK
BLOCKS = FRAMES // BLOCK
BLOCK_S = BLOCK * FRAME_S
MEASURED = FINE + 5  # bands, level, periodicity, pitch, voice activity, tone: as the ear has them
_LEVEL = FINE
LONGEST_PAUSE_S = 1.85
_PAUSES = [NAMES.index("quiet_s"), NAMES.index("longest_gap_s")]
KINDS = (*(f"human/{kind}" for kind in HUMANS), *(f"machine/{kind}" for kind in MACHINES), *OTHERS)
TRUTH = {"human": 0.0, "silence": 0.5}
"""How much of a machine an opening is; 1 unless it is here. Of a noisy line on which nobody speaks nothing is
to be said, so that one goes on listening."""

Halves = npt.NDArray[np.float16]
Flags = npt.NDArray[np.bool_]


@dataclass(slots=True)
class Rows:
    """A line for each opening. `sound`: (openings, FRAMES, MEASURED). `features`: (openings, BLOCKS, NAMES).
    `weight`: of each look, 0 where there is nothing to learn. `beep_s`: when a beep was told, inf for never.
    `start_s`, `end_s`: of the greeting, nan for none. `counted`: is it a person or a machine (and no fax,
    tone, silence)? `kind`: its place in KINDS, -1 for another. `family`: where its voice comes from, "" for
    none.
    """

    sound: Halves
    features: Floats
    weight: Floats
    machine: Floats
    beep_s: Floats
    start_s: Floats
    end_s: Floats
    counted: Flags
    kind: npt.NDArray[np.int64]
    family: npt.NDArray[np.str_]

    def timing(self, which: npt.NDArray[np.intp]) -> Floats:
        """What the network is told of timing, (openings, BLOCKS, TIMING)."""
        return timing(self.features[which])


@dataclass(slots=True)
class Looks:
    """Of one opening. `counts`: 1.0 for each look that teaches something. After a beep, and after so long a
    pause that it is decided, none does."""

    sound: Floats
    features: Floats
    counts: Floats
    beep_s: float


def measured(ear: Ear) -> Floats:
    """All that the ear has measured so far, (frames, MEASURED)."""
    found: Floats = ear.sound[LEAD : LEAD + ear.measured, [*range(FINE), LEVEL, PERIODIC, PITCH, VAD, TONE]]
    return found


def looks(pcm: bytes) -> Looks:
    listening = Listening(ToneLimits())
    listening.always = True
    told = np.zeros((BLOCKS, len(NAMES)), np.float32)
    counts, beep_s = np.zeros(BLOCKS, np.float32), np.inf
    for at in range(0, min(len(pcm), FRAMES * FRAME_BYTES) - FRAME_BYTES + 1, FRAME_BYTES):
        listen([listening], frames_of([pcm[at : at + FRAME_BYTES]]))
        if listening.broken is not None:
            raise listening.broken
        if listening.tone is not None and listening.tone.kind.value == "beep":
            beep_s = (at + FRAME_BYTES) / 16_000
            break
        if listening.looked and listening.told is not None:
            block = listening.ear.measured // BLOCK - 1
            told[block] = listening.told
            counts[block] = float(listening.told[_PAUSES].max()) <= LONGEST_PAUSE_S
    return Looks(measured(listening.ear), told, counts, beep_s)


def rows_of(openings: list[Opening]) -> Rows:
    """Of all but faxes, which tones tell by themselves. An opening with many looks is still one opening: each
    look weighs less."""
    kept = [opening for opening in openings if opening.label != "fax"]
    rows = Rows(
        np.zeros((len(kept), FRAMES, MEASURED), np.float16),
        np.zeros((len(kept), BLOCKS, len(NAMES)), np.float32),
        np.zeros((len(kept), BLOCKS), np.float32),
        np.array([TRUTH.get(opening.label, 1.0) for opening in kept], np.float32),
        np.full(len(kept), np.inf, np.float32),
        _seconds([opening.speech_start_s for opening in kept]),
        _seconds([opening.greeting_end_s for opening in kept]),
        np.array([opening.label in ("human", "machine") for opening in kept], np.bool_),
        np.array([_kind(opening) for opening in kept], np.int64),
        np.array([opening.voice.partition(":")[0] for opening in kept], np.str_),
    )
    rows.sound[:, :, _LEVEL] = FLOOR_DBFS
    for number, opening in enumerate(kept):
        found = looks(opening.pcm)
        rows.sound[number, : len(found.sound)] = found.sound
        rows.features[number], rows.beep_s[number] = found.features, found.beep_s
        rows.weight[number] = found.counts / np.sqrt(max(1.0, float(found.counts.sum())))
    return rows


def _kind(opening: Opening) -> int:
    name = opening.label if opening.label in OTHERS else f"{opening.label}/{opening.subtype}"
    return KINDS.index(name) if name in KINDS else -1


def evened(rows: Rows) -> Floats:
    """Weights, (openings, BLOCKS), by which people and machines of each family of voices count the same: who
    reads aloud for a recorder is no machine for that, and who is synthesised no person."""
    each, factor = rows.weight.sum(axis=1), np.ones(len(rows.machine), np.float32)
    for family in set(rows.family.tolist()) - {""}:
        sides = [(rows.family == family) & rows.counted & (rows.machine == side) for side in (0.0, 1.0)]
        weights = [float(each[side].sum()) for side in sides]
        if min(weights) > 0.0:
            for side, weight in zip(sides, weights, strict=True):
                factor[side] = sum(weights) / 2 / weight
    return rows.weight * factor[:, None]


def _seconds(values: list[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], np.float32)


def joined(many: list[Rows]) -> Rows:
    return Rows(*(np.concatenate([getattr(rows, one.name) for rows in many]) for one in fields(Rows)))
