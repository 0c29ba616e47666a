"""Screening on a real FreeSWITCH: its fork, our media process, the net that must keep still meanwhile."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import gevent
import pytest

from engine.amd.audio import Law, encode
from engine.app.runtime import GeventTasks, GeventTimers, SystemClock
from engine.app.screening import MediaScreener
from engine.config import Config
from engine.dialer.dialer import Dialer
from engine.dialer.shop import GatewayTerms, Shop
from engine.domain import facts as f
from engine.domain.agent import Agent, ReadyWanted
from engine.domain.campaign import Abandonment, Campaign, CampaignState, Mode
from engine.store.memory import MemoryStore
from engine.switch.freeswitch import FreeSwitch as Port
from engine.switch.link import SwitchLink
from tests.amd import openings
from tests.dialer.world import EasyRules, NoRobots, Paper, person
from tests.freeswitch.audio import alaw_decode, tone_seconds
from tests.freeswitch.carrier import Carrier
from tests.freeswitch.esl import Esl
from tests.freeswitch.farend import FarEnd
from tests.freeswitch.switch import ABANDON_HZ, FreeSwitch, free_ports

pytestmark = pytest.mark.freeswitch

WAIT_S = 20.0
AGENT_HZ, MAX_SCREENING_S = 700.0, 4.0


def spoken(pcm: bytes) -> bytes:
    return encode(pcm, Law.PCMA)


class Room:
    """An engine's dialer with one agent and one contact on the real switch; callees are dialed by address."""

    def __init__(self, freeswitch: FreeSwitch, logs: Path, callee_port: int, agent_port: int) -> None:
        self.clock, self.paper, self.orders = SystemClock(), Paper(), list[Any]()
        self.link = SwitchLink(
            "sw1",
            "127.0.0.1",
            freeswitch.esl_port,
            freeswitch.password,
            lambda fact: self.dialer.on_fact(fact),
            lambda _: None,
            self.clock,
        )
        port = Port(
            "sw1",
            self.link,
            f"sofia/external/{{number}}@127.0.0.1:{callee_port}",
            f"sofia/external/{{extension}}@127.0.0.1:{agent_port}",
        )
        self.campaign = Campaign(
            "c1",
            "team",
            Mode.PROGRESSIVE,
            ("gw",),
            ("main",),
            screening=True,
            record=False,
            abandonment=Abandonment(
                notice=str(freeswitch.media_dir / "abandon.wav"), max_screening_s=MAX_SCREENING_S
            ),
        )
        self.shop = Shop(
            clock=self.clock,
            timers=GeventTimers(self.clock),
            tasks=GeventTasks(),
            store=MemoryStore(self.clock, self.paper),
            journal=self.paper,
            switches={"sw1": port},
            tell=lambda *_, **__: None,
            gateways={"gw": GatewayTerms("gw", "sw1", 10, 5.0)},
            campaigns={"c1": self.campaign},
            agents={"a1": Agent("a1", "team", "1001")},
        )
        first = 45_000 + os.getpid() % 100 * 100
        media = {"rtp_first_port": first, "rtp_last_port": first + 99}
        config = Config.model_validate({"media": media})
        self.screener = MediaScreener(config, self.shop, lambda fact: self.dialer.on_fact(fact), logs)
        self.dialer = Dialer(self.shop, EasyRules(), "engine-1", NoRobots, self.screener)
        self.link.start()
        self.screener.open()
        until(lambda: self.link.connected, "the link")
        self.dialer.start()
        until(lambda: "team" in self.shop.leases, "the team")

    def agent_ready(self) -> None:
        self.dialer.desk.login("a1")
        until(lambda: self.dialer.agents.lives["a1"].phone_up, "the agent's leg")
        self.dialer.desk.say("a1", ReadyWanted)

    def call_somebody(self) -> str:
        """Dial the one contact there is; the attempt's id."""
        self.shop.store.add_contacts([(person(1), 0.0)], "test")
        self.dialer.set_state("c1", CampaignState.RUNNING, {})
        until(lambda: self.dialer.calls.lives, "the call")
        return next(iter(self.dialer.calls.lives))

    def state(self, attempt: str) -> str:
        life = self.dialer.calls.lives.get(attempt)
        return life.state.name if life else "ENDED"

    def noted(self) -> list[Any]:
        return [record for kind, record in self.paper.records if kind == "screening"]

    def close(self) -> None:
        self.dialer.stop()
        self.screener.close()
        self.link.stop()


def until(true: Callable[[], object], what: str) -> None:
    with gevent.Timeout(WAIT_S, AssertionError(f"{what} did not come within {WAIT_S} s")):
        while not true():
            gevent.sleep(0.01)


@pytest.fixture
def room(
    freeswitch: FreeSwitch, esl: Esl, tmp_path: Path
) -> Iterator[Callable[[bytes], tuple[Room, FarEnd, FarEnd]]]:
    """`room(says)`: a dialer, a callee who says this, and the agent's phone."""
    made: list[Any] = []

    def make(says: bytes) -> tuple[Room, FarEnd, FarEnd]:
        callee, agent = FarEnd(says=says), FarEnd(AGENT_HZ)
        made.extend([callee, agent])
        found = Room(freeswitch, tmp_path, callee.port, agent.port)
        made.insert(0, found)
        return found, callee, agent

    yield make
    for one in made:
        one.close()


