"""Who asks: bearer tokens, what each may do, and a brake on guessing.

Only SHA-256 digests of tokens are kept in memory. Comparing digests in constant time tells a guesser nothing.
"""

import hashlib
import hmac
import os
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

from engine.domain.errors import ConfigError

SHORTEST_TOKEN = 16
GUESSES_ALLOWED = 10
GUESS_WINDOW_S = 60.0
ADDRESSES_WATCHED = 1024


class Scope(IntEnum):
    """Each includes the ones before it."""

    OPERATOR = 1  # acts as its own agent and sees that agent's calls, nothing else
    SUPERVISOR = 2  # campaigns, all agents, calls, lists and results
    ADMIN = 3  # also creates and changes campaigns, reloads the configuration


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who showed a valid token. `agent_id`: whom an operator's token acts for. `clear_numbers`: may
    have people's numbers unmasked, where they are asked for."""

    name: str
    scope: Scope
    agent_id: str = ""
    clear_numbers: bool = False

    def may_act_as(self, agent_id: str) -> bool:
        return self.scope > Scope.OPERATOR or self.agent_id == agent_id


@dataclass(frozen=True, slots=True)
class Token:
    digest: bytes = field(repr=False)
    caller: Caller

    @classmethod
    def of(
        cls, secret: str, name: str, scope: Scope, agent_id: str = "", clear_numbers: bool = False
    ) -> "Token":
        """ConfigError for a token that could be guessed, or an operator's token without an agent."""
        if len(secret) < SHORTEST_TOKEN:
            raise ConfigError(
                f"the token '{name}' is shorter than {SHORTEST_TOKEN} characters",
                "api.tokens",
                "Make one with: openssl rand -hex 32",
            )
        if scope is Scope.OPERATOR and not agent_id:
            raise ConfigError(
                f"the operator's token '{name}' names no agent", "api.tokens", "Say whose it is: agent: <id>"
            )
        return cls(_digest(secret), Caller(name, scope, agent_id, clear_numbers))


class TooManyGuesses(Exception):
    """`retry_after_s`: when this address is listened to again."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(retry_after_s)
        self.retry_after_s = retry_after_s


class Tokens:
    """All valid tokens. A forgotten client that repeats one stale token is no guesser: only *different*
    wrong tokens of one address count, so it cannot lock out its neighbours on the same host."""

    def __init__(self, tokens: Iterable[Token], now_s: Callable[[], float]) -> None:
        self._tokens = tuple(tokens)
        self._now_s = now_s
        self._wrong: OrderedDict[str, dict[bytes, float]] = OrderedDict()

    def caller(self, authorization: str, address: str) -> Caller | None:
        """The caller who sent this Authorization header, or None. TooManyGuesses: not even looked at."""
        scheme, _, secret = authorization.partition(" ")
        if scheme.lower() != "bearer" or not secret.strip():
            return None
        self._brake(address)
        digest, found = _digest(secret.strip()), None
        for token in self._tokens:
            if hmac.compare_digest(token.digest, digest):
                found = token.caller
        if found is None:
            self._note_wrong(address, digest)
        return found

    def _brake(self, address: str) -> None:
        wrong = self._wrong.get(address)
        if wrong is None:
            return
        now_s = self._now_s()
        for digest in [digest for digest, at_s in wrong.items() if now_s - at_s >= GUESS_WINDOW_S]:
            del wrong[digest]
        if len(wrong) >= GUESSES_ALLOWED:
            raise TooManyGuesses(min(wrong.values()) + GUESS_WINDOW_S - now_s)

    def _note_wrong(self, address: str, digest: bytes) -> None:
        self._wrong.setdefault(address, {})[digest] = self._now_s()
        self._wrong.move_to_end(address)
        while len(self._wrong) > ADDRESSES_WATCHED:
            self._wrong.popitem(last=False)


def own_admin_token(path: Path) -> str:
    """The admin token of an engine that has none configured: made once, readable by its owner only.

    The command line on the same machine reads it from the same file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        secret = path.read_text(encoding="ascii", errors="replace").strip()
        if len(secret) >= SHORTEST_TOKEN:
            path.chmod(0o600)
            return secret
        path.unlink()
        return own_admin_token(path)
    secret = secrets.token_hex(32)
    with os.fdopen(opened, "w", encoding="ascii") as file:
        file.write(secret + "\n")
    return secret


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()
