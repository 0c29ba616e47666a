"""Questions and orders about legs and files, and what the switch says when it cannot."""

import json
import time
from pathlib import Path

import pytest

from tests.contracts.switch.calls import Calls

NOBODY = "00000000-0000-4000-8000-000000000000"


def test_variables_are_set_read_and_unset(calls: Calls) -> None:
    person, _ = calls.parked()
    assert calls.esl.api(f"uuid_setvar {person} prozvon_card 17") == "+OK\n"
    assert calls.esl.api(f"uuid_getvar {person} prozvon_card") == "17"
    assert calls.esl.api(f"uuid_setvar {person} prozvon_card") == "+OK\n"
    assert calls.esl.api(f"uuid_getvar {person} prozvon_card") == "_undef_"


def test_several_variables_are_set_by_one_command(calls: Calls) -> None:
    person, _ = calls.parked()
    assert calls.esl.api(f"uuid_setvar_multi {person} prozvon_a=1;prozvon_b=2").startswith("+OK")
    assert calls.esl.api(f"uuid_getvar {person} prozvon_a") == "1"
    assert calls.esl.api(f"uuid_getvar {person} prozvon_b") == "2"


def test_a_dump_holds_the_state_and_the_variables_of_a_leg(calls: Calls) -> None:
    person, _ = calls.parked("prozvon_campaign=autumn")
    dump = json.loads(calls.esl.api(f"uuid_dump {person} json"))
    assert dump["Unique-ID"] == person
    assert dump["variable_prozvon_campaign"] == "autumn"
    assert dump["Answer-State"] == "answered"


def test_the_list_of_channels_names_every_leg(calls: Calls) -> None:
    """The list is a database that follows a moment later: an engine asks again, or asks `uuid_exists`."""
    agent, (person, _) = calls.standing(), calls.parked()
    calls.bridge(agent, person)
    deadline = time.monotonic() + 3
    rows: dict[str, dict[str, str]] = {}
    while rows.get(agent, {}).get("application") != "uuid_bridge" or person not in rows:
        assert time.monotonic() < deadline, rows
        rows = {
            row["uuid"]: row for row in json.loads(calls.esl.api("show channels as json")).get("rows", [])
        }
    assert set(rows) == {agent, person}
    assert rows[agent]["application_data"] == person
    assert rows[agent]["direction"] == "outbound"
    assert rows[person]["callstate"] == "ACTIVE"
    assert int(rows[person]["created_epoch"]) > 1e9


def test_no_channels_is_told_as_a_count_of_nought(calls: Calls) -> None:
    assert json.loads(calls.esl.api("show channels as json")) == {"row_count": 0}
    assert calls.esl.api("show channels count") == "\n0 total.\n"


def test_a_leg_exists_until_it_is_destroyed(calls: Calls) -> None:
    person, _ = calls.parked()
    assert calls.esl.api(f"uuid_exists {person}") == "true"
    calls.esl.api(f"uuid_kill {person}")
    calls.esl.wait_event("CHANNEL_DESTROY", person)
    deadline = time.monotonic() + 2
    while calls.esl.api(f"uuid_exists {person}") != "false":
        assert time.monotonic() < deadline


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (f"uuid_kill {NOBODY}", "-ERR No such channel!\n"),
        (f"uuid_setvar {NOBODY} a b", "-ERR No such channel!\n"),
        (f"uuid_getvar {NOBODY} a", "-ERR No such channel!\n"),
        (f"uuid_dump {NOBODY}", "-ERR No such channel!\n"),
        (f"uuid_park {NOBODY}", "-ERR No such channel!\n"),
        (f"uuid_transfer {NOBODY} park inline", "-ERR No such channel!\n"),
        (f"uuid_bridge {NOBODY} {NOBODY}", "-ERR Invalid uuid\n"),
        (f"uuid_break {NOBODY}", "-ERR No such channel!\n"),
        (f"uuid_exists {NOBODY}", "false"),
        ("nosuchcommand", "-ERR nosuchcommand Command not found!\n"),
    ],
)
def test_an_order_about_nobody_is_refused_in_the_switchs_own_words(
    calls: Calls, command: str, answer: str
) -> None:
    assert calls.esl.api(command) == answer


def test_files_are_there_or_not(calls: Calls, tmp_path: Path) -> None:
    assert calls.esl.api(f"file_exists {calls.prompt()}") == "true"
    assert calls.esl.api(f"file_exists {tmp_path}/none.wav") == "false"


def test_a_leg_can_be_given_a_last_hour_and_pardoned(calls: Calls) -> None:
    (doomed, _), (pardoned, _) = calls.parked(), calls.parked()
    for leg in (doomed, pardoned):
        assert calls.esl.api(f"sched_hangup +1 {leg} ALLOTTED_TIMEOUT").startswith("+OK")
    assert calls.esl.api(f"sched_del {pardoned}").startswith("+OK Deleted: 1")
    assert calls.ended(doomed)["Hangup-Cause"] == "ALLOTTED_TIMEOUT"
    calls.esl.quiet(lambda e: e["Event-Name"] == "CHANNEL_HANGUP", for_s=1.2)


def test_the_switch_tells_its_version_state_and_gateway(calls: Calls) -> None:
    assert calls.esl.api("version").startswith("FreeSWITCH")
    assert "is ready" in calls.esl.api("status")
    assert "<status>UP</status>" in calls.esl.api("sofia xmlstatus gateway trunk")
    assert calls.esl.api("sofia xmlstatus gateway nosuch").strip() == "Invalid Gateway!"


def test_every_call_can_be_hung_up_at_once(calls: Calls) -> None:
    legs = [calls.parked()[0] for _ in range(3)]
    assert calls.esl.api("hupall MANAGER_REQUEST").startswith("+OK")
    assert {calls.ended(leg)["Hangup-Cause"] for leg in legs} == {"MANAGER_REQUEST"}
