"""The engine's own link, orders and sessions on both switches."""

from collections.abc import Callable, Iterator
from typing import TypeVar
from uuid import uuid4

import pytest

from engine.domain.facts import (
    CallIn,
    DigitPressed,
    Fact,
    LegAnswered,
    LegBridged,
    LegCreated,
    LegEarlyMedia,
    LegEnded,
    LegParked,
    LegUnbridged,
    OriginateRefused,
    StepDone,
    StepStarted,
)
from engine.switch import orders, questions, sound_orders
from engine.switch.link import LinkState, SwitchLink
from engine.switch.outbound import OutboundServer, Session
from tests.contracts.switch.switches import RealSwitch, Switch
from tests.switch.peer import RealClock, wait_until

T = TypeVar("T", bound=Fact)


class Engine:
    """A link, and all it was told."""

    def __init__(self, switch: Switch) -> None:
        self.switch = switch
        self.facts: list[Fact] = []
        self.states: list[LinkState] = []
        port = switch.freeswitch.esl_port if isinstance(switch, RealSwitch) else switch.port  # type: ignore[attr-defined]
        self.link = SwitchLink(
            "test", "127.0.0.1", port, switch.password, self.facts.append, self.states.append, RealClock()
        )
        self.link.start()
        wait_until(lambda: self.link.connected)

    def of(self, leg_id: str, kind: type[Fact] = Fact) -> list[Fact]:
        return [fact for fact in self.facts if fact.leg_id == leg_id and isinstance(fact, kind)]

    def wait(self, leg_id: str, kind: type[T], timeout_s: float = 10.0) -> T:
        """The first fact of the kind about the leg, as soon as it is there."""
        wait_until(lambda: self.of(leg_id, kind), timeout_s)
        return self.of(leg_id, kind)[0]  # type: ignore[return-value]

    def dial(self, endpoint: str, then: str = orders.PARK, **options: object) -> str:
        leg_id = str(uuid4())
        options.setdefault("values", orders.customer_leg())
        self.link.originate(leg_id, orders.originate(leg_id, endpoint, then, **options))  # type: ignore[arg-type]
        return leg_id

    def call(self, outcome: str, then: str = orders.PARK, **options: object) -> str:
        number = self.switch.number_for(outcome)
        return self.dial(orders.gateway_endpoint("trunk", number), then, **options)

    def answered(self, then: str = orders.PARK, **options: object) -> str:
        leg_id = self.call("answered", then, **options)
        self.wait(leg_id, LegAnswered)
        return leg_id

    def stop(self) -> None:
        self.link.api("hupall MANAGER_REQUEST")
        wait_until(lambda: not self.link.live_ids(), 10)
        self.link.stop()


@pytest.fixture
def engine(switch: Switch) -> Iterator[Engine]:
    it = Engine(switch)
    yield it
    it.stop()
    switch.tidy()


def test_a_call_is_created_answered_parked_and_ended_by_us(engine: Engine) -> None:
    leg_id = engine.answered(caller_id="48221234567", caller_name="O'Brien, {Łódź}")
    engine.wait(leg_id, LegParked)
    engine.link.send_api(orders.hang_up(leg_id))
    ended = engine.wait(leg_id, LegEnded)
    assert (ended.cause, ended.q850, ended.sip_code, ended.ended_by) == ("NORMAL_CLEARING", 16, 200, "us")
    assert 0.0 < ended.created_at_s <= ended.answered_at_s <= ended.ended_at_s
    assert isinstance(engine.of(leg_id)[0], LegCreated)
    assert engine.link.lag_s() < 2.0


@pytest.mark.parametrize(
    ("outcome", "cause", "sip_code"),
    [
        ("busy", "USER_BUSY", 486),
        ("dead", "UNALLOCATED_NUMBER", 404),
        ("rejected", "CALL_REJECTED", 603),
        ("congestion", "NORMAL_TEMPORARY_FAILURE", 503),
        ("unreachable", "NO_USER_RESPONSE", 480),
        ("announcement", "SUBSCRIBER_ABSENT", 480),
        ("changed", "NUMBER_CHANGED", 410),
    ],
)
def test_a_call_that_is_refused_says_why(engine: Engine, outcome: str, cause: str, sip_code: int) -> None:
    leg_id = engine.call(outcome)
    ended = engine.wait(leg_id, LegEnded)
    assert (ended.cause, ended.sip_code, ended.ended_by) == (cause, sip_code, "them")
    assert ended.answered_at_s == 0.0
    assert not engine.of(leg_id, LegAnswered)
    assert not engine.of(leg_id, OriginateRefused)
    if outcome == "announcement":
        [early] = engine.of(leg_id, LegEarlyMedia)
        assert early.codec == "PCMA"  # type: ignore[attr-defined]


