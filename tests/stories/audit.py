"""Holding a campaign against its plan, with the switch's own book as the witness."""

from collections import Counter

from tests.stories.engine_process import EngineProcess
from tests.stories.plan import dialed_twice, disposition_of
from tests.stories.virtual_switch import VirtualSwitchProcess


def hold_against_plan(
    engine: EngineProcess, switch: VirtualSwitchProcess, people: list[str], crashed: bool = False
) -> Counter[str]:
    """One CDR for each contact, its disposition the planned one; one INVITE at most, and no INVITE without
    CDR, whatever happened. `crashed`: an end that nobody saw may be "unknown"."""
    cdrs = {cdr["number"]: cdr for cdr in engine.cdrs()}
    assert len(engine.cdrs()) == len(cdrs)
    assert cdrs.keys() == set(people)
    invites = switch.invites
    assert dialed_twice(invite["number"] for invite in invites) == {}
    assert {invite["uuid"] for invite in invites} <= {cdr["attempt_id"] for cdr in cdrs.values()}
    found = Counter(cdr["disposition"] for cdr in cdrs.values())
    wrong = {
        number: (cdr["disposition"], cdr["cause"])
        for number, cdr in cdrs.items()
        if cdr["disposition"] != disposition_of(number, cdr["mode"])
        and not (crashed and cdr["disposition"] == "unknown")
    }
    assert wrong == {}
    if not crashed:
        assert len(invites) == len(people)
    return found
