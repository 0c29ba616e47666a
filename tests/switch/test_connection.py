import time

import gevent
import pytest

from engine.domain.errors import SwitchError, SwitchGone
from engine.greenlets import HubLag
from engine.switch.connection import InboundWire
from engine.switch.esl import command, parse_event
from tests.switch.peer import Peer, api_response, event, reply, wait_until


@pytest.fixture
def peer():
    it = Peer()
    yield it
    it.stop()


@pytest.fixture
def wires():
    made = []
    yield made
    for wire in made:
        wire.stop()


def connect(peer, wires, on_event=lambda frame: None, **options):
    closed = []
    wire = InboundWire(
        "127.0.0.1", peer.port, "ClueCon", 2.0, on_event=on_event, on_close=closed.append, **options
    )
    wire.why = closed
    wires.append(wire)
    wire.connect()
    return wire


def test_fifty_greenlets_with_a_hundred_mixed_commands_each_get_their_own_answers(peer, wires):
    def answers(text):
        kind, _, rest = text.partition(" ")
        if kind == "api" and rest.startswith("echo "):
            return api_response(rest[5:])
        if kind == "sendmsg":
            return reply(f"+OK {text.splitlines()[0][8:]}")
        return None

    peer.answers = answers
    wire, wrong = connect(peer, wires), []

    def ask(who):
        for n in range(100):
            if n % 2:
                expected, data = f"{who}-{n} ąё", command(f"api echo {who}-{n} ąё")
            else:
                expected, data = f"+OK {who}-{n}", command(f"sendmsg {who}-{n}", [("call-command", "x")])
            got = wire.ask(data, 30.0).data
            if got != expected:
                wrong.append((expected, got))

    askers = [gevent.spawn(ask, who) for who in range(50)]
    gevent.joinall(askers, timeout=60, raise_error=True)
    assert all(asker.ready() for asker in askers)
    assert wrong == []
    assert wire.unanswered == 0


def test_an_answer_that_misses_its_deadline_closes_the_connection(peer, wires):
    """Replies have no name, only a place: after one is missing nobody knows whose the next one is."""
    peer.answers = lambda text: b"" if "api" in text else None
    wire = connect(peer, wires)
    later = gevent.spawn(lambda: wire.ask(command("api second"), 5.0))
    started = time.monotonic()
    with pytest.raises(SwitchGone, match="api slow"):
        wire.ask(command("api slow"), 0.05)
    with pytest.raises(SwitchGone):
        later.get(timeout=1)
    assert time.monotonic() - started < 1.0
    assert not wire.connected
    assert wire.why == ["a command was not answered in time"]
    with pytest.raises(SwitchGone):
        wire.ask(command("api x"))


def test_a_told_command_that_misses_its_deadline_is_found_by_the_check(peer, wires):
    now = [0.0]
    peer.answers = lambda text: b"" if "slow" in text else None
    wire, replies = connect(peer, wires, clock=lambda: now[0]), []
    wire.tell(command("api slow"), replies.append, 3.0)
    wire.check()
    assert wire.connected
    now[0] = 3.1
    wire.check()
    assert not wire.connected
    assert replies == [None]


@pytest.mark.parametrize(
    ("last_words", "why"),
    [
        (b"Content-Type: api/response\nContent-Length: 100\n\nhalf a bo", "inside a message"),
        (b"Content-Ty", "inside a message"),
        (b"", "the switch closed the connection"),
        (b"Content-Type: text/disconnect-notice\nContent-Length: 5\n\nBye!\n", "the switch closed"),
        (b"Content-Type: api/response\nContent-Length: minus\n\n", "not a number"),
        (b"Content-Type: command/reply\nReply-Text: +OK\n\n" * 2, "answer to nothing"),
    ],
)
def test_however_the_peer_ends_everybody_who_waits_is_told_at_once(peer, wires, last_words, why):
    peer.answers = lambda text: b"" if "wait" in text else None
    wire = connect(peer, wires)
    waiting = gevent.spawn(lambda: wire.ask(command("api wait"), 30.0))
    wait_until(lambda: "api wait" in peer.commands)
    peer.sockets[-1].sendall(last_words)
    peer.cut()
    if b"command/reply" in last_words:
        waiting.get(timeout=2)  # the first of the two replies was an answer to it
    else:
        with pytest.raises(SwitchGone):
            waiting.get(timeout=2)
    wait_until(lambda: wire.why)
    assert why in wire.why[0]
    assert len(wire.why) == 1
    wait_until(lambda: wire._receive_events_greenlet.ready())


