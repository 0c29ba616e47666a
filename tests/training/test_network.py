"""The network: its formulas by hand, its file, and what training makes of an opening."""

import json
from dataclasses import replace

import numpy as np
import pytest

from engine.amd.audio import FRAME_BYTES
from engine.amd.features import NAMES, TIMING
from engine.amd.frames import frames_of
from engine.amd.hearing import BLOCK, Floats
from engine.amd.listening import Listening, listen
from engine.amd.network import INPUTS, REACH, Network, parse, standard, timing
from engine.amd.tones import ToneLimits
from engine.domain.errors import ConfigError
from engine.training.network_fit import written
from engine.training.openings import Opening
from engine.training.rows import BLOCKS, FRAMES, KINDS, MEASURED, evened, looks, measured, rows_of
from tests.amd import openings
from tests.amd.openings import pcm, silence


def test_a_look_has_a_number_for_every_name_and_none_is_without_value():
    found = looks(openings.machine())
    assert found.sound.shape == (FRAMES, MEASURED)
    assert found.features.shape == (BLOCKS, len(NAMES))
    assert timing(found.features).shape == (BLOCKS, len(TIMING))
    assert found.counts.sum() > 40
    assert np.isfinite(found.sound).all()
    assert np.isfinite(found.features).all()


def layers(seed: int) -> dict[str, list[Floats]]:
    """Random ones, small, as PyTorch has them: (outputs, inputs) and biases."""
    dice, filters, block, memory, out = np.random.default_rng(seed), 4, 6, 5, 3
    sizes = {"filter": (filters, (REACH + 1) * INPUTS), "block": (block, BLOCK * filters)}
    sizes |= {"into": (3 * memory, block), "memory": (3 * memory, memory)}
    sizes |= {"out": (out, memory + len(TIMING)), "last": (1, out)}
    return {
        name: [dice.normal(0, 0.3, part).astype(np.float32) for part in (size, size[:1])]
        for name, size in sizes.items()
    }


def by_hand(parts: dict[str, list[Floats]], heard: Floats, told: Floats) -> float:
    """The formulas, one number after another: no views that stay, no gates side by side."""
    (into, into_bias), (memory, memory_bias) = parts["into"], parts["memory"]
    size = memory.shape[1]
    state = np.zeros(size)
    padded = np.concatenate([np.zeros((REACH, INPUTS)), heard])
    for at in range(0, len(heard), BLOCK):
        filtered = [
            np.maximum(parts["filter"][0] @ padded[frame : frame + REACH + 1].ravel() + parts["filter"][1], 0)
            for frame in range(at, at + BLOCK)
        ]
        block = np.maximum(parts["block"][0] @ np.concatenate(filtered) + parts["block"][1], 0)
        forget, keep = (
            1
            / (1 + np.exp(-(into[gate] @ block + into_bias[gate] + memory[gate] @ state + memory_bias[gate])))
            for gate in (slice(0, size), slice(size, 2 * size))
        )
        last = slice(2 * size, 3 * size)
        new = np.tanh(
            into[last] @ block + into_bias[last] + forget * (memory[last] @ state + memory_bias[last])
        )
        state = (1 - keep) * new + keep * state
    out = np.maximum(parts["out"][0] @ np.concatenate([state, timing(told)]) + parts["out"][1], 0)
    return float(parts["last"][0][0] @ out + parts["last"][1][0])


def inputs(sound: Floats) -> Floats:
    """What the network is told of measured frames, by the letter."""
    top, rows = -60.0, list[list[float]]()
    for *fine, level, periodic, pitch, vad, tonal in sound.astype(float):
        if vad == 2 and not tonal:
            top = max(top, level)
        row = [(band - 45) / 20 for band in fine] + [(level + 45) / 20, min(15, max(-45, level - top)) / 15]
        rows.append([*row, periodic, (pitch - 1) * (periodic > 0.5), vad - 1, tonal])
    return np.array(rows, np.float32)


def test_the_network_says_what_its_formulas_say():
    parts = layers(3)
    model = parse(written(parts, 2.0, 0.5, {}))
    rounded = {name: [weights.T, biases] for name in parts for weights, biases in [_of(model, name)]}
    listening = Listening(ToneLimits(), model)
    listening.always = True
    sound = openings.machine()
    for at in range(0, 3 * 16_000, FRAME_BYTES):
        listen([listening], frames_of([sound[at : at + FRAME_BYTES]]))
    assert listening.told is not None
    heard = inputs(measured(listening.ear))
    assert heard.shape == (150, INPUTS)
    expected = 2.0 * by_hand(rounded, heard, listening.told) + 0.5
    assert listening.logit == pytest.approx(expected, abs=1e-3)


def _of(model: Network, name: str) -> tuple[Floats, Floats]:
    return model.weights[name], model.biases[name]


