"""Screening on a real FreeSWITCH: its fork, our media process, the net that must keep still meanwhile."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import gevent
import numpy as np
import pytest

from engine.amd.audio import Law, encode
from engine.amd.fingerprint import take_print
from engine.app.runtime import GeventTasks, GeventTimers, SystemClock
from engine.app.screening import MediaScreener
from engine.config import Config
from engine.dialer.dialer import Dialer
from engine.dialer.shop import GatewayTerms, Shop
from engine.domain import facts as f
from engine.domain.agent import Agent, ReadyWanted
from engine.domain.campaign import Abandonment, Amd, Campaign, CampaignState, Mode
from engine.media import shelf
from engine.store.memory import MemoryStore
from engine.switch.freeswitch import FreeSwitch as Port
from engine.switch.link import SwitchLink
from tests.amd import openings
from tests.amd.test_fingerprint import words
from tests.dialer.world import EasyRules, NoRobots, Paper, person
from tests.freeswitch.audio import alaw_decode, tone_seconds, tone_share
from tests.freeswitch.carrier import Carrier
from tests.freeswitch.esl import Esl
from tests.freeswitch.farend import Call, FarEnd
from tests.freeswitch.switch import ABANDON_HZ, FreeSwitch, free_ports

pytestmark = pytest.mark.freeswitch

WAIT_S = 20.0
MakeRoom = Callable[..., tuple["Room", FarEnd, FarEnd]]
AGENT_HZ, MAX_SCREENING_S = 700.0, 6.0


def spoken(pcm: bytes) -> bytes:
    return encode(pcm, Law.PCMA)


class Room:
    """An engine's dialer with one agent and one contact on the real switch; callees are dialed by address."""

    def __init__(
        self,
        freeswitch: FreeSwitch,
        logs: Path,
        callee_port: int,
        agent_port: int,
        amd: Amd | None = None,
        audio: str = "fork",
    ) -> None:
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
            amd=amd or Amd(),
            machine_message=str(freeswitch.media_dir / "abandon.wav") if amd else "",
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
        media: dict[str, Any] = {"rtp_first_port": first, "rtp_last_port": first + 99}
        self.taps = Path(f"/dev/shm/prozvon-test-{os.getpid()}")
        media |= {"audio": audio, "tap_folder": str(self.taps)}
        config = Config.model_validate({"media": media})
        self.screener = MediaScreener(config, self.shop, lambda fact: self.dialer.on_fact(fact), logs, logs)
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
        if self.taps.exists():
            shutil.rmtree(self.taps)


def until(true: Callable[[], object], what: str) -> None:
    with gevent.Timeout(WAIT_S, AssertionError(f"{what} did not come within {WAIT_S} s")):
        while not true():
            gevent.sleep(0.01)


@pytest.fixture
def room(freeswitch: FreeSwitch, esl: Esl, tmp_path: Path) -> Iterator[MakeRoom]:
    """`room(says)`: a dialer, a callee who says this, and the agent's phone."""
    made: list[Any] = []

    def make(says: bytes, early: bytes = b"", ring_s: float = 0.0, **how: Any) -> tuple[Room, FarEnd, FarEnd]:
        callee, agent = FarEnd(says=says, early=early, ring_s=ring_s), FarEnd(AGENT_HZ)
        made.extend([callee, agent])
        found = Room(freeswitch, tmp_path, callee.port, agent.port, **how)
        made.insert(0, found)
        return found, callee, agent

    yield make
    for one in made:
        one.close()


def test_a_person_is_joined_by_the_verdict_and_never_hears_the_net(
    room: MakeRoom,
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
    room: MakeRoom,
) -> None:
    here, callee, agent = room(spoken(openings.machine()))
    here.agent_ready()
    attempt = here.call_somebody()
    until(lambda: here.state(attempt) == "ENDED", "the end")
    assert here.noted()[-1]["verdict"] == "machine"
    assert here.dialer.agents.lives["a1"].state.value == "ready"
    assert tone_seconds(callee.wait_call().sound, ABANDON_HZ) == 0.0
    assert not tone_seconds(agent.wait_call().sound, 1_000.0)