def test_a_ringing_call_is_given_up(engine: Engine) -> None:
    leg_id = engine.call("no_answer")
    engine.wait(leg_id, LegCreated)
    engine.link.send_api(orders.hang_up(leg_id, "ORIGINATOR_CANCEL"))
    ended = engine.wait(leg_id, LegEnded)
    assert (ended.cause, ended.ended_by) == ("ORIGINATOR_CANCEL", "us")


def test_an_unknown_gateway_makes_no_channel_and_says_so(engine: Engine) -> None:
    leg_id = engine.dial("sofia/gateway/nowhere/48600100200")
    refused = engine.wait(leg_id, OriginateRefused)
    assert "INVALID_GATEWAY" in refused.text
    assert not engine.of(leg_id, LegCreated)


def test_asking_twice_for_one_leg_makes_one_call_and_refuses_nothing_that_lives(engine: Engine) -> None:
    number = engine.switch.number_for("answered")
    leg_id = str(uuid4())
    text = orders.originate(leg_id, orders.gateway_endpoint("trunk", number))
    engine.link.originate(leg_id, text)
    engine.wait(leg_id, LegAnswered)
    engine.link.originate(leg_id, text)
    wait_until(lambda: engine.link.counters.events["BACKGROUND_JOB"] >= 2)
    assert len(engine.of(leg_id, LegCreated)) == 1
    assert not engine.of(leg_id, OriginateRefused)
    assert engine.link.live_ids() == {leg_id}


VALUES = {
    "comma": "Łódź, ul. Długa 5, m. 7",
    "spaces": "a  b",
    "assign": "a=b=c",
    "money": "1 000 $ & 50%",
    "brackets": "[x] (y) <z>",
    "quote": 'say "hi" twice',
    "path": "/p/a b,c.wav",
    "list": "a;b|c^^d",
    "at": "a@b:c!d~e#f*g",
    "emoji": "漢字 😀",
}


def test_channel_variables_arrive_as_they_were_written(engine: Engine) -> None:
    named = {f"prozvon_{name}": value for name, value in VALUES.items()}
    leg_id = engine.answered(values=orders.customer_leg() | named)
    assert engine.link.live_ids() == {leg_id}  # at once, although the switch's list is behind
    legs = engine.link.live_legs()
    assert {name: legs[leg_id][f"variable_{name}"] for name in named} == named
    assert legs[leg_id]["Answer-State"] == "answered"
    for name, value in VALUES.items():
        engine.link.api(orders.setvar(leg_id, f"later_{name}", value))
    engine.link.api(orders.setvar_multi(leg_id, {"one": "1, 2", "two": "x=y"}))
    later = engine.link.live_legs()[leg_id]
    assert {name: later[f"variable_later_{name}"] for name in VALUES} == VALUES
    assert (later["variable_one"], later["variable_two"]) == ("1, 2", "x=y")
    engine.link.api(orders.setvar(leg_id, "one", ""))
    assert "variable_one" not in engine.link.live_legs()[leg_id]


def test_the_net_speaks_when_nobody_comes_and_later_when_it_was_extended(engine: Engine) -> None:
    notice = str(engine.switch.media_dir / "abandon.wav")
    short = engine.answered(orders.safety_net(notice, after_ms=300, extendable=True))
    long = engine.answered(orders.safety_net(notice, after_ms=300, extendable=True))
    engine.link.send_api(orders.extend_net(long, 1_200))
    heard = engine.wait(short, StepStarted)
    assert (heard.application, heard.argument) == ("playback", notice)
    assert 0.25 < heard.at_s - engine.wait(short, LegAnswered).at_s < 0.8
    assert 1.4 < engine.wait(long, StepStarted).at_s - engine.wait(long, LegAnswered).at_s < 2.0
    assert engine.wait(short, LegEnded).ended_by == "us"


