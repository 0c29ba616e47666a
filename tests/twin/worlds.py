"""Small worlds for tests."""

from typing import Any

from engine.twin.world import World

DEFAULT: dict[str, Any] = {
    "name": "small",
    "hours": 0.25,
    "operators": {"count": 3, "wrap_up_s": {"exponential": 8}},
    "default": {
        "setup_s": {"uniform": [0.5, 2.0]},
        "ring_s": {"lognormal": {"median": 8, "sigma": 0.5}},
        "talk_s": {"exponential": 40},
        "patience_s": 8,
        "shares": {"answer": 0.4, "no_answer": 0.3, "busy": 0.2, "dead": 0.1},
    },
}


def small(**changes: Any) -> World:
    """A quarter of an hour of three operators, with sections changed."""
    data = {**DEFAULT}
    for name, value in changes.items():
        before = data.get(name)
        data[name] = {**before, **value} if isinstance(before, dict) and isinstance(value, dict) else value
    return World.model_validate(data)
