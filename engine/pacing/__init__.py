"""How many legs to launch. One policy, one file, one line here."""

from collections.abc import Callable

from engine.pacing.by_hand import ByHand
from engine.pacing.predictive import Predictive
from engine.pacing.progressive import Progressive
from engine.pacing.robot import Robot
from engine.pacing.snapshot import Policy

POLICIES: dict[str, Callable[[], Policy]] = {
    "robot": Robot,
    "progressive": Progressive,
    "predictive": Predictive,
    "preview": ByHand,
    "manual": ByHand,
}