def test_with_the_media_process_killed_the_person_is_served_within_the_deadline(
    room: MakeRoom,
) -> None:
    here, callee, _ = room(spoken(openings.person(after_s=2.0)))
    here.agent_ready()
    attempt = here.call_somebody()
    until(lambda: here.state(attempt) == "SCREENING", "screening")
    until(lambda: len(here.shop.switches["sw1"].live_ids()) == 3, "the fork")
    os.kill(here.screener.processes[0].pid, signal.SIGKILL)
    until(lambda: here.state(attempt) == "TALKING", "the talk")
    life = here.dialer.calls.lives[attempt]
    assert life.bridged_at_s - life.answered_at_s < MAX_SCREENING_S + 0.5
    assert here.shop.counters["screenings_moved"] == 1, "a new process hears the call from where it is"
    until(lambda: tone_seconds(callee.wait_call().sound, AGENT_HZ) > 1.5, "the agent's voice")
    assert tone_seconds(callee.wait_call().sound, ABANDON_HZ) == 0.0
    until(lambda: len(here.shop.switches["sw1"].live_ids()) == 2, "the end of the fork")


def test_with_the_engine_silent_after_the_extension_the_net_still_speaks_in_time(
    room: MakeRoom,
) -> None:
    here, callee, _ = room(spoken(openings.pcm(openings.silence(30.0))))
    here.agent_ready()
    attempt = here.call_somebody()
    until(lambda: "screening" in here.dialer.calls.lives[attempt].timers, "screening")
    here.dialer.calls.lives.pop(attempt).disarm()  # nothing more from this engine, whatever it hears
    call = callee.wait_call()
    until(lambda: tone_seconds(call.sound, ABANDON_HZ) > 0.2, "the notice")
    limit_s = MAX_SCREENING_S + here.campaign.abandonment.answer_limit_s
    loud_at_s = (at_s for at_s, payload in call.heard if abs(alaw_decode(payload).astype(int)).max() > 3_000)
    assert MAX_SCREENING_S < next(loud_at_s) - call.answered_at_s < limit_s


def loud_s(call: Call, hz: float) -> float:
    """Seconds from the answer until the callee first heard this tone."""
    block = 10
    for number in range(0, len(call.heard) - block, block):
        part = np.concatenate([alaw_decode(payload) for _, payload in call.heard[number : number + block]])
        if tone_share(part, hz) > 0.5 and abs(part.astype(int)).max() > 1_000:
            return call.heard[number][0] - call.answered_at_s
    raise AssertionError(f"no {hz} Hz in {len(call.heard)} packets")


GREETING_S, BEEP_S = 4.0, 0.5
MAILBOX = openings.pcm(
    openings.silence(0.5),
    openings.voice(GREETING_S),
    openings.silence(0.4),
    openings.tone(1_400, BEEP_S),
    openings.silence(30.0),
)
BEEP_OVER_S = 0.5 + GREETING_S + 0.4 + BEEP_S


@pytest.mark.parametrize("audio", ["fork", "file"])
def test_nothing_is_said_to_a_mailbox_before_its_beep_and_then_the_message(
    room: MakeRoom, audio: str
) -> None:
    here, callee, _ = room(spoken(MAILBOX), amd=Amd(), audio=audio)
    here.agent_ready()
    attempt = here.call_somebody()
    until(lambda: here.state(attempt) == "MAILBOX", "the verdict")
    until(lambda: here.state(attempt) == "ENDED", "the end")
    began_s = loud_s(callee.wait_call(), ABANDON_HZ)
    assert BEEP_OVER_S < began_s < BEEP_OVER_S + 2.0
    assert [note["verdict"] for note in here.noted()[:2]] == ["machine", "beep"]
    until(lambda: len(here.shop.switches["sw1"].live_ids()) == 1, "the end of the fork")
    if audio == "file":
        until(lambda: not list(here.taps.iterdir()), "the end of the files")


def test_with_the_engine_silent_while_a_mailbox_speaks_the_switch_leaves_the_message_itself(
    room: MakeRoom,
) -> None:
    wait_s = 3.0
    here, callee, _ = room(spoken(MAILBOX), amd=Amd(beep_wait_s=wait_s))
    here.agent_ready()
    attempt = here.call_somebody()
    until(lambda: here.state(attempt) == "MAILBOX", "the verdict")
    life = here.dialer.calls.lives[attempt]
    judged_s = here.clock.now_s() - life.answered_s
    life.disarm()
    here.screener.stop(life)  # nothing more comes from this engine
    call = callee.wait_call()
    until(lambda: call.ended.is_set(), "the end")
    assert loud_s(call, ABANDON_HZ) == pytest.approx(judged_s + wait_s + 5.0, abs=1.0)