def test_prompts_run_one_after_the_other_and_say_how_much_was_heard(engine: Engine) -> None:
    prompt = str(engine.switch.media_dir / "prompt.wav")
    leg_id = engine.answered()
    engine.wait(leg_id, LegParked)
    engine.link.sendmsg(orders.play(leg_id, "/nowhere/x, y.wav", step_id="step-1"))
    engine.link.sendmsg(orders.play(leg_id, prompt, step_id="step-2"))
    wait_until(lambda: engine.of(leg_id, StepStarted))
    engine.link.send_api(sound_orders.stop_sound(leg_id))
    wait_until(lambda: len([f for f in steps(engine, leg_id) if f.step_id.startswith("step-")]) == 2)
    first, second = (f for f in steps(engine, leg_id) if f.step_id.startswith("step-"))
    assert (first.step_id, first.response) == ("step-1", "FILE NOT FOUND")
    assert (second.step_id, second.response) == ("step-2", "FILE PLAYED")
    assert second.played_ms < 2_500
    engine.link.sendmsg(orders.play(leg_id, prompt, step_id="step-3"))
    wait_until(lambda: any(f.step_id == "step-3" for f in steps(engine, leg_id)))
    assert 2_900 <= next(f for f in steps(engine, leg_id) if f.step_id == "step-3").played_ms <= 3_100


def steps(engine: Engine, leg_id: str) -> list[StepDone]:
    return [fact for fact in engine.facts if isinstance(fact, StepDone) and fact.leg_id == leg_id]


def test_a_step_on_a_leg_that_is_gone_is_refused(engine: Engine) -> None:
    said: list[str | None] = []
    engine.link.sendmsg(orders.play(str(uuid4()), "/x.wav", step_id="s"), said.append)
    wait_until(lambda: said)
    assert said[0] is not None
    assert said[0].startswith("-ERR invalid session id")


def test_agent_and_person_are_joined_recorded_whispered_to_held_and_parted(engine: Engine) -> None:
    link = engine.link
    agent = engine.answered(values=orders.AGENT_LEG)
    engine.wait(agent, LegParked)
    person = engine.answered()
    recording = str(engine.switch.recordings_dir / f"{person}.wav")
    assert link.api(sound_orders.whisper(agent, "tone_stream://%(150,0,1400)")) == "+OK Success"
    assert link.api(orders.bridge(agent, person)) == f"+OK {person}"
    assert engine.wait(person, LegBridged).peer_id == agent
    assert engine.wait(agent, LegBridged).peer_id == person
    assert link.api(sound_orders.record(person, recording)) == "+OK Success"
    assert link.api(sound_orders.mask_recording(person, recording, on=True)).startswith("+OK")
    assert link.api(sound_orders.mask_recording(person, recording, on=False)).startswith("+OK")
    assert link.api(sound_orders.mute(agent, on=True)).startswith("+OK")
    assert link.api(sound_orders.mute(agent, on=False)).startswith("+OK")
    assert link.api(orders.hold(person, "tone_stream://%(200,1800,440);loops=-1")) == "+OK"
    wait_until(lambda: engine.of(agent, LegUnbridged))
    assert link.api(orders.bridge(agent, person)).startswith("+OK")
    wait_until(lambda: len(engine.of(person, LegBridged)) == 2)
    assert link.api(sound_orders.stop_recording(person, recording)) == "+OK Success"
    link.api(orders.hang_up(person))
    engine.wait(person, LegEnded)
    parked = len(engine.of(agent, LegParked))
    wait_until(lambda: len(engine.of(agent, LegParked)) >= max(2, parked))
    assert agent in link.live_ids()


def test_a_person_is_transferred_to_somebody_who_answers(engine: Engine) -> None:
    link, peer = engine.link, str(uuid4())
    person = engine.answered()
    engine.wait(person, LegParked)
    to = orders.gateway_endpoint("trunk", engine.switch.number_for("answered"))
    assert link.api(orders.blind_transfer(person, to, caller_id="48221234567", peer_id=peer)) == "+OK"
    assert engine.wait(person, LegBridged).peer_id == peer
    engine.wait(peer, LegBridged)


def test_a_person_transferred_to_somebody_busy_hears_sorry_and_the_call_ends(engine: Engine) -> None:
    person = engine.answered()
    engine.wait(person, LegParked)
    sorry = str(engine.switch.media_dir / "prompt.wav")
    to = orders.gateway_endpoint("trunk", engine.switch.number_for("busy"))
    engine.link.send_api(orders.blind_transfer(person, to, sorry=sorry))
    assert engine.wait(person, StepStarted).argument == sorry
    wait_until(lambda: engine.of(person, LegEnded), 10)
    assert engine.wait(person, LegEnded).cause == "NORMAL_CLEARING"