def test_a_person_is_joined_by_the_verdict_and_never_hears_the_net(
    room: Callable[[bytes], tuple[Room, FarEnd, FarEnd]],
) -> None:
    here, callee, _ = room(spoken(openings.person()))
    here.agent_ready()
    attempt = here.call_somebody()
    until(lambda: here.state(attempt) == "TALKING", "the talk")
    assert here.noted()[-1]["verdict"] == "person"
    until(lambda: len(here.shop.switches["sw1"].live_ids()) == 2, "the end of the fork")
    until(lambda: tone_seconds(callee.wait_call().sound, AGENT_HZ) > 3.0, "the agent's voice")
    assert tone_seconds(callee.wait_call().sound, ABANDON_HZ) == 0.0
    life = here.dialer.calls.lives[attempt]
    assert 1.5 < life.bridged_at_s - life.answered_at_s < MAX_SCREENING_S


def test_a_machine_is_hung_up_and_the_agent_stays_ready(
    room: Callable[[bytes], tuple[Room, FarEnd, FarEnd]],
) -> None:
    here, callee, agent = room(spoken(openings.machine()))
    here.agent_ready()
    attempt = here.call_somebody()
    until(lambda: here.state(attempt) == "ENDED", "the end")
    assert here.noted()[-1]["verdict"] == "machine"
    assert here.dialer.agents.lives["a1"].state.value == "ready"
    assert tone_seconds(callee.wait_call().sound, ABANDON_HZ) == 0.0
    assert not tone_seconds(agent.wait_call().sound, 1_000.0)


def test_with_the_media_process_killed_the_person_is_served_at_the_deadline(
    room: Callable[[bytes], tuple[Room, FarEnd, FarEnd]],
) -> None:
    here, callee, _ = room(spoken(openings.person(after_s=2.0)))
    here.agent_ready()
    attempt = here.call_somebody()
    until(lambda: here.state(attempt) == "SCREENING", "screening")
    until(lambda: len(here.shop.switches["sw1"].live_ids()) == 3, "the fork")
    os.kill(here.screener.processes[0].pid, signal.SIGKILL)
    until(lambda: here.state(attempt) == "TALKING", "the talk")
    life = here.dialer.calls.lives[attempt]
    assert life.amd == "unsure"
    assert MAX_SCREENING_S - 0.1 < life.bridged_at_s - life.answered_at_s < MAX_SCREENING_S + 0.5
    assert here.shop.counters["screenings_undecided"] == 1
    until(lambda: tone_seconds(callee.wait_call().sound, AGENT_HZ) > 1.5, "the agent's voice")
    assert tone_seconds(callee.wait_call().sound, ABANDON_HZ) == 0.0
    until(lambda: len(here.shop.switches["sw1"].live_ids()) == 2, "the end of the fork")


def test_with_the_engine_silent_after_the_extension_the_net_still_speaks_in_time(
    room: Callable[[bytes], tuple[Room, FarEnd, FarEnd]],
) -> None:
    here, callee, _ = room(spoken(openings.pcm(openings.silence(30.0))))
    here.agent_ready()
    attempt = here.call_somebody()
    until(lambda: here.state(attempt) == "SCREENING", "screening")
    here.dialer.calls.lives[attempt].disarm()  # nothing more comes from this engine
    call = callee.wait_call()
    until(lambda: tone_seconds(call.sound, ABANDON_HZ) > 0.2, "the notice")
    limit_s = MAX_SCREENING_S + here.campaign.abandonment.answer_limit_s
    loud_at_s = (at_s for at_s, payload in call.heard if abs(alaw_decode(payload).astype(int)).max() > 3_000)
    assert MAX_SCREENING_S < next(loud_at_s) - call.answered_at_s < limit_s


@pytest.mark.parametrize("what", ["person", "machine", "fax"])
def test_the_openings_of_a_carrier_are_judged_as_they_are(
    freeswitch: FreeSwitch, esl: Esl, tmp_path: Path, what: str
) -> None:
    sound = {"person": openings.person(), "machine": openings.machine(), "fax": openings.fax()}[what]
    sipp = Carrier(free_ports(1)[0], tmp_path / "carrier", says=spoken(sound))
    sipp.start(first_media_port=50_000 + os.getpid() % 50 * 100)
    told = list[Any]()
    here = Room(freeswitch, tmp_path, sipp.port, free_ports(1)[0])
    try:
        here.screener._on_fact = told.append
        life = SimpleNamespace(
            leg_id=str(uuid4()),
            switch="sw1",
            codec="PCMA",
            campaign=here.campaign,
            intent=SimpleNamespace(person_id="p1", contact_id="k1"),
        )
        to = f"sofia/external/{sipp.number_for('answered')}@127.0.0.1:{sipp.port}"
        esl.bgapi(f"originate {{origination_uuid={life.leg_id}}}{to} &park()")
        esl.wait_event("CHANNEL_ANSWER", life.leg_id)
        here.screener.start(life)  # type: ignore[arg-type]
        until(lambda: told, "the verdict")
        kind = told[0].kind if isinstance(told[0], f.MachineDetected) else "person"
        assert (kind, told[0].leg_id) == (what, life.leg_id)
        until(lambda: here.link.live_ids() == {life.leg_id}, "the end of the fork")
    finally:
        here.close()
        sipp.stop()
