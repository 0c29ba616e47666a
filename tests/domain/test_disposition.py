from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.attempt import Disposition
from engine.domain.contact import TouchPhase
from engine.domain.disposition import BY_CAUSE, Ending, disposition_of, touch_phase
from tests.domain.recordings import FOLDER, ending

D = Disposition
RECORDED = {
    "busy_486": D.BUSY,
    "code_600": D.BUSY,
    "early_486": D.BUSY,
    "early_486_noignore": D.BUSY,
    "ring_then_486": D.BUSY,
    "notfound_404": D.DEAD_NUMBER,
    "code_604": D.DEAD_NUMBER,
    "code_410": D.DEAD_NUMBER,
    "code_484": D.DEAD_NUMBER,
    "code_480": D.UNREACHABLE,
    "early_480_q850": D.UNREACHABLE,
    "code_403": D.REJECTED,
    "rejected_603": D.REJECTED,
    "code_500": D.CONGESTION,
    "congestion_503": D.CONGESTION,
    "unreachable": D.CONGESTION,
    "code_408": D.CONGESTION,
    "code_488": D.FAILED,
    "noanswer_timeout": D.NO_ANSWER,
}
ANSWERED = ("answered", "early_answer_ignore", "early_answer_noignore", "ring183_answer")
ALL = {*RECORDED, *ANSWERED, "cancelled_by_us"}


def test_every_recorded_outcome_is_in_this_table():
    assert {path.stem for path in FOLDER.glob("*.txt")} - {"outbound_async_full"} == ALL


@pytest.mark.parametrize(("case", "meant"), RECORDED.items())
def test_what_a_real_switch_said_of_an_unanswered_call(case: str, meant: Disposition):
    assert disposition_of(ending(case)) is meant


def test_our_own_cancel_is_cancelled_but_after_the_ring_time_it_is_no_answer():
    assert disposition_of(ending("cancelled_by_us", cancelled=True)) is D.CANCELLED
    assert disposition_of(ending("cancelled_by_us", cancelled=True, ring_time_over=True)) is D.NO_ANSWER


def test_a_cancel_that_crosses_a_busy_tone_leaves_the_number_busy():
    assert disposition_of(ending("ring_then_486", cancelled=True)) is D.BUSY


def test_a_timeout_of_the_leg_is_no_answer():
    assert disposition_of(Ending("ALLOTTED_TIMEOUT", rang=True)) is D.NO_ANSWER


@pytest.mark.parametrize("case", ANSWERED)
def test_an_answered_call_is_judged_by_what_followed_the_answer(case: str):
    end = ending(case)
    assert end.answered
    assert disposition_of(replace(end, bridged=True, person=True)) is D.TALKED
    assert disposition_of(replace(end, amd="machine")) is D.MACHINE
    assert disposition_of(replace(end, amd="fax")) is D.FAX
    assert disposition_of(replace(end, amd="announcement")) is D.ANNOUNCEMENT
    assert disposition_of(replace(end, person=True, abandoned=True)) is D.ABANDONED
    assert disposition_of(replace(end, robot=True, person=True, script_outcome="promise")) is D.ROBOT_DONE
    assert disposition_of(replace(end, robot=True, person=True, ended_by="them")) is D.ROBOT_PARTIAL
    assert disposition_of(replace(end, ended_by="them")) is D.HUNG_UP


def test_when_we_hang_up_on_somebody_to_whom_nobody_talked_that_person_was_abandoned():
    # The switch's safety net says the notice and hangs up while no engine lives.
    assert disposition_of(ending("answered")) is D.ABANDONED
    assert disposition_of(ending("answered", cancelled=True)) is D.ABANDONED


def test_an_agent_who_talked_outweighs_a_late_verdict_and_a_script():
    end = ending("answered", bridged=True, amd="machine", robot=True, person=True)
    assert disposition_of(end) is D.TALKED


