"""Fits the detector's network to rows with PyTorch, which only training needs (`pip install prozvon[train]`).

A quarter of an hour on one core for forty thousand openings. Much is changed at random in what is heard, that
it may learn how people and machines speak and not how one line or one voice sounds: level, colour of the
line, length of the throat, pitch, bands missing, frames shifted against the blocks. Beside the truth it
learns to foretell whether somebody will speak within the next second, and of what kind the opening is (a
plain hello, a business, a menu, …): both share the memory and are thrown away later.
Then Platt's slope and offset are fitted to what networks say of voices held out.
"""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt

from engine.amd.features import TIMING
from engine.amd.hearing import BLOCK, FINE, Floats
from engine.amd.network import INPUTS, REACH, SOUND
from engine.domain.errors import ConfigError
from engine.training.rows import BLOCKS, KINDS, Rows, evened

_LEVEL, _PERIODIC, _PITCH, _VAD, _TONE = range(FINE, FINE + 5)
_LEAST_TOP_DBFS = -60.0
_SECOND, _FEW = 50, 3  # frames


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to fit. `filters`, `block`, `memory`, `out`: sizes of the layers. `passes`: over all openings,
    `batch` of them at a time. `rate`: the highest, in a cycle of one rise and one fall (Smith 2017).
    `dropout`: share of what is forgotten at random while learning; `decay`: pull of the weights to nothing.
    `foretell`, `kinds`: what an error about the next second weighs, and one about the kind of opening,
    against one about who it is.
    """

    filters: int = 40
    block: int = 80
    memory: int = 128
    out: int = 48
    passes: int = 16
    batch: int = 96
    rate: float = 4e-3
    dropout: float = 0.15
    decay: float = 0.02
    foretell: float = 0.3
    kinds: float = 0.3


def pytorch() -> Any:
    """ConfigError: PyTorch is not installed."""
    try:
        import torch
    except ImportError as error:
        fix = "pip install 'prozvon[train]' (training alone needs it; the engine does not)."
        raise ConfigError("PyTorch is not installed", "prozvon amd train", fix) from error
    return torch


def _network(recipe: Recipe) -> Any:
    torch = pytorch()
    nn = torch.nn
    return nn.ModuleDict(
        {
            "filter": nn.Linear((REACH + 1) * INPUTS, recipe.filters),
            "block": nn.Linear(BLOCK * recipe.filters, recipe.block),
            "gru": nn.GRU(recipe.block, recipe.memory, batch_first=True),
            "out": nn.Linear(recipe.memory + len(TIMING), recipe.out),
            "last": nn.Linear(recipe.out, 1),
            "next": nn.Linear(recipe.out, 1),
            "kind": nn.Linear(recipe.out, len(KINDS)),
            "forget": nn.Dropout(recipe.dropout),
        }
    )


def _said(network: Any, heard: Any, timing: Any) -> tuple[Any, Any, Any]:
    """Log-odds of a machine and of speech within a second, (openings, BLOCKS), and of each kind, (openings,
    BLOCKS, KINDS). `heard`: (openings, frames, INPUTS)."""
    torch = pytorch()
    relu = torch.nn.functional.relu
    padded = torch.nn.functional.pad(heard, (0, 0, REACH, 0))
    windows = torch.cat([padded[:, at : at + heard.shape[1]] for at in range(REACH + 1)], dim=-1)
    filtered = relu(network["filter"](windows)).reshape(len(heard), BLOCKS, -1)
    memory, _ = network["gru"](network["forget"](relu(network["block"](filtered))))
    out = relu(network["out"](torch.cat([network["forget"](memory), timing], dim=-1)))
    return network["last"](out)[..., 0], network["next"](out)[..., 0], network["kind"](out)


def speaks_next(sound: npt.NDArray[np.float16]) -> npt.NDArray[np.float32]:
    """1 where the strictest detector of voices hears one in the next second, (openings, BLOCKS); nan where
    the opening ends before."""
    voice = (sound[:, :, _VAD] > 1) & (sound[:, :, _TONE] < 1)
    so_far = np.cumsum(np.pad(voice, ((0, 0), (1, 0))), axis=1, dtype=np.int32)
    at = np.arange(1, BLOCKS + 1) * BLOCK
    found: npt.NDArray[np.float32] = np.full((len(sound), BLOCKS), np.nan, np.float32)
    known = at + _SECOND < so_far.shape[1]
    found[:, known] = so_far[:, at[known] + _SECOND] - so_far[:, at[known]] > _FEW
    return found


def _heard(sound: Any, dice: Any = None) -> Any:
    """What `Follower` makes of the same measurements; with dice, of another line, mouth and moment."""
    torch = pytorch()
    sound = sound.float()
    if dice is not None:
        sound = _moved(sound, int(torch.randint(-2, 3, (1,), generator=dice)))
    fine, level = sound[..., :FINE], sound[..., _LEVEL : _LEVEL + 1]
    pitch, tone = sound[..., _PITCH : _PITCH + 1], sound[..., _TONE : _TONE + 1]
    periodic, vad = sound[..., _PERIODIC : _PERIODIC + 1], sound[..., _VAD : _VAD + 1]
    if dice is not None:
        louder = torch.rand(len(sound), 1, 1, generator=dice) * 8 - 4
        fine = _throat(fine, dice) + louder + _colour(len(sound), dice)
        level = level + louder
        pitch = pitch + torch.rand(len(sound), 1, 1, generator=dice) * 0.5 - 0.25
    loud = torch.where((vad > 1) & (tone < 1), level, torch.full_like(level, _LEAST_TOP_DBFS))
    under = (level - torch.cummax(loud, dim=1)[0]).clamp(-45, 15) / 15
    melody = (pitch - 1) * (periodic > 0.5)
    heard = torch.cat([(fine - 45) / 20, (level + 45) / 20, under, periodic, melody, vad - 1, tone], dim=-1)
    if dice is not None:
        first = int(torch.randint(0, FINE - 2, (1,), generator=dice))
        width = int(torch.randint(1, 3, (1,), generator=dice))
        heard[:, :, first : first + width] *= torch.rand(len(sound), 1, 1, generator=dice) < 0.7
    return heard


def _moved(sound: Any, frames: int) -> Any:
    """So many frames later (or earlier), so that blocks begin elsewhere."""
    torch = pytorch()
    if frames > 0:
        return torch.cat([sound[:, :1].expand(-1, frames, -1), sound[:, :-frames]], dim=1)
    if frames < 0:
        return torch.cat([sound[:, -frames:], sound[:, -1:].expand(-1, -frames, -1)], dim=1)
    return sound


def _colour(count: int, dice: Any) -> Any:
    """Another telephone: a tilt and four knots, in dB of each band."""
    torch = pytorch()
    knots = torch.tensor(
        np.stack([np.interp(np.arange(FINE), [0, 6, 12, FINE - 1], row) for row in np.eye(4)]),
        dtype=torch.float32,
    )
    tilt = torch.randn(count, 1, 1, generator=dice) * torch.linspace(-1, 1, FINE)
    return 1.5 * (tilt + torch.randn(count, 1, 4, generator=dice) @ knots)


def _throat(fine: Any, dice: Any) -> Any:
    """Another mouth: all bands up to a tenth higher or lower (Jaitly and Hinton 2013)."""
    torch = pytorch()
    stretch = 1.0 + (torch.rand(len(fine), 1, generator=dice) - 0.5) * 0.2
    from_ = (torch.arange(FINE) * stretch).clamp(0, FINE - 1)[:, None, :]
    share = (1.0 - (from_ - torch.arange(FINE)[None, :, None]).abs()).clamp(min=0.0)
    return fine @ share


def fit(
    rows: Rows,
    which: npt.NDArray[np.intp],
    recipe: Recipe,
    seed: int = 7,
    say: Callable[[str], None] = lambda line: None,
    begin: Any = None,
) -> Any:
    """A network that learnt the openings `which` of the rows, from nothing or going on from `begin`."""
    torch = pytorch()
    torch.manual_seed(seed)
    dice = torch.Generator().manual_seed(seed)
    network = _network(recipe) if begin is None else deepcopy(begin)
    batches = max(1, len(which) // recipe.batch)
    step = torch.optim.AdamW(network.parameters(), recipe.rate, weight_decay=recipe.decay)
    cycle = torch.optim.lr_scheduler.OneCycleLR(step, recipe.rate, recipe.passes * batches, pct_start=0.2)
    network.train()
    following, even = speaks_next(rows.sound), evened(rows)
    for number in range(recipe.passes):
        order, sum_ = torch.randperm(len(which), generator=dice).numpy(), 0.0
        for batch in range(batches):
            some = which[order[batch * recipe.batch : (batch + 1) * recipe.batch]]
            sound, weight, machine, kind = (
                torch.from_numpy(part[some]) for part in (rows.sound, even, rows.machine, rows.kind)
            )
            timing = torch.from_numpy(rows.timing(some))
            logits, next_, kinds = _said(network, _heard(sound, dice), timing)
            loss = _wrong(logits, machine[:, None].expand_as(logits), weight)
            follows = torch.from_numpy(following[some])
            known = weight * ~follows.isnan()
            loss = loss + recipe.foretell * _wrong(next_, follows.nan_to_num(), known)
            loss = loss + recipe.kinds * _mistaken(kinds, kind, weight)
            step.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            step.step()
            cycle.step()
            sum_ += float(loss.detach())
        say(f"pass {number + 1} of {recipe.passes}: {sum_ / batches:.4f}")
    return network


def _wrong(logits: Any, truth: Any, weight: Any) -> Any:
    """Cross-entropy, weighted mean."""
    torch = pytorch()
    each = torch.nn.functional.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    return (each * weight).sum() / weight.sum().clamp(min=1e-6)


def _mistaken(kinds: Any, truth: Any, weight: Any) -> Any:
    """Cross-entropy between kinds, weighted mean; nothing where the kind is not known."""
    torch = pytorch()
    at_each = truth[:, None].expand(-1, BLOCKS)
    each = torch.nn.functional.cross_entropy(
        kinds.transpose(1, 2), at_each, ignore_index=-1, reduction="none"
    )
    return (each * weight).sum() / weight.sum().clamp(min=1e-6)


def logits_of(network: Any, rows: Rows, which: npt.NDArray[np.intp]) -> Floats:
    """What a network says at every look, (openings, BLOCKS)."""
    torch = pytorch()
    network.eval()
    said = list[Any]()
    with torch.no_grad():
        for at in range(0, len(which), 256):
            some = which[at : at + 256]
            said.append(
                _said(
                    network, _heard(torch.from_numpy(rows.sound[some])), torch.from_numpy(rows.timing(some))
                )[0]
            )
    logits: Floats = torch.cat(said).numpy()
    return logits


def calibrate(logits: Floats, machine: Floats, weight: Floats) -> tuple[float, float]:
    """Platt's slope and offset: logistic regression, by Newton's method. `machine`: 0 or 1; `weight`: of each
    look, about 1."""
    design = np.stack([logits, np.ones_like(logits)], axis=1).astype(np.float64)
    found = np.array([1.0, 0.0])
    for _ in range(20):
        p = 1 / (1 + np.exp(-np.clip(design @ found, -30, 30)))
        slope = design.T @ (weight * (p - machine)) + 1e-6 * found
        curve = (design * (weight * p * (1 - p) + 1e-9)[:, None]).T @ design + 1e-6 * np.eye(2)
        found = found - np.linalg.solve(curve, slope)
    return float(found[0]), float(found[1])


def as_text(network: Any, slope: float, offset: float, about: dict[str, Any]) -> str:
    """The file that `engine/amd/network.py` reads."""
    gru = network["gru"]
    layers = {name: (network[name].weight, network[name].bias) for name in ("filter", "block", "out", "last")}
    layers |= {"into": (gru.weight_ih_l0, gru.bias_ih_l0), "memory": (gru.weight_hh_l0, gru.bias_hh_l0)}
    plain = {name: [part.detach().numpy() for part in parts] for name, parts in layers.items()}
    return written(plain, slope, offset, about)


def written(layers: dict[str, list[Floats]], slope: float, offset: float, about: dict[str, Any]) -> str:
    """`layers`: weights as (outputs, inputs), as PyTorch has them, and biases. Four digits. The version is
    the checksum of the weights and of Platt's two numbers."""
    parts = list[str]()
    for name, (weights, biases) in layers.items():
        rows = ",\n    ".join(_row(row) for row in weights.T)
        parts.append(f'  "{name}": {{\n   "biases": {_row(biases)},\n   "weights": [\n    {rows}\n   ]\n  }}')
    body = ",\n".join(parts)
    platt = {"slope": round(slope, 5), "offset": round(offset, 5)}
    checksum = crc32((json.dumps(platt) + body).encode())
    head: dict[str, Any] = {"version": f"network-{checksum:08x}", "about": about, **platt}
    start = json.dumps(head | {"inputs": list(SOUND), "timing": list(TIMING)}, indent=1, ensure_ascii=False)
    return start[:-2] + ',\n "layers": {\n' + body + "\n }\n}\n"


def _row(values: Floats) -> str:
    return "[" + ",".join(f"{float(value):.4g}" for value in values) + "]"
