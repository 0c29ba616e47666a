"""The HTTP side of a running engine: tokens from the configuration, the listener, start and stop."""

from pathlib import Path
from time import monotonic

from engine.config import Config
from engine.control import Control
from engine.web.api import build_api
from engine.web.auth import Scope, Token, Tokens, own_admin_token
from engine.web.server import ApiServer, Listen

TOKEN_FILE = "api.token"


class Front:
    """`data`: where the engine's own admin token is kept, for the command line of this machine."""

    def __init__(self, control: Control, config: Config, data: Path, port: int | None = None) -> None:
        own = config.api
        listen = Listen(
            host=own.host,
            port=own.port if port is None else port,
            tls_cert=str(config.at(own.tls_cert)) if own.tls_cert else "",
            tls_key=str(config.at(own.tls_key)) if own.tls_key else "",
            plain_http_abroad=own.plain_http_abroad,
        )
        app = build_api(control, Tokens(tokens_of(config, data), monotonic), open_metrics=listen.loopback)
        self._server = ApiServer(app, listen, tokens_configured=bool(own.tokens))
        self.url = self._server.url

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.stop()


def tokens_of(config: Config, data: Path) -> list[Token]:
    """Configured tokens, agents' own, and the engine's (made once, readable by its owner only)."""
    tokens = [Token.of(own_admin_token(data / TOKEN_FILE), "engine", Scope.ADMIN, clear_numbers=True)]
    for one in config.api.tokens:
        scope = Scope[one.scope.upper()]
        tokens.append(
            Token.of(one.token.get_secret_value(), one.name, scope, clear_numbers=one.clear_numbers)
        )
    for agent in config.agents:
        secret = agent.token.get_secret_value()
        if secret:
            tokens.append(Token.of(secret, agent.id, Scope.OPERATOR, agent.id))
    return tokens
