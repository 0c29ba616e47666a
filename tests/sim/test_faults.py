"""What goes wrong on purpose: full switches, bursts of 503, slow originates, lost and doubled events."""

from collections import Counter

import pytest

from engine.sim.population import parse_population
from engine.sim.server import VirtualSwitch
from tests.sim.client import TestClient
from tests.sim.lab import CALM, Lab

LONG = "sofia/gateway/trunk/{} &park()"


def dial_many(lab: Lab, count: int, start: int = 0) -> Counter[str]:
    for number in range(start, start + count):
        lab.originate(f"call-{number}", LONG.format(f"48600{number:06d}"))
    lab.run(0.3)
    return Counter(
        lab.jobs[f"call-{number}"].strip().split(" call-")[0] for number in range(start, start + count)
    )


def test_too_many_sessions_a_second_are_refused_without_a_channel() -> None:
    lab = Lab(f"{CALM}faults: {{sessions_per_second: 5}}")
    assert dial_many(lab, 12) == {"+OK": 5, "-ERR DESTINATION_OUT_OF_ORDER": 7}
    assert len({event.get("Unique-ID") for _, event in lab.events}) == 5
    lab.run(1.0)
    assert dial_many(lab, 3, start=20)["+OK"] == 3


def test_the_limits_can_be_changed_while_it_runs() -> None:
    lab = Lab(CALM)
    assert lab.api("fsctl max_sessions 2") == "+OK max sessions: 2\n"
    assert dial_many(lab, 4) == {"+OK": 2, "-ERR DESTINATION_OUT_OF_ORDER": 2}


def test_a_live_id_is_refused_and_after_its_end_dials_the_person_again() -> None:
    lab = Lab(CALM)
    lab.parked("same")
    lab.originate("same", LONG.format("48600100201"))
    lab.run(0.1)
    assert lab.jobs["same"] == "-ERR DESTINATION_OUT_OF_ORDER\n"
    lab.api("uuid_kill same")
    lab.run(0.1)
    lab.originate("same", LONG.format("48600100201"))
    lab.run(0.2)
    assert lab.jobs["same"] == "+OK same\n"


def test_a_gateway_has_only_so_many_channels_and_calls_a_second() -> None:
    lab = Lab(f"{CALM}gateways: {{trunk: {{channels: 3}}, slow: {{calls_per_s: 2}}}}")
    assert dial_many(lab, 5) == {"+OK": 3, "-ERR NORMAL_TEMPORARY_FAILURE": 2}
    lab.api("uuid_kill call-0")
    lab.run(0.1)
    assert dial_many(lab, 1, start=10)["+OK"] == 1
    for number in range(4):
        lab.originate(f"slow-{number}", f"sofia/gateway/slow/4860{number} &park()")
    lab.run(0.3)
    assert sum(lab.jobs[f"slow-{number}"].startswith("+OK") for number in range(4)) == 2
    assert lab.of("slow-3", "CHANNEL_HANGUP_COMPLETE")[0]["variable_sip_term_status"] == "503"


def test_bursts_of_congestion_come_and_pass() -> None:
    lab = Lab(f"{CALM}faults: {{congestion: {{every_s: 10, lasting_s: 2}}}}")
    assert dial_many(lab, 3) == {"-ERR NORMAL_TEMPORARY_FAILURE": 3}
    lab.run(5.0)
    assert dial_many(lab, 3, start=10) == {"+OK": 3}


def test_a_slow_switch_makes_the_channel_late_and_refuses_nothing() -> None:
    lab = Lab(f"{CALM}faults: {{slow_originate_s: 3}}")
    lab.originate("call", LONG.format("48600"))
    lab.run(5.0)
    assert lab.when("call", "CHANNEL_CREATE") == pytest.approx(3.0)
    assert lab.jobs["call"] == "+OK call\n"


@pytest.mark.parametrize(
    ("fault", "low", "high"), [("event_loss", 0.3, 0.7), ("event_duplication", 1.3, 1.7)]
)
def test_events_get_lost_or_doubled_by_their_share(fault: str, low: float, high: float) -> None:
    whole, hurt = Lab(CALM), Lab(f"{CALM}faults: {{{fault}: 0.5}}")
    for lab in (whole, hurt):
        dial_many(lab, 50)
    assert low < len(hurt.events) / len(whole.events) < high
    if fault == "event_duplication":
        numbers = Counter(event["Event-Sequence"] for _, event in hurt.events)
        assert set(numbers.values()) == {1, 2}


def test_clients_are_cut_off_at_random_and_the_calls_go_on() -> None:
    switch = VirtualSwitch(parse_population(f"{CALM}faults: {{disconnect_every_s: 0.3}}"))
    switch.start()
    client = TestClient(switch.port)
    client.bgapi("originate {origination_uuid=call}sofia/gateway/trunk/1 &park()")
    with pytest.raises((EOFError, ConnectionError)):
        client.collect(lambda event: False)
    assert TestClient(switch.port).api("uuid_exists call") == "true"
    switch.stop()


def test_people_call_us_at_the_rate_of_the_file() -> None:
    switch = VirtualSwitch(parse_population("inbound: {per_hour: 3600, to: '1000'}"), speed=100)
    switch.start()
    client = TestClient(switch.port)
    client.command("event json CHANNEL_CREATE")
    calls = [client.wait("CHANNEL_CREATE") for _ in range(5)]
    assert {call["Call-Direction"] for call in calls} == {"inbound"}
    assert len({call["Caller-Caller-ID-Number"] for call in calls}) == 5
    switch.stop()