def test_keys_are_heard(engine: Engine, switch: Switch) -> None:
    with switch.connect() as esl:
        leg_id = str(uuid4())
        person = switch.person(esl, leg_id)
        engine.link.originate(leg_id, orders.originate(leg_id, person.endpoint))
        engine.wait(leg_id, LegParked)
        person.press("5#")
        wait_until(lambda: len(engine.of(leg_id, DigitPressed)) == 2)
        assert [fact.digit for fact in engine.of(leg_id, DigitPressed)] == ["5", "#"]  # type: ignore[attr-defined]
        person.hang_up()
        assert engine.wait(leg_id, LegEnded).ended_by == "them"


def test_files_gateways_and_legs_can_be_asked_for(engine: Engine) -> None:
    link = engine.link
    assert link.api(questions.file_exists(str(engine.switch.media_dir / "abandon.wav"))) == "true"
    assert link.api(questions.file_exists("/nowhere, really.wav")) == "false"
    assert link.api(questions.exists(str(uuid4()))) == "false"
    answer = link.api(questions.gateway_status("trunk"))
    assert "<name>trunk</name>" in answer
    assert questions.status_in(answer) == "UP"
    assert questions.status_in(link.api(questions.gateway_status("nobody"))) == ""


def test_after_a_loss_the_link_finds_its_calls_again(engine: Engine) -> None:
    leg_id = engine.answered(values=orders.customer_leg() | {"prozvon_attempt": "17"})
    wire = engine.link._events
    assert wire is not None
    wire.close("cut by the test")
    wait_until(lambda: engine.states == [LinkState.UP, LinkState.DOWN, LinkState.UP], 10)
    assert engine.link.live_legs()[leg_id]["variable_prozvon_attempt"] == "17"
    engine.link.send_api(orders.hang_up(leg_id))
    engine.wait(leg_id, LegEnded)
    assert engine.link.live_ids() == frozenset()


@pytest.fixture
def listen(switch: Switch) -> Iterator[Callable[..., OutboundServer]]:
    servers: list[OutboundServer] = []

    def listen(
        on_session: Callable[[Session], object], on_fact: Callable[[Fact], object], **options: int
    ) -> OutboundServer:
        server = OutboundServer("127.0.0.1", switch.inbound_port, on_session, on_fact, RealClock(), **options)
        servers.append(server)
        server.start()
        return server

    yield listen
    for server in servers:
        server.stop()


def test_a_call_that_comes_in_is_served_by_a_session(
    engine: Engine, switch: Switch, listen: Callable[..., OutboundServer]
) -> None:
    facts: list[Fact] = []
    told: list[object] = []
    prompt = str(switch.media_dir / "prompt.wav")

    def serve(session: Session) -> None:
        session.answer()
        session.api(orders.setvar(session.leg_id, "prozvon_case", "17"))
        told.append(session.api(f"uuid_getvar {session.leg_id} prozvon_case"))
        first = session.playback(prompt)
        told.append(first.headers["Application-Response"])
        session.execute("playback", prompt, step_id="mine")
        wait_until(lambda: any(isinstance(f, StepDone) and f.step_id == "mine" for f in facts), 10)
        session.hangup()
        told.append(session.wait_over(5.0))

    server = listen(serve, facts.append)
    switch.call_in("48600100200", "48221110000")
    wait_until(lambda: any(isinstance(fact, LegEnded) for fact in facts) and len(told) == 3, 20)
    assert told == ["17", "FILE PLAYED", True]
    assert isinstance(facts[0], CallIn)
    assert facts[0].to_number.lstrip("+") == "48221110000"
    assert facts[0].from_number.lstrip("+") == "48600100200"
    assert [isinstance(fact, CallIn) for fact in facts].count(True) == 1
    assert not any(isinstance(fact, CallIn) for fact in engine.facts)
    kinds = [type(fact) for fact in facts]
    mine = [fact.step_id if isinstance(fact, StepDone) else "" for fact in facts].index("mine")
    assert kinds.index(LegAnswered) < mine < kinds.index(LegEnded)
    assert {fact.leg_id for fact in facts} == {facts[0].leg_id}
    wait_until(lambda: not server.sessions)


def test_a_server_that_is_full_leaves_the_call_to_the_dialplan(
    engine: Engine, switch: Switch, listen: Callable[..., OutboundServer]
) -> None:
    server = listen(lambda session: session.wait_over(20), lambda fact: None, most_calls=0)
    switch.call_in("48600100200", "48221110000")
    wait_until(lambda: server.rejected == 1)
    wait_until(lambda: any(isinstance(fact, LegAnswered | LegParked) for fact in engine.facts))
