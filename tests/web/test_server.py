"""The listener on a real socket: speed, deadlines, TLS, streams."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import gevent
import pytest
from gevent import socket, ssl

from engine.domain.errors import ConfigError
from engine.web.api import Limits, build_api
from engine.web.auth import Tokens
from engine.web.server import ApiServer, Listen
from tests.web.conftest import ADMIN, TOKENS
from tests.web.fake import FakeControl

TLS = Path(__file__).parents[1] / "data" / "tls"
CERT, KEY = str(TLS / "localhost.pem"), str(TLS / "localhost.key")
DEADLINE_S = 10.0
ANYWHERE, USUAL = Listen(port=0), Limits()


@contextlib.contextmanager
def serving(control: FakeControl, listen: Listen = ANYWHERE, limits: Limits = USUAL) -> Iterator[ApiServer]:
    app = build_api(control, Tokens(TOKENS, lambda: 0.0), limits=limits)
    server = ApiServer(app, listen, tokens_configured=True)
    server.start()
    try:
        yield server
    finally:
        server.stop(0.5)


def connect(server: ApiServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE_S)


def ask(path: str, method: str = "GET", head: str = "") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ADMIN}\r\n{head}\r\n".encode()


def read_until(client: socket.socket, wanted: bytes) -> bytes:
    got = b""
    while wanted not in got:
        piece = client.recv(65536)
        assert piece, f"closed before {wanted!r}: {got[-300:]!r}"
        got += piece
    return got


def read_all(client: socket.socket) -> bytes:
    got = b""
    with contextlib.suppress(ConnectionError):
        while piece := client.recv(65536):
            got += piece
    return got


def test_answers_are_not_held_back_by_nagle(control):
    server = ApiServer(None, Listen(port=0), tokens_configured=False)
    with connect(server):
        accepted, _ = server._socket.accept()
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
        accepted.close()
    server._socket.close()


def test_one_connection_serves_many_requests(control):
    with serving(control) as server, connect(server) as client:
        for _ in range(3):
            client.sendall(ask("/v1/calls"))
            assert read_until(client, b"talking").startswith(b"HTTP/1.1 200")


def test_live_events_come_at_once_and_go_on_from_where_the_client_was(control):
    control.endless = True
    with serving(control) as server, connect(server) as client:
        client.sendall(ask("/v1/events", head="Last-Event-ID: 1\r\n"))
        got = read_until(client, b": beat")
        assert b"content-type: text/event-stream" in got
        assert b"id: 1\n" not in got
        assert b"id: 2\n" in got
        assert b"id: 3\n" in got


def test_a_client_that_leaves_frees_its_seat(control):
    control.flood = True
    with serving(control, limits=Limits(streams=1)) as server:
        with connect(server) as client:
            client.sendall(ask("/v1/events"))
            read_until(client, b"event: flood")
            with connect(server) as second:
                second.sendall(ask("/v1/events", head="Connection: close\r\n"))
                assert read_all(second).startswith(b"HTTP/1.1 503")
        assert control.events_closed.wait(DEADLINE_S)
        with connect(server) as third:
            third.sendall(ask("/v1/events"))
            read_until(third, b"200 OK")


def test_a_client_that_stops_reading_is_cut_off_and_holds_no_memory(control):
    control.flood = True
    with serving(control, Listen(port=0, idle_s=0.3)) as server, connect(server) as client:
        client.sendall(ask("/v1/events"))
        assert control.events_closed.wait(DEADLINE_S), "the stream went on for a client that does not read"


def test_stopping_ends_streams_that_would_never_end(control):
    control.endless = True
    with serving(control) as server, connect(server) as client:
        client.sendall(ask("/v1/events"))
        read_until(client, b": beat")
        with gevent.Timeout(DEADLINE_S):
            server.stop(0.1)
        assert control.events_closed.wait(DEADLINE_S)


def test_a_client_that_says_nothing_is_cut_off(control):
    with serving(control, Listen(port=0, idle_s=0.2)) as server, connect(server) as client:
        client.sendall(b"GET /v1/status HT")
        assert read_all(client) == b""


def test_a_body_that_stops_halfway_is_given_up(control):
    with serving(control, Listen(port=0, idle_s=0.2)) as server, connect(server) as client:
        head = "Content-Type: application/json\r\nContent-Length: 100\r\n"
        client.sendall(ask("/v1/agents/anna/pause", "POST", head) + b'{"rea')
        assert b" 400 " in read_all(client)
    assert not control.asked


def test_a_body_beyond_every_limit_is_refused_without_being_read(control):
    with serving(control) as server, connect(server) as client:
        head = f"Content-Type: application/json\r\nContent-Length: {10**12}\r\n"
        client.sendall(ask("/v1/agents/anna/pause", "POST", head))
        with contextlib.suppress(ConnectionError):
            for _ in range(64):
                client.sendall(b" " * 65536)
        assert not control.asked
    with serving(control) as server, connect(server) as client:
        client.sendall(ask("/v1/calls"))
        read_until(client, b"talking")


def test_a_list_is_taken_as_it_comes_in_chunks_of_any_size(control):
    with serving(control) as server, connect(server) as client:
        head = "Content-Type: text/csv\r\nTransfer-Encoding: chunked\r\n"
        client.sendall(ask("/v1/campaigns/autumn/contacts", "POST", head))
        for line in (b"phone\n", b"+48221234567\n" * 5000, b"12\n"):
            client.sendall(b"%x\r\n%s\r\n" % (len(line), line))
        client.sendall(b"0\r\n\r\n")
        got = read_until(client, b"}]")
    assert b'"added":5002' in got
    assert control.imported == b"phone\n" + b"+48221234567\n" * 5000 + b"12\n"


def test_a_list_over_the_limit_is_refused_though_its_size_was_not_announced(control):
    with serving(control, limits=Limits(upload_bytes=1000)) as server, connect(server) as client:
        head = "Content-Type: text/csv\r\nTransfer-Encoding: chunked\r\n"
        client.sendall(ask("/v1/campaigns/autumn/contacts", "POST", head))
        client.sendall(b"800\r\n" + b"x" * 0x800 + b"\r\n0\r\n\r\n")
        assert b" 413 " in read_until(client, b"error")


def test_a_running_import_shows_how_far_it_is(control):
    with serving(control) as server, connect(server) as client, connect(server) as watcher:
        head = "Content-Type: text/csv\r\nTransfer-Encoding: chunked\r\n"
        client.sendall(ask("/v1/campaigns/autumn/contacts?source=a.csv", "POST", head))
        client.sendall(b"10006\r\nphone\n" + b"0" * 0x10000 + b"\r\n")
        with gevent.Timeout(DEADLINE_S):
            while len(control.imported) < 0x10000:
                gevent.sleep(0)
        watcher.sendall(ask("/v1/campaigns/autumn/contacts"))
        got = read_until(watcher, b"]")
        assert json.loads(got.partition(b"\r\n\r\n")[2]) == [{"source": "a.csv", "received_bytes": 0x10000}]


def test_the_api_speaks_tls(control):
    with serving(control, Listen(port=0, tls_cert=CERT, tls_key=KEY)) as server:
        assert server.url == f"https://127.0.0.1:{server.port}"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(CERT)
        with context.wrap_socket(connect(server), server_hostname="localhost") as client:
            client.sendall(ask("/v1/calls"))
            assert read_until(client, b"talking").startswith(b"HTTP/1.1 200")
        with connect(server) as plain:
            plain.sendall(ask("/v1/calls"))
            assert b"talking" not in read_all(plain)


@pytest.mark.parametrize(
    ("listen", "configured", "says"),
    [
        (Listen("0.0.0.0", 0), True, "without TLS"),
        (Listen("10.0.0.1", 0), True, "without TLS"),
        (Listen("example.test", 0), True, "without TLS"),
        (Listen("0.0.0.0", 0, CERT, KEY), False, "tokens of your own"),
        (Listen(port=0, tls_cert=CERT), True, "both a certificate and its key"),
        (Listen(port=0, tls_cert=KEY, tls_key=CERT), True, "cannot be used"),
        (Listen(port=0, tls_cert="/none", tls_key="/none"), True, "cannot be used"),
        (Listen("192.0.2.1", 0, plain_http_abroad=True), True, "cannot listen"),
    ],
)
def test_a_door_that_would_stand_open_or_cannot_be_had_is_refused_with_a_reason(listen, configured, says):
    with pytest.raises(ConfigError, match=says) as refused:
        ApiServer(None, listen, tokens_configured=configured)
    assert refused.value.fix


def test_a_port_in_use_says_so(control):
    with serving(control) as server, pytest.raises(ConfigError, match="cannot listen") as refused:
        ApiServer(None, Listen(port=server.port), tokens_configured=True)
    assert "another engine" in refused.value.fix
