"""What the gate costs per contact: `python -m tests.bench.gate`."""

import time

from engine.compliance.gate import Gate
from engine.domain.contact import TouchPhase
from tests.bench.figures import tell
from tests.compliance.cases import MOSCOW, PHONE, at, campaign, past, person, touch

RUSSIA = (
    "Asia/Anadyr", "Asia/Irkutsk", "Asia/Kamchatka", "Asia/Krasnoyarsk", "Asia/Magadan", "Asia/Omsk",
    "Asia/Yakutsk", "Asia/Yekaterinburg", "Europe/Kaliningrad", "Europe/Moscow", "Europe/Samara",
)  # fmt: skip
PACK = (("pack", {"name": "ru-230fz"}), ("after_event", {"event": "conversation", "hours": 24.0}))
ROUNDS = 20_000


def measure(name: str, hour: str, zones: tuple[str, ...], touches: int, most_us: float | None = None) -> bool:
    touches_made = tuple(
        touch(f"2026-11-{day:02d} 10:00", TouchPhase.CONNECTED, connected_s=9.0)
        for day in range(1, touches + 1)
    )
    gate, spring, who, history = Gate(), campaign(*PACK), person(*zones), past(*touches_made)
    wall_s = at(f"2026-11-20 {hour}")
    verdict = gate.judge(who, PHONE, spring, history, wall_s, "first")
    began = time.process_time()
    for step in range(ROUNDS):
        gate.judge(who, PHONE, spring, history, wall_s + step / 1_000, "first")
    each_us = (time.process_time() - began) / ROUNDS * 1e6
    return not tell(f"{type(verdict).__name__}: {name}", each_us, "µs", at_most=most_us).missed


def main() -> int:
    fine = [
        measure("one zone, never called", "12:00", (MOSCOW,), 0, 60.0),
        measure("one zone, called once this month", "12:00", (MOSCOW,), 1, 60.0),
        measure("one zone, called 7 times this month", "12:00", (MOSCOW,), 7, 60.0),
        measure("all 11 zones of a country, never called", "11:00", RUSSIA, 0, 60.0),
        measure("one zone, outside hours", "23:00", (MOSCOW,), 0),
        measure("all 11 zones, month full", "11:00", RUSSIA, 8),
    ]
    return 0 if all(fine) else 1


if __name__ == "__main__":
    raise SystemExit(main())
