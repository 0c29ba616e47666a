"""The listener: gevent's pywsgi on a socket of our own.

pywsgi does not set TCP_NODELAY, which costs 40 ms a request on keep-alive connections; nor does it ever give
up on a client that stops reading or sending.
"""

import errno
import logging
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from gevent import GreenletExit, socket, ssl
from gevent.pool import Pool
from gevent.pywsgi import Input, LoggingLogAdapter, WSGIHandler, WSGIServer

from engine.domain.errors import ConfigError

log = logging.getLogger("prozvon.web")

DISCARD_BYTES = 1024 * 1024
BACKLOG = 128


@dataclass(frozen=True, slots=True)
class Listen:
    """Where and how to listen. `port` 0 lets the system choose. `tls_cert`, `tls_key`: PEM files, both or
    none. `plain_http_abroad`: a proxy in front speaks TLS. `idle_s`: a client that neither reads nor sends
    for so long is cut off. `connections`: at once; more wait in the backlog.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    tls_cert: str = ""
    tls_key: str = ""
    plain_http_abroad: bool = False
    idle_s: float = 30.0
    connections: int = 512

    @property
    def loopback(self) -> bool:
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return False


class ApiServer:
    """Serves a WSGI application until stopped. ConfigError when it must not, or cannot, listen there."""

    def __init__(self, app: Any, listen: Listen, *, tokens_configured: bool) -> None:
        _refuse_open_door(listen, tokens_configured)
        tls = _tls(listen)
        self._socket = _listener(listen)
        handler = type("Handler", (_Handler,), {"idle_s": listen.idle_s})
        self._server = _Server(
            self._socket,
            app,
            spawn=Pool(listen.connections),
            log=None,
            error_log=LoggingLogAdapter(log, logging.WARNING),
            handler_class=handler,
            environ={"SERVER_NAME": listen.host},
            **({"ssl_context": tls} if tls else {}),
        )
        self.port: int = self._socket.getsockname()[1]
        host = f"[{listen.host}]" if ":" in listen.host.strip("[]") else listen.host
        self.url = f"{'https' if tls else 'http'}://{host}:{self.port}"

    def start(self) -> None:
        """Accept from now on; returns at once."""
        self._server.start()

    def stop(self, timeout_s: float = 1.0) -> None:
        """Accept no more; requests under way have `timeout_s`, then they are cut off, streams included."""
        self._server.stop(timeout=timeout_s)


def _refuse_open_door(listen: Listen, tokens_configured: bool) -> None:
    if bool(listen.tls_cert) != bool(listen.tls_key):
        raise ConfigError(
            "TLS needs both a certificate and its key", "api.tls_cert, api.tls_key", "Give both."
        )
    if listen.loopback:
        return
    if not listen.tls_cert and not listen.plain_http_abroad:
        raise ConfigError(
            f"listening on {listen.host} without TLS would show tokens and debtors to the network",
            "api.host",
            "Set api.tls_cert and api.tls_key, or listen on 127.0.0.1.",
        )
    if not tokens_configured:
        raise ConfigError(
            f"listening on {listen.host} needs tokens of your own",
            "api.tokens",
            "Configure at least one, as ${NAME} from the environment.",
        )


def _tls(listen: Listen) -> ssl.SSLContext | None:
    if not listen.tls_cert:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(listen.tls_cert, listen.tls_key)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"the certificate or its key cannot be used: {error}",
            f"{listen.tls_cert}, {listen.tls_key}",
            "Both must be PEM files that belong together and can be read by the engine.",
        ) from error
    return context


def _listener(listen: Listen) -> socket.socket:
    host = listen.host.strip("[]")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, listen.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # accepted sockets inherit it
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        in_use = error.errno == errno.EADDRINUSE
        fix = (
            "Is another engine running? Choose another api.port."
            if in_use
            else "Choose an address of this host."
        )
        raise ConfigError(
            f"cannot listen: {error.strerror or error}", f"{listen.host}:{listen.port}", fix
        ) from error
    return listener


class _Input(Input):  # type: ignore[misc]
    """A body nobody wanted is read to its end only when the end is near; otherwise the connection closes."""

    unread = False

    def _discard(self) -> None:
        if self._chunked_input_error or not (
            self.chunked_input or self.position < (self.content_length or 0)
        ):
            return
        self.send_100_continue_enabled = False
        left = DISCARD_BYTES
        while left > 0:
            piece = self.read(min(16384, left))
            if not piece:
                return
            left -= len(piece)
        self.unread = True


class _Server(WSGIServer):  # type: ignore[misc]
    def wrap_socket_and_handle(self, client_socket: Any, address: Any) -> Any:
        """A TLS handshake has the same deadline as everything else."""
        client_socket.settimeout(self.handler_class.idle_s)
        return super().wrap_socket_and_handle(client_socket, address)


class _Handler(WSGIHandler):  # type: ignore[misc]
    """pywsgi's handler with deadlines: a client that sends or takes nothing for `idle_s` is gone."""

    idle_s = 30.0
    wsgi_input: Any
    ignored_socket_errors = (
        *WSGIHandler.ignored_socket_errors,
        errno.ETIMEDOUT,
        "timed out",
        "The read operation timed out",
        "The write operation timed out",
    )

    def __init__(self, sock: Any, address: Any, server: Any, rfile: Any = None) -> None:
        sock.settimeout(self.idle_s)
        super().__init__(sock, address, server, rfile)

    def get_environ(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environ()
        plain = self.wsgi_input
        self.wsgi_input = _Input(plain.rfile, plain.content_length, plain.socket, plain.chunked_input)
        if environ["wsgi.input"] is plain:
            environ["wsgi.input"] = self.wsgi_input
        return environ

    def handle_one_response(self) -> None:
        super().handle_one_response()
        if self.wsgi_input.unread:
            self.close_connection = True

    def _log_error(self, t: Any, v: Any, tb: Any) -> None:
        if not issubclass(t, GreenletExit):
            log.error("api connection failed", exc_info=(t, v, tb))