def test_training_hears_what_the_engine_hears():
    torch = pytest.importorskip("torch")
    from engine.training import network_fit as fit

    recipe = fit.Recipe(filters=4, block=6, memory=5, out=3, passes=1, batch=2)
    truth = {"human": openings.person(), "machine": openings.machine(), "silence": pcm(silence(7.0))}
    rows = rows_of(
        [
            Opening(label, "", "code:one", "xx", "", None, sound)  # type: ignore[arg-type]
            for label, sound in truth.items()
        ]
    )
    network = fit.fit(rows, np.arange(3), recipe)
    model = parse(fit.as_text(network, 1.0, 0.0, {}))
    listening = Listening(ToneLimits(), model)
    listening.always = True
    for at in range(0, 4 * 16_000, FRAME_BYTES):
        listen([listening], frames_of([truth["machine"][at : at + FRAME_BYTES]]))
    said = fit.logits_of(network, rows, np.arange(3))
    assert said.shape == (3, BLOCKS)
    assert listening.told is not None
    assert listening.logit == pytest.approx(float(said[1, 39]), abs=0.02)
    assert torch.isfinite(torch.from_numpy(said)).all()


def test_a_course_holds_every_part_out_once_and_writes_the_network_that_it_reports():
    pytest.importorskip("torch")
    from engine.training.course import PARTS, train
    from engine.training.network_fit import Recipe

    both = {"human": openings.person(), "machine": openings.machine()}
    rows = rows_of(
        [
            Opening(label, "", "code:one", "xx", "", None, sound, 0.5, 1.5)  # type: ignore[arg-type]
            for label, sound in [*both.items()] * PARTS
        ]
    )
    part = np.repeat(np.arange(PARTS, dtype=np.int32), len(both))
    said = list[str]()
    recipe = Recipe(filters=4, block=6, memory=5, out=3, passes=2, batch=2)
    trained = train(rows, part, recipe, 1, 5, said.append, tries=3)
    assert sum(line.startswith("voices held out, part") for line in said) == PARTS
    assert trained.report["voices_held_out"]["right"]["of"] == 2 * PARTS
    assert parse(trained.network).version.startswith("network-")


def test_rows_say_what_counts_and_what_is_true():
    machine = openings.machine()
    made = [
        Opening("machine", "", "code:one", "xx", "", None, machine),  # type: ignore[arg-type]
        Opening("fax", "", "", "", "", None, openings.fax()),  # type: ignore[arg-type]
        Opening("silence", "", "", "", "", None, pcm(silence(7.0))),  # type: ignore[arg-type]
    ]
    rows = rows_of(made)
    assert rows.machine.tolist() == [1.0, 0.5]
    assert rows.sound.shape == (2, FRAMES, MEASURED)
    counted = np.count_nonzero(rows.weight, axis=1)
    assert counted[0] > 40
    assert counted[1] == 0
    assert rows.weight[0].sum() == pytest.approx(np.sqrt(counted[0]), rel=1e-3)


def test_people_and_machines_of_each_family_of_voices_count_the_same():
    person, machine = openings.person(), openings.machine()
    made = [("human", "hello", person), ("machine", "personal", machine), ("machine", "short", machine)]
    rows = rows_of(
        [
            Opening(label, kind, f"{family}:one", "xx", "", None, sound)  # type: ignore[arg-type]
            for family in ("reader", "robot")
            for label, kind, sound in made
        ]
        + [Opening("silence", "", "", "", "", None, pcm(silence(7.0)))]  # type: ignore[arg-type]
    )
    assert [KINDS[kind] for kind in rows.kind[:3]] == ["human/hello", "machine/personal", "machine/short"]
    assert KINDS[rows.kind[-1]] == "silence"
    even = evened(rows).sum(axis=1)
    for first in (0, 3):
        assert even[first] == pytest.approx(even[first + 1] + even[first + 2], rel=1e-4)
    assert even.sum() == pytest.approx(rows.weight.sum(), rel=1e-4)
    alone = replace(rows, family=np.array(["only"] * 7), machine=np.ones(7, np.float32))
    assert (evened(alone) == rows.weight).all()


def test_a_network_for_other_inputs_or_with_layers_that_do_not_fit_is_refused():
    text = json.loads(written(layers(1), 1.0, 0.0, {}))
    with pytest.raises(ConfigError, match="other inputs"):
        parse(json.dumps(text | {"inputs": ["at_s"]}))
    text["layers"]["block"]["weights"].pop()
    with pytest.raises(ConfigError, match="'block' does not fit"):
        parse(json.dumps(text))
    with pytest.raises(ConfigError, match="not a network"):
        parse("{")
    assert standard().version
    text = json.loads(written(layers(1), 1.0, 0.0, {}))
    text.pop("slope")
    with pytest.raises(ConfigError, match="not a network: 'slope'"):
        parse(json.dumps(text))


def test_the_version_names_the_weights_and_the_calibration_and_changes_with_them():
    one, same, other = (parse(written(layers(seed), 1.0, 0.0, {})).version for seed in (1, 1, 2))
    assert one == same != other
    assert parse(written(layers(1), 1.1, 0.0, {})).version != one


def test_what_is_said_next_is_known_up_to_a_second_before_the_end():
    from engine.training.network_fit import speaks_next

    sound = np.zeros((1, FRAMES, MEASURED), np.float16)
    sound[0, 100:120, -2] = 2
    said = speaks_next(sound)[0]
    assert said.shape == (BLOCKS,)
    assert not said[:9].any()
    assert said[10:23].all()
    assert not said[24:-10].any()
    assert np.isnan(said[-10:]).all()