def test_who_is_asked_because_nothing_is_heard_hears_the_question_and_is_served(room: MakeRoom) -> None:
    ask = Amd(ask="tone_stream://%(400,0,2000)", ask_after_s=1.5)
    here, callee, _ = room(spoken(openings.pcm(openings.silence(30.0))), amd=ask)
    here.agent_ready()
    attempt = here.call_somebody()
    until(lambda: here.state(attempt) == "TALKING", "the talk")
    call = callee.wait_call()
    until(lambda: tone_seconds(call.sound, AGENT_HZ) > 0.5, "the agent's voice")
    assert 1.4 < loud_s(call, 2_000.0) < 2.2
    assert tone_seconds(call.sound, ABANDON_HZ) == 0.0


@pytest.mark.parametrize("audio", ["fork", "file"])
def test_nobody_is_heard_on_a_silent_line_however_the_switch_fills_it(room: MakeRoom, audio: str) -> None:
    here, _, _ = room(spoken(openings.pcm(openings.silence(30.0))), audio=audio)
    here.agent_ready()
    attempt = here.call_somebody()
    until(lambda: here.state(attempt) == "TALKING", "the talk")
    assert [note["verdict"] for note in here.noted()] == ["undecided"]


@pytest.mark.parametrize("audio", ["fork", "file"])
def test_an_announcement_before_the_answer_ends_the_call_as_what_it_means(
    room: MakeRoom, tmp_path: Path, audio: str
) -> None:
    shelf.put(tmp_path / "fingerprints", take_print("off", "unreachable", openings.pcm(words(1))))
    said = openings.pcm(
        openings.tone(425, 1.0), openings.silence(1.0), 0.4 * words(1), openings.silence(20.0)
    )
    here, callee, _ = room(b"", early=spoken(said), ring_s=25.0, amd=Amd(early=True), audio=audio)
    here.agent_ready()
    attempt = here.call_somebody()
    began_s = here.clock.now_s()
    until(lambda: here.state(attempt) == "ENDED", "the end")
    assert here.clock.now_s() - began_s < 7.0
    until(lambda: [r for kind, r in here.paper.records if kind == "cdr"], "the record")
    (cdr,) = [record for kind, record in here.paper.records if kind == "cdr"]
    assert (cdr["disposition"], cdr["amd"]) == ("unreachable", "announcement")
    assert callee.wait_call().ended.is_set()
    until(lambda: len(here.shop.switches["sw1"].live_ids()) == 1, "the end of the fork")


@pytest.mark.parametrize("audio", ["fork", "file"])
def test_one_copy_hears_the_ringing_and_the_person(room: MakeRoom, audio: str) -> None:
    ring = openings.pcm(openings.tone(425, 1.0), openings.silence(2.0))
    here, callee, _ = room(
        spoken(openings.person()), early=spoken(ring), ring_s=2.0, amd=Amd(early=True), audio=audio
    )
    here.agent_ready()
    attempt = here.call_somebody()
    until(lambda: here.state(attempt) == "TALKING", "the talk")
    assert [note["verdict"] for note in here.noted()] == ["person"]
    until(lambda: tone_seconds(callee.wait_call().sound, AGENT_HZ) > 0.5, "the agent's voice")


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
            answered_s=0.0,
            intent=SimpleNamespace(person_id="p1", contact_id="k1"),
        )
        to = f"sofia/external/{sipp.number_for('answered')}@127.0.0.1:{sipp.port}"
        esl.bgapi(f"originate {{origination_uuid={life.leg_id}}}{to} &park()")
        esl.wait_event("CHANNEL_ANSWER", life.leg_id)
        here.screener.start(life)  # type: ignore[arg-type]
        until(lambda: told, "the verdict")
        kind = told[0].kind if isinstance(told[0], f.MachineDetected) else "person"
        assert (kind, told[0].leg_id) == (what, life.leg_id)
        here.screener.stop(life)  # type: ignore[arg-type]
        until(lambda: here.link.live_ids() == {life.leg_id}, "the end of the fork")
    finally:
        here.close()
        sipp.stop()
