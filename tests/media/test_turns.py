"""A turn of the media process, step by step: what has arrived is read fairly and heard together."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from engine.amd.classifier import Detector
from engine.media.ears import Folders, standard_detector
from engine.media.listener import PACKETS_AT_ONCE, Listener, Places
from tests.amd import openings
from tests.media.caller import Call, free_range, packet, packets
from tests.media.engine_side import Reader

CALLS = 3
SOUND = packets(openings.person())


class World:
    """A listener that nobody serves: a test gives it its turns."""

    def __init__(self, stack: ExitStack) -> None:
        first = free_range(40)
        self.made = list[Detector]()
        self.listener = Listener(Places("127.0.0.1", 0, first, first + 39, Folders()), "0", self._detector)
        stack.callback(self._stop)
        self.engine = Reader(self.listener.control.address)
        stack.callback(self.engine.close)
        self._stack = stack

    def _detector(self, cost: float) -> Detector:
        self.made.append(standard_detector(cost))
        return self.made[-1]

    def _stop(self) -> None:
        self.listener.stop()
        self.listener.serve()

    def call(self, attempt_id: str, listen: str = "") -> Call:
        sip = self._stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        sip.bind(("127.0.0.1", 0))
        sip.settimeout(5)
        call = _Stepped(sip, ("127.0.0.1", self.listener.sip_port), attempt_id, turn=self.turn)
        assert call.begin(listen=listen) == 200
        self.turn()
        return call

    def turn(self) -> None:
        time.sleep(0.001)
        self.listener.turn(0.01)

    def packets_of(self, call: Call) -> int:
        return self.listener.forks[call.call_id].receiver.packets


@dataclass
class _Stepped(Call):
    """`turn`: of the listener, after each request."""

    turn: Callable[[], None] = lambda: None

    def ask(self, method: str, cseq: int = 1, body: str = "", **headers: str) -> int:
        self.sip.sendto(self.request(method, cseq, body, **headers), self.to)
        self.turn()
        self.answer = self.sip.recv(8_192).decode()
        return int(self.answer[8:11])


@pytest.fixture
def world() -> Iterator[World]:
    with ExitStack() as stack:
        yield World(stack)


def test_a_call_that_breaks_is_counted_and_the_others_of_the_turn_are_judged(world: World) -> None:
    calls = [world.call(f"attempt-{n}") for n in range(CALLS)]
    world.made[1]._listening.tones.push = None  # type: ignore[assignment,method-assign]
    for one in SOUND:
        for call in calls:
            call.sip.sendto(one, call.media)
        world.turn()
    assert {world.engine.wait("verdict")["attempt_id"] for _ in range(2)} == {"attempt-0", "attempt-2"}
    assert world.listener.counts["failures"] == world.packets_of(calls[1])
    assert world.packets_of(calls[1]) > 100


def test_a_flood_on_one_port_keeps_nobody_else_waiting(world: World) -> None:
    flooded, calm = world.call("flooded"), world.call("calm")
    for number in range(200):
        flooded.sip.sendto(packet(b"\xff" * 160, number, number * 160), flooded.media)
    calm.sip.sendto(SOUND[0], calm.media)
    world.turn()
    assert world.packets_of(calm) == 1
    assert world.packets_of(flooded) == PACKETS_AT_ONCE
    for _ in range(200 // PACKETS_AT_ONCE):
        world.turn()
    assert world.packets_of(flooded) == 200, "and nothing is lost"
    assert not world.listener.forks[flooded.call_id].ear.waiting


def test_what_came_before_the_answer_is_not_heard_as_the_callee(world: World) -> None:
    call = world.call("rings", listen="early")
    fork = world.listener.forks[call.call_id]
    world.listener.ears.add(fork, openings.person()[:3_200])
    assert len(fork.ear.waiting) == 10
    world.listener.ears.command({"do": "answered", "fork_id": call.fork_id})
    assert not fork.ear.waiting
    assert fork.ear.detector is world.made[-1]
    assert world.made[-1].level_dbfs == -90.0, "it has heard nothing yet"


def test_the_last_word_is_said_before_the_end(world: World) -> None:
    call = world.call("short")
    sound = openings.pcm(openings.silence(0.4), openings.voice(0.7), openings.silence(3.0))
    world.listener.ears.add(world.listener.forks[call.call_id], sound)
    assert call.ask("BYE", 2) == 200
    assert [world.engine.line()["event"] for _ in range(2)] == ["verdict", "ended"]
