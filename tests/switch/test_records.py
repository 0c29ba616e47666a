"""What the switch wrote of a call that is over: mod_json_cdr's files, and whatever else lies beside them."""

import json
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.switch.records import CallRecords

LEG = "1cbd0bb6-7b6e-4c99-b5b3-95d40b8c672d"
TALK = {
    "uuid": LEG,
    "hangup_cause": "NORMAL_CLEARING",
    "hangup_cause_q850": "16",
    "sip_term_status": "200",
    "sip_hangup_disposition": "recv_bye",
    "start_uepoch": "1795293207593970",
    "answer_uepoch": "1795293207635121",
    "bridge_uepoch": "1795293207735121",
    "end_uepoch": "1795293209153050",
    "prozvon_talked": "anna kowalska",
    "prozvon_team": "north",
}
REFUSED = {
    "uuid": LEG,
    "hangup_cause": "USER_BUSY",
    "hangup_cause_q850": "17",
    "sip_invite_failure_status": "486",
    "start_uepoch": "1795293207593970",
    "answer_uepoch": "0",
    "end_uepoch": "1795293209153050",
}


def written(folder: Path, variables: dict[str, str], name: str = f"{LEG}.cdr.json") -> CallRecords:
    encoded = {key: quote(value) for key, value in variables.items()}
    (folder / name).write_text(json.dumps({"core-uuid": "x", "channel_data": {}, "variables": encoded}))
    return CallRecords(folder)


@pytest.mark.parametrize("name", [f"{LEG}.cdr.json", f"a_{LEG}.cdr.json", f"{LEG}.json"])
def test_a_talk_is_told_with_its_instants_and_our_marks(tmp_path: Path, name: str) -> None:
    record = written(tmp_path, TALK, name).of(LEG, 7.0)
    assert record is not None
    assert (record.ended.leg_id, record.ended.at_s) == (LEG, 7.0)
    assert (record.ended.cause, record.ended.q850, record.ended.ended_by) == ("NORMAL_CLEARING", 16, "them")
    assert record.ended.answered_at_s == 1795293207.635121
    assert record.bridged_at_s == 1795293207.735121
    assert record.variables == {"prozvon_talked": "anna kowalska", "prozvon_team": "north"}


def test_a_refusal_is_told_with_its_code_and_was_never_answered(tmp_path: Path) -> None:
    record = written(tmp_path, REFUSED).of(LEG, 7.0)
    assert record is not None
    assert (record.ended.cause, record.ended.sip_code) == ("USER_BUSY", 486)
    assert record.ended.answered_at_s == record.bridged_at_s == 0.0


def test_no_record_and_no_folder_are_nothing(tmp_path: Path) -> None:
    assert CallRecords(tmp_path).of(LEG, 0.0) is None
    assert CallRecords(tmp_path / "not there").of(LEG, 0.0) is None


def test_a_record_of_another_leg_or_of_a_call_that_lives_is_none(tmp_path: Path) -> None:
    assert written(tmp_path, TALK | {"uuid": LEG.replace("1", "2")}).of(LEG, 0.0) is None
    assert written(tmp_path, TALK | {"end_uepoch": ""}).of(LEG, 0.0) is None


def test_an_id_leads_out_of_the_folder_nowhere(tmp_path: Path) -> None:
    (tmp_path / "records").mkdir()
    written(tmp_path, TALK)
    assert CallRecords(tmp_path / "records").of(f"../{LEG}", 0.0) is None


@given(
    st.binary(max_size=200)
    | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(
        lambda it: json.dumps({"variables": it}).encode()
    )
)
def test_whatever_lies_there_is_a_record_or_nothing(
    tmp_path_factory: pytest.TempPathFactory, junk: bytes
) -> None:
    folder = tmp_path_factory.mktemp("records")
    (folder / f"{LEG}.cdr.json").write_bytes(junk)
    assert CallRecords(folder).of(LEG, 0.0) is None
