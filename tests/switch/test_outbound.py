from contextlib import suppress

import gevent
import pytest
from gevent import socket

from engine.domain.errors import SwitchError, SwitchGone
from engine.domain.facts import CallIn, DigitPressed, LegEnded
from engine.switch.outbound import OutboundServer
from tests.switch.peer import RealClock, api_response, event, reply, wait_until
from tests.switch.recordings import EVENTS

LEG = "ec375fc2-ad29-422a-be2f-a85d4f965d55"
CHANNEL = (EVENTS / "outbound_async_full.txt").read_bytes().split(b"<<< 0.328\n", 1)[1]
CHANNEL = CHANNEL.split(b"\n\n", 1)[0] + b"\nContent-Type: command/reply\n\n"


class Leg:
    """The switch's end of one session: answers as a switch does."""

    def __init__(self, port: int, channel: bytes = CHANNEL) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.channel = channel
        self.asked: list[list[str]] = []
        self.ended = False
        self._reader = gevent.spawn(self._serve)

    def _serve(self) -> None:
        lines: list[str] = []
        with suppress(OSError):  # the engine may close while we answer
            for raw in self.sock.makefile("rb"):
                line = raw.decode().rstrip("\n")
                if line:
                    lines.append(line)
                elif lines:
                    self.asked.append(lines)
                    self.sock.sendall(self.answer(lines))
                    lines = []
        self.ended = True

    def answer(self, lines: list[str]) -> bytes:
        verb = lines[0].split()[0]
        if verb == "connect":
            return self.channel
        return api_response("+OK") if verb == "api" else reply("+OK")

    def verbs(self) -> list[str]:
        return [lines[0] for lines in self.asked]

    def tell(self, data: bytes) -> None:
        self.sock.sendall(data)

    def close(self) -> None:
        self.sock.shutdown(2)
        self.sock.close()


@pytest.fixture
def serve():
    servers = []

    def start(on_session, on_fact=lambda fact: None, **options):
        server = OutboundServer("127.0.0.1", 0, on_session, on_fact, RealClock(), **options)
        servers.append(server)
        server.start()
        return server

    yield start
    for server in servers:
        server.stop()


def test_a_session_knows_its_leg_and_tells_its_facts(serve):
    facts, over = [], []
    server = serve(lambda session: over.append(session.wait_over(5)), facts.append)
    leg = Leg(server.port)
    wait_until(lambda: "myevents" in leg.verbs())
    assert leg.verbs() == ["connect", "linger 5", "event json", "myevents"]
    leg.tell(event("DTMF", Unique_ID=LEG, DTMF_Digit="5"))
    leg.tell(event("CHANNEL_HANGUP_COMPLETE", Unique_ID=LEG, Hangup_Cause="NORMAL_CLEARING"))
    leg.tell(
        b"Content-Type: text/disconnect-notice\nContent-Disposition: linger\n"
        b"Linger-Time: 5\nContent-Length: 0\n\n"
    )
    wait_until(lambda: over)
    assert over == [True]
    assert [type(fact) for fact in facts] == [CallIn, DigitPressed, LegEnded]
    assert {fact.leg_id for fact in facts} == {LEG}
    wait_until(lambda: leg.ended)
    assert not server.sessions


def test_steps_carry_their_own_id_and_two_of_a_kind_are_not_mixed_up(serve):
    ends = []

    def on_session(session):
        one = gevent.spawn(session.playback, "/p/one.wav")
        other = gevent.spawn(session.playback, "/p/other.wav")
        gevent.joinall([one, other], timeout=5)
        ends.extend(job.value.headers["Application-Data"] for job in (one, other))

    server = serve(on_session)
    leg = Leg(server.port)
    wait_until(lambda: leg.verbs().count("sendmsg") == 2)
    for step in reversed(leg.asked[-2:]):
        headers = dict(line.split(": ", 1) for line in step[1:])
        leg.tell(
            event(
                "CHANNEL_EXECUTE_COMPLETE",
                Unique_ID=LEG,
                Application="playback",
                Application_Data=headers["execute-app-arg"],
                Application_UUID=headers["Event-UUID"],
            )
        )
    wait_until(lambda: ends)
    assert ends == ["/p/one.wav", "/p/other.wav"]


