"""What commands answer, word for word as a real FreeSWITCH answered them."""

import json
from pathlib import Path

import pytest

from tests.sim.lab import CALM, Lab

REPLIES = json.loads((Path(__file__).parents[1] / "data" / "freeswitch" / "replies.json").read_text())
POPULATION = f"{CALM}gateways: {{trunk: {{}}}}\nagents: {{'1001': {{}}, '1002': {{registered: false}}}}\n"


def outcome(lab: Lab, line: str) -> str:
    """The reply as the api command sees it: nothing to say is an error of its own."""
    if not line.startswith("originate"):
        return lab.api(line) or "-ERR no reply\n"
    lab.originate("call", line.removeprefix("originate").strip())
    lab.run(1.0)
    return lab.jobs["call"]


@pytest.mark.parametrize(("line", "reply"), REPLIES["idle"], ids=lambda text: text[:50])
def test_without_a_call(line: str, reply: str) -> None:
    assert outcome(Lab(POPULATION), line) == reply


def test_with_a_parked_leg_one_after_the_other() -> None:
    lab = Lab(POPULATION)
    lab.parked("LEG")
    for line, reply in REPLIES["leg"]:
        assert lab.api(line) == reply, line
        lab.run(0.25)


def test_status_names_the_sessions_and_is_ready() -> None:
    lab = Lab(POPULATION)
    lab.parked("LEG")
    status = lab.api("status").splitlines()
    assert status[0].startswith("UP 0 years, 0 days, 0 hours, 0 minutes, ")
    assert status[1].startswith("FreeSWITCH (Version ")
    assert status[1].endswith(" is ready")
    assert status[2] == "1 session(s) since startup"


def test_a_gateway_says_what_state_it_is_in() -> None:
    lab = Lab("gateways: {trunk: {}, broken: {state: DOWN}}")
    assert "<state>NOREG</state>\n    <status>UP</status>" in lab.api("sofia xmlstatus gateway trunk")
    assert "<status>DOWN</status>" in lab.api("sofia xmlstatus gateway broken")
    assert "Status  \tUP" in lab.api("sofia status gateway trunk")
    assert "external::broken\t gateway" in lab.api("sofia status")


def test_live_legs_are_listed_with_all_that_a_new_client_needs() -> None:
    lab = Lab()
    lab.parked("agent", "user/1001")
    lab.parked("person", variables="prozvon_campaign=autumn")
    rows = {row["uuid"]: row for row in json.loads(lab.api("show channels as json"))["rows"]}
    assert (rows["person"]["dest"], rows["person"]["application"]) == ("48600100200", "park")
    assert rows["person"]["callstate"] == "ACTIVE"
    assert json.loads(lab.api("uuid_dump person json"))["variable_prozvon_campaign"] == "autumn"
    lab.api("uuid_bridge agent person")
    lab.run(0.1)
    pairs = json.loads(lab.api("show bridged_calls as json"))["rows"]
    assert [(pair["uuid"], pair["b_uuid"]) for pair in pairs] == [("agent", "person")]
    rows = {row["uuid"]: row for row in json.loads(lab.api("show channels as json"))["rows"]}
    assert (rows["agent"]["application"], rows["agent"]["application_data"]) == ("uuid_bridge", "person")
