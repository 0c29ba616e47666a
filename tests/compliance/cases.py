"""Short words for the tests of the gate: a person, their past, an instant."""

from datetime import datetime
from zoneinfo import ZoneInfo

from engine.compliance.gate import Gate
from engine.domain.campaign import Campaign, Mode
from engine.domain.contact import Contact, PersonHistory, Phone, Touch, TouchPhase
from engine.domain.gate import Allowed, Blocked

MOSCOW, VLADIVOSTOK, KALININGRAD = "Europe/Moscow", "Asia/Vladivostok", "Europe/Kaliningrad"
WARSAW, NEW_YORK, LOS_ANGELES = "Europe/Warsaw", "America/New_York", "America/Los_Angeles"
PHONE = Phone("+79161234567", "mobile")


def at(text: str, zone: str = MOSCOW) -> float:
    """'2026-11-21 21:30' on a wall clock in the zone → epoch seconds."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def touch(text: str, phase: TouchPhase = TouchPhase.ATTEMPTED, **more: object) -> Touch:
    return touch_at(at(text), phase, **more)


def touch_at(at_s: float, phase: TouchPhase = TouchPhase.ATTEMPTED, **more: object) -> Touch:
    return Touch(f"attempt-{at_s}", at_s, phase, **more)  # type: ignore[arg-type]


def campaign(*rules: tuple[str, dict[str, object]], **more: object) -> Campaign:
    return Campaign("spring", "team", Mode.PROGRESSIVE, ("gw",), (), rules=rules, **more)  # type: ignore[arg-type]


def person(*zones: str) -> Contact:
    return Contact("c1", "spring", "p1", (PHONE,), zones=zones)


def past(*touches: Touch, open_attempt: str = "") -> PersonHistory:
    return PersonHistory("p1", 7, open_attempt, touches)


def judge(
    wall_s: float,
    *rules: tuple[str, dict[str, object]],
    touches: tuple[Touch, ...] = (),
    zones: tuple[str, ...] = (MOSCOW,),
    path: str = "first",
    guaranteed: bool = False,
    gate: Gate | None = None,
    phone: Phone = PHONE,
) -> Allowed | Blocked:
    return (gate or Gate()).judge(
        person(*zones), phone, campaign(*rules), past(*touches), wall_s, path, guaranteed
    )


def blocked(verdict: Allowed | Blocked) -> Blocked:
    assert isinstance(verdict, Blocked), verdict
    return verdict