def test_a_step_under_way_when_the_leg_goes_ends_with_an_error(serve):
    raised = []

    def on_session(session):
        try:
            session.call_command("playback", "/p/x.wav", block=True)
        except SwitchGone as error:
            raised.append(str(error))

    server = serve(on_session)
    leg = Leg(server.port)
    wait_until(lambda: "sendmsg" in leg.verbs())
    leg.close()
    wait_until(lambda: raised)
    assert "ended during a step" in raised[0]


def test_waiting_for_a_step_without_events_is_refused_at_once(serve):
    raised = []

    def on_session(session):
        try:
            session.playback("/p/x.wav")
        except SwitchError as error:
            raised.append(str(error))

    server = serve(on_session, events=False)
    leg = Leg(server.port)
    wait_until(lambda: raised)
    assert "cannot wait for a step" in raised[0]
    wait_until(lambda: leg.verbs() == ["connect", "linger 5"])  # no step was ordered


def test_many_legs_at_once_are_each_served_without_delay(serve):
    served = []
    server = serve(lambda session: served.append(session.variables["Unique-ID"]))
    legs = [Leg(server.port, CHANNEL.replace(LEG.encode(), b"leg-%d" % n)) for n in range(200)]
    wait_until(lambda: len(served) == 200)
    assert set(served) == {f"leg-{n}" for n in range(200)}
    wait_until(lambda: all(leg.ended for leg in legs))


def test_above_the_limit_a_leg_is_left_to_the_dialplan(serve):
    server = serve(lambda session: session.wait_over(5), most_calls=1)
    first = Leg(server.port)
    wait_until(lambda: "myevents" in first.verbs())
    second = Leg(server.port)
    wait_until(lambda: second.ended)
    assert second.verbs()[-1] == "exit"
    assert (server.accepted, server.rejected) == (2, 1)
    assert not first.ended


@pytest.mark.parametrize(
    "rubbish",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 3,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 100,
        b"Content-Type: command/reply\n\n",
        b"Content-Length: 99999999999\n\n",
        b"x" * 1_000_000,
        b"",
    ],
)
def test_who_talks_rubbish_or_nothing_harms_nobody(serve, rubbish):
    served = []
    server = serve(lambda session: served.append(session.leg_id), timeout_s=0.2)
    stranger = socket.create_connection(("127.0.0.1", server.port))
    stranger.sendall(rubbish)
    Leg(server.port)
    wait_until(lambda: served)
    assert served == [LEG]
    wait_until(lambda: not server.sessions)
    stranger.close()


def test_a_script_that_fails_ends_its_leg_and_no_other(serve, caplog):
    served = []

    def on_session(session):
        served.append(session.leg_id)
        if len(served) == 1:
            raise RuntimeError("broken script")

    server = serve(on_session)
    first = Leg(server.port)
    wait_until(lambda: first.ended)
    Leg(server.port)
    wait_until(lambda: len(served) == 2)
    assert "broken script" in caplog.text


def test_an_address_in_use_is_said_with_the_address(serve):
    server = serve(lambda session: None)
    other = OutboundServer("127.0.0.1", server.port, lambda s: None, lambda f: None, RealClock())
    with pytest.raises(SwitchError, match=rf"cannot listen.*127\.0\.0\.1:{server.port}"):
        other.start()


def test_stopping_ends_every_session_and_frees_the_address(serve):
    over = []
    server = serve(lambda session: over.append(session.wait_over(10)))
    leg = Leg(server.port)
    wait_until(lambda: "myevents" in leg.verbs())
    server.stop()
    wait_until(lambda: leg.ended)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), timeout=1)


def test_what_is_told_just_before_the_end_still_leaves(serve):
    server = serve(lambda session: session.hangup("CALL_REJECTED"), events=False)
    leg = Leg(server.port)
    wait_until(lambda: leg.verbs() == ["connect", "linger 5", "sendmsg"])
