"""Fits the detector's trees to rows, a minute or two on one core. Cross-validation is by voice.

Gradient boosting with LightGBM, which only training needs (`pip install lightgbm==4.7.0`): small trees, much
shrinkage, few inputs for each tree and many rows for each leaf, for it will be judged on voices that it never
heard. Then two numbers (Platt's slope and offset) are fitted to what trees say of voices held out.
"""

import json
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np

from engine.amd.features import NAMES
from engine.amd.shapes import Floats
from engine.domain.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to fit. `share_of_inputs`, `share_of_rows`: what each tree sees; `leaf_rows`: least rows in a
    leaf.
    """

    trees: int = 150
    leaves: int = 24
    depth: int = 6
    rate: float = 0.06
    leaf_rows: int = 200
    share_of_inputs: float = 0.4
    share_of_rows: float = 0.5
    penalty: float = 20.0

    def parameters(self, seed: int) -> dict[str, Any]:
        return {
            "objective": "binary",
            "num_leaves": self.leaves,
            "max_depth": self.depth,
            "learning_rate": self.rate,
            "min_data_in_leaf": self.leaf_rows,
            "feature_fraction": self.share_of_inputs,
            "bagging_fraction": self.share_of_rows,
            "bagging_freq": 1,
            "lambda_l2": self.penalty,
            "num_threads": 1,
            "verbosity": -1,
            "seed": seed,
            "deterministic": True,
        }


def boosting() -> Any:
    """ConfigError: LightGBM is not installed."""
    try:
        import lightgbm
    except ImportError as error:
        fix = "pip install lightgbm==4.7.0 (training alone needs it; the engine does not)."
        raise ConfigError("LightGBM is not installed", "prozvon amd train", fix) from error
    return lightgbm


def fit(x: Floats, machine: Floats, weight: Floats, recipe: Recipe, seed: int = 7) -> Any:
    """Boosted trees, as LightGBM has them. `machine`: 0 or 1; `weight`: of each row, about 1."""
    lightgbm = boosting()
    rows = lightgbm.Dataset(x, machine, weight=weight)
    return lightgbm.train(recipe.parameters(seed), rows, recipe.trees)


def calibrate(logits: Floats, machine: Floats, weight: Floats) -> tuple[float, float]:
    """Platt's slope and offset."""
    slope, offset = weighed([logits], machine, weight)
    return slope, offset


def weighed(logits: list[Floats], machine: Floats, weight: Floats) -> list[float]:
    """What each opinion's log-odds are worth beside the others', and the offset: logistic regression, by
    Newton's method."""
    design = np.stack([*logits, np.ones_like(logits[0])], axis=1).astype(np.float64)
    found = np.zeros(design.shape[1])
    found[:-1] = 1.0 / len(logits)
    for _ in range(20):
        p = 1 / (1 + np.exp(-np.clip(design @ found, -30, 30)))
        slope = design.T @ (weight * (p - machine)) + 1e-6 * found
        curve = (design * (weight * p * (1 - p) + 1e-9)[:, None]).T @ design + 1e-6 * np.eye(len(found))
        found = found - np.linalg.solve(curve, slope)
    return [float(value) for value in found]


def as_text(dump: dict[str, Any], slope: float, offset: float, about: dict[str, Any]) -> str:
    """The file that `engine/amd/model.py` reads. `dump`: what LightGBM's dump_model gives. The version is the
    checksum of the trees."""
    trees, depth = list[dict[str, list[float]]](), 0
    for tree in dump["tree_info"]:
        flat: dict[str, list[float]] = {key: [] for key in ("input", "border", "left", "right", "leaves")}
        depth = max(depth, _flatten(tree["tree_structure"], flat))
        trees.append(flat)
    body = ",\n  ".join(json.dumps(tree, separators=(",", ":")) for tree in trees)
    head: dict[str, Any] = {"version": f"trees-{crc32(body.encode()):08x}", "about": about}
    head |= {"slope": round(slope, 5), "offset": round(offset, 5)}
    start = json.dumps(head | {"depth": depth, "inputs": list(NAMES)}, indent=1, ensure_ascii=False)
    return start[:-2] + ',\n "trees": [\n  ' + body + "\n ]\n}\n"


def _flatten(node: dict[str, Any], flat: dict[str, list[float]]) -> int:
    """Writes the nodes below and at `node`, itself first; how many levels that were."""
    if "leaf_value" in node and "left_child" not in node:
        if not flat["input"]:  # a tree that is one leaf: ask something and go there either way
            for key, value in (("input", 0), ("border", 0.0), ("left", -1), ("right", -1)):
                flat[key].append(value)
        flat["leaves"].append(round(float(node["leaf_value"]), 6))
        return 1
    place = len(flat["input"])
    flat["input"].append(int(node["split_feature"]))
    flat["border"].append(float(f"{float(node['threshold']):.6g}"))
    flat["left"].append(0)
    flat["right"].append(0)
    deepest = 0
    for way, child in (("left", node["left_child"]), ("right", node["right_child"])):
        is_leaf = "left_child" not in child
        flat[way][place] = -1 - len(flat["leaves"]) if is_leaf else len(flat["input"])
        deepest = max(deepest, _flatten(child, flat))
    return deepest + 1