@pytest.mark.parametrize("text", ["-ERR DESTINATION_OUT_OF_ORDER\n", "DESTINATION_OUT_OF_ORDER"])
def test_a_refusal_without_a_channel_means_our_own_switch_is_full(text: str):
    end = Ending(text, created=False)
    assert disposition_of(end) is D.SWITCH_BUSY
    assert touch_phase(end, D.SWITCH_BUSY) is None
    assert disposition_of(Ending("DESTINATION_OUT_OF_ORDER", 27)) is D.UNREACHABLE


@pytest.mark.parametrize("text", ["-ERR INVALID_GATEWAY", "-USAGE: <call url> ...", "", "-ERR"])
def test_other_refusals_are_failures_of_our_own(text: str):
    assert disposition_of(Ending(text, created=False)) is D.FAILED


def test_an_announcement_heard_before_the_answer_explains_a_vague_end():
    assert disposition_of(ending("code_480", amd="announcement")) is D.ANNOUNCEMENT
    assert disposition_of(ending("early_486", amd="announcement")) is D.BUSY


def test_a_request_timeout_after_ringing_is_no_answer():
    assert disposition_of(replace(ending("code_408"), rang=True)) is D.NO_ANSWER


def test_a_number_of_the_cause_speaks_when_the_name_is_unknown():
    assert disposition_of(Ending("SOME_NEW_NAME", 17)) is D.BUSY
    assert disposition_of(Ending("SOME_NEW_NAME", 0)) is D.FAILED


def test_no_route_is_a_dead_number_only_if_the_far_end_says_so():
    assert disposition_of(Ending("NO_ROUTE_DESTINATION", 3)) is D.FAILED
    assert disposition_of(Ending("NO_ROUTE_DESTINATION", 3, 604)) is D.DEAD_NUMBER


def test_a_plain_clearing_without_answer_depends_on_whether_it_rang():
    assert disposition_of(Ending("NORMAL_CLEARING", 16, rang=True)) is D.NO_ANSWER
    assert disposition_of(Ending("NORMAL_CLEARING", 16)) is D.FAILED
    assert disposition_of(Ending("NORMAL_CLEARING", 16, rang=True, cancelled=True)) is D.CANCELLED


def test_what_the_limits_keep_of_an_attempt():
    assert touch_phase(Ending(lost=True), D.UNKNOWN) is TouchPhase.UNKNOWN
    assert touch_phase(ending("answered"), D.TALKED) is TouchPhase.CONVERSED
    assert touch_phase(ending("answered"), D.MACHINE) is TouchPhase.CONNECTED
    assert touch_phase(ending("busy_486"), D.BUSY) is TouchPhase.ATTEMPTED
    assert touch_phase(ending("congestion_503"), D.CONGESTION) is None
    assert touch_phase(replace(ending("congestion_503"), rang=True), D.CONGESTION) is TouchPhase.ATTEMPTED


ENDINGS = st.builds(
    Ending,
    cause=st.sampled_from([*BY_CAUSE, "NORMAL_CLEARING", "NO_ROUTE_DESTINATION", "", "Nonsense"]) | st.text(),
    q850=st.integers(-1, 700),
    sip_code=st.integers(0, 700),
    created=st.booleans(),
    answered=st.booleans(),
    bridged=st.booleans(),
    person=st.booleans(),
    abandoned=st.booleans(),
    robot=st.booleans(),
    amd=st.sampled_from(["", "person", "machine", "fax", "announcement"]),
    cancelled=st.booleans(),
    lost=st.booleans(),
    ended_by=st.sampled_from(["", "us", "them"]),
    rang=st.booleans(),
)


@given(ENDINGS)
def test_every_end_has_a_meaning_and_an_answered_call_is_never_without_trace(end: Ending):
    meant = disposition_of(end)
    if end.answered:
        assert touch_phase(end, meant) is not None
        assert end.lost or meant not in (D.NO_ANSWER, D.BUSY, D.CANCELLED, D.SWITCH_BUSY, D.DEAD_NUMBER)
    else:
        assert meant not in (D.TALKED, D.ABANDONED, D.ROBOT_DONE, D.MACHINE)
