"""A list of people with a planned fate each, for either switch: the number dialed says what happens."""

import random
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from tests.freeswitch.carrier import PREFIXES

MIX = {"hangs_up": 10, "busy": 5, "dead": 3, "rejected": 3, "congestion": 2, "unreachable": 3, "no_answer": 2}
"""People of every kind, few enough for a quick campaign."""

DISPOSITIONS = {
    "hangs_up": "talked",
    "slow": "talked",
    "busy": "busy",
    "dead": "dead_number",
    "changed": "dead_number",
    "rejected": "rejected",
    "forbidden": "rejected",
    "congestion": "congestion",
    "unreachable": "unreachable",
    "announcement": "unreachable",
    "no_answer": "no_answer",
}
"""What the end of one call to such a number means. `hangs_up` answers, talks and ends the talk; so does
`slow`, after ringing for long."""

GROUPS: dict[str, dict[str, Any]] = {
    "hangs_up": {"shares": {"answer": 1}},
    "busy": {"shares": {"busy": 1}},
    "dead": {"shares": {"dead": 1}},
    "rejected": {"shares": {"rejected": 1}},
    "congestion": {"shares": {"congestion": 1}},
    "unreachable": {"shares": {"unreachable": 1}},
    "announcement": {"shares": {"announcement": 1}, "announcement_s": 0.3},
    "no_answer": {"shares": {"no_answer": 1}},
    "slow": {"shares": {"answer": 1}, "ring_s": 8, "talk_s": 1},
}
"""The same outcomes on the virtual switch."""


def numbers(mix: Mapping[str, int], seed: int = 1, first: int = 1) -> list[str]:
    """As many numbers of each outcome as the mix says, shuffled."""
    found = [
        f"+{PREFIXES[outcome]}{serial:06d}"
        for outcome, count in mix.items()
        for serial in range(first, first + count)
    ]
    random.Random(seed).shuffle(found)
    return found


def outcome_of(number: str) -> str:
    return next(outcome for outcome, prefix in PREFIXES.items() if number.lstrip("+").startswith(prefix))


def disposition_of(number: str, mode: str = "progressive") -> str:
    """What one call to this number must end as."""
    found = DISPOSITIONS[outcome_of(number)]
    return "robot_done" if mode == "robot" and found == "talked" else found


def dialed_twice(numbers_dialed: Iterable[str]) -> dict[str, int]:
    return {number: times for number, times in Counter(numbers_dialed).items() if times > 1}