def test_a_wrong_password_is_said_clearly(peer, wires):
    peer.password = "other"
    with pytest.raises(SwitchError, match=r"refuses the password.*event_socket\.conf"):
        connect(peer, wires)


def test_a_rejected_host_is_said_clearly(peer, wires):
    peer.greeting = b"Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n"
    with pytest.raises(SwitchGone, match="does not greet"):
        connect(peer, wires)
    assert "rejects this host" in wires[0].why[0]


def test_a_peer_that_accepts_and_keeps_silent_is_not_waited_for_longer_than_the_timeout(wires):
    silent = Peer()
    silent.greeting = b""
    started = time.monotonic()
    wire = InboundWire("127.0.0.1", silent.port, "ClueCon", 0.1, on_event=print)
    with pytest.raises(SwitchGone, match="does not greet"):
        wire.connect()
    assert time.monotonic() - started < 1.0
    silent.stop()


def test_nobody_there_is_said_with_the_address():
    gone = Peer()
    gone.stop()
    with pytest.raises(SwitchGone, match=rf"cannot reach the switch.*127\.0\.0\.1:{gone.port}"):
        InboundWire("127.0.0.1", gone.port, "ClueCon", 1.0, on_event=print).connect()


def test_bytes_that_are_not_utf_8_do_not_make_it_deaf(peer, wires):
    peer.answers = lambda text: (
        b"Content-Type: api/response\nContent-Length: 6\n\nM\xfcller" if "name" in text else None
    )
    seen = []
    wire = connect(peer, wires, lambda frame: seen.append(parse_event(frame)))
    assert wire.ask(command("api name")).data == "M\ufffdller"
    body = b'{"Event-Name":"DTMF","x":"M\xfcller"}'
    peer.sockets[0].sendall(b"Content-Length: %d\nContent-Type: text/event-json\n\n" % len(body) + body)
    wait_until(lambda: seen)
    assert seen == [{"Event-Name": "DTMF", "x": "M\ufffdller"}]
    assert wire.ask(command("api x")).data == "+OK\n"


def test_commands_larger_than_the_socket_takes_at_once_arrive_whole(peer, wires):
    lengths = []

    def answers(text):
        lengths.append(len(text))
        return api_response("+OK")

    wire = connect(peer, wires)
    peer.answers = answers
    senders = [gevent.spawn(wire.ask, command("api " + "x" * 1_500_000), 20.0) for _ in range(6)]
    gevent.joinall(senders, timeout=30, raise_error=True)
    assert [sender.value.data for sender in senders] == ["+OK"] * 6
    assert lengths == [1_500_004] * 6


def test_a_peer_that_reads_no_more_is_noticed_by_the_sender_within_its_deadline(wires):
    release = gevent.event.Event()
    peer = Peer(lambda text: (release.wait(20), b"")[1] if "block" in text else None)
    wire = connect(peer, wires)
    wire.tell(command("api block"))
    started = time.monotonic()
    with pytest.raises(SwitchGone):
        wire.ask(command("api " + "x" * 30_000_000), 0.2)
    assert time.monotonic() - started < 3.0
    assert not wire.connected
    release.set()
    peer.stop()


def test_a_burst_of_six_thousand_events_stalls_nobody(peer, wires):
    frames = event("CHANNEL_ANSWER", Unique_ID="leg", variable_filling="x" * 7_500)
    seen = []
    wire = connect(peer, wires, lambda frame: seen.append(parse_event(frame)["Unique-ID"]))
    worst_ms = []
    for burst in range(1, 4):  # whoever else uses the machine can stall one burst, hardly all
        lag = HubLag(every_s=0.005)
        lag.start()
        pour = gevent.spawn(peer.sockets[0].sendall, frames * 6_000)
        wait_until(lambda burst=burst: len(seen) == burst * 6_000, 60)
        lag.stop()
        pour.get(timeout=1)
        worst_ms.append(lag.worst_ms)
    assert wire.connected
    assert min(worst_ms) < 50.0


def test_stop_says_goodbye_and_is_harmless_twice(peer, wires):
    wire = connect(peer, wires)
    wire.stop()
    wire.stop()
    wait_until(lambda: "exit" in peer.commands)
    assert wire.why == ["closed by us"]


def test_the_old_name_send_still_takes_a_command_of_several_lines(peer, wires):
    got = []
    peer.answers = lambda text: got.append(text) or reply("+OK") if text.startswith("sendmsg") else None
    wire = connect(peer, wires)
    assert wire.send("sendmsg leg\ncall-command: hangup\nhangup-cause: NORMAL_CLEARING").data == "+OK"
    assert got == ["sendmsg leg\ncall-command: hangup\nhangup-cause: NORMAL_CLEARING"]
