"""Holding a campaign against its plan, with the switch's own book as the witness."""

from collections import Counter

from tests.stories.engine_process import EngineProcess
from tests.stories.plan import dialed_twice, disposition_of
from tests.stories.virtual_switch import VirtualSwitchProcess


def may_end_as(number: str, mode: str, crashed: bool) -> set[str]:
    """The planned disposition. `crashed`: or unknown, when nobody saw the end; and a person who answered
    while nobody was there to hear of it got the notice of the safety net."""
    planned = disposition_of(number, mode)
    answers = planned in ("talked", "robot_done")
    return {planned, *(["unknown"] if crashed else []), *(["abandoned"] if crashed and answers else [])}


def hold_against_plan(
    engine: EngineProcess, switch: VirtualSwitchProcess, people: list[str], crashed: bool = False
) -> Counter[str]:
    """One CDR for each contact, its disposition the planned one; one INVITE at most, and no INVITE without
    CDR, whatever happened. `crashed`: see `may_end_as`."""
    told = [cdr for cdr in engine.cdrs() if cdr["cause"] != "STORE_LOST"]  # never dialed, and said so
    cdrs = {cdr["number"]: cdr for cdr in told}
    twice = {number for number, many in Counter(cdr["number"] for cdr in told).items() if many > 1}
    assert not twice, f"told twice: {[cdr for cdr in told if cdr['number'] in twice]}"
    assert cdrs.keys() == set(people)
    invites = switch.invites
    assert dialed_twice(invite["number"] for invite in invites) == {}
    assert {invite["uuid"] for invite in invites} <= {cdr["attempt_id"] for cdr in cdrs.values()}
    found = Counter(cdr["disposition"] for cdr in cdrs.values())
    wrong = {
        number: (cdr["disposition"], cdr["cause"])
        for number, cdr in cdrs.items()
        if cdr["disposition"] not in may_end_as(number, cdr["mode"], crashed)
    }
    assert wrong == {}
    if not crashed:
        assert len(invites) == len(people)
    return found
