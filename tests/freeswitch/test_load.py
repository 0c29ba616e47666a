"""The harness under load: what a campaign of five hundred contacts will ask of it."""

import itertools
import time
from collections import Counter
from uuid import uuid4

import pytest

from tests.freeswitch.carrier import Carrier
from tests.freeswitch.esl import Esl
from tests.freeswitch.fixtures import clear_calls
from tests.freeswitch.switch import FreeSwitch

pytestmark = [pytest.mark.freeswitch, pytest.mark.slow]

# of every twenty calls; no_answer rings for 3 s, hangs_up talks for 2 s
MIX = {"hangs_up": 6, "busy": 3, "dead": 2, "no_answer": 3, "congestion": 2, "unreachable": 2, "rejected": 2}
CAUSES = {
    "hangs_up": "NORMAL_CLEARING",
    "busy": "USER_BUSY",
    "dead": "UNALLOCATED_NUMBER",
    "no_answer": "NO_ANSWER",
    "congestion": "NORMAL_TEMPORARY_FAILURE",
    "unreachable": "NO_USER_RESPONSE",
    "rejected": "CALL_REJECTED",
}
CALLS, PER_SECOND = 500, 50


def test_five_hundred_calls_at_fifty_a_second_end_as_planned(
    freeswitch: FreeSwitch, carrier: Carrier
) -> None:
    plan = list(itertools.chain.from_iterable([outcome] * share for outcome, share in MIX.items()))
    wanted: dict[str, str] = {}
    with freeswitch.connect() as esl:
        esl.subscribe("CHANNEL_HANGUP_COMPLETE")
        began_s = time.monotonic()
        for number in range(CALLS):
            wait_until(esl, began_s + number / PER_SECOND)
            uuid, outcome = str(uuid4()), plan[number % len(plan)]
            wanted[uuid] = CAUSES[outcome]
            variables = f"origination_uuid={uuid},ignore_early_media=true,originate_timeout=3"
            to = f"sofia/gateway/trunk/{carrier.number_for(outcome)}"
            esl.bgapi(f"originate {{{variables}}}{to} &park()")
        took_s = time.monotonic() - began_s
        esl.wait(lambda _: ended(esl).keys() >= wanted.keys(), "the end of every call", timeout_s=20)
        causes = {uuid: cause for uuid, cause in ended(esl).items() if uuid in wanted}
        assert Counter(causes.values()) == Counter(wanted.values())
        assert causes == wanted
        assert took_s < CALLS / PER_SECOND + 1
        clear_calls(esl)


def wait_until(esl: Esl, at_s: float) -> None:
    """Read events meanwhile, so that the switch never waits for us."""
    for _ in esl.stream(max(0.0, at_s - time.monotonic()), len(esl.events)):
        pass


def ended(esl: Esl) -> dict[str, str]:
    return {event["Unique-ID"]: event["Hangup-Cause"] for event in esl.events}
