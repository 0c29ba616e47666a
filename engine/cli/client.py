"""How commands reach a running engine: by its HTTP API, where config.yaml says it listens.

PROZVON_URL      another address, e.g. https://dialer.example:8080
PROZVON_TOKEN    another token than the engine's own (data/api.token)
PROZVON_CA       PEM file with the authority that signed the engine's certificate
"""

import argparse
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from engine.cli.frame import Unreachable, config_path
from engine.control import NotFound, Refused
from engine.domain import strict_yaml
from engine.domain.errors import ConfigError, DialerError, Problem

if TYPE_CHECKING:
    import requests

CONNECT_S = 3.0
ANSWER_S = 30.0
IMPORT_S = 3600.0
PIECE_BYTES = 64 * 1024
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}


@dataclass(frozen=True, slots=True)
class Address:
    """Where the engine should be, and the token to show. `looked`: where these came from, for errors."""

    url: str
    token: str = field(repr=False)
    looked: str
    ca: str = ""


def address(args: argparse.Namespace, environ: Mapping[str, str] | None = None) -> Address:
    """From the environment, else from config.yaml. Only sections `api` and `store` are read: a command that
    asks a running engine must not fail because a secret of the engine is unset in this terminal."""
    env = os.environ if environ is None else environ
    file = config_path(args)
    api, store = _sections(file)
    url, looked = env.get("PROZVON_URL", ""), "PROZVON_URL"
    if not url:
        host = str(api.get("host") or "127.0.0.1")
        scheme = "https" if api.get("tls_cert") else "http"
        url = f"{scheme}://{EVERYWHERE.get(host, host)}:{api.get('port') or 8080}"
        looked = f"section api of {file}" if file.exists() else f"the default; there is no {file}"
    token, token_file = env.get("PROZVON_TOKEN", ""), ""
    if not token:
        path = file.parent / str(store.get("data_dir") or "data") / "api.token"
        token_file = str(path)
        token = _text_of(path)
    looked += ", token of PROZVON_TOKEN" if not token_file else f", token of {token_file}"
    return Address(url.rstrip("/"), token, looked, env.get("PROZVON_CA", ""))


def _sections(file: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    text = _text_of(file)
    data = strict_yaml.load(text, str(file)).data if text else None
    sections = data if isinstance(data, dict) else {}
    api, store = sections.get("api"), sections.get("store")
    return api if isinstance(api, dict) else {}, store if isinstance(store, dict) else {}


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def engine(args: argparse.Namespace) -> "RemoteEngine":
    """The engine the command line means."""
    return RemoteEngine(address(args))


class RemoteEngine:
    """A running engine, over HTTP. Its refusals come back as the same errors it raised there."""

    def __init__(self, at: Address) -> None:
        import requests  # here: commands that ask no engine start faster without

        self.at = at
        self._session = requests.Session()
        self._session.trust_env = False  # neither a proxy nor a .netrc stands between us and our own engine
        self._session.headers["Authorization"] = f"Bearer {at.token}"
        if at.ca:
            self._session.verify = at.ca

    def get(self, path: str, **query: Any) -> Any:
        return self._answer(self._send("GET", path, params=_said(query)))

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        return self._answer(self._send("POST", path, json=dict(body or {})))

    def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._answer(self._send("PATCH", path, json=dict(body)))

    def delete(self, path: str) -> Any:
        return self._answer(self._send("DELETE", path))

    def upload(self, path: str, file: Iterable[bytes], **query: Any) -> Any:
        """Stream a file (or what reads like one); the engine takes it as fast as it stores it."""
        headers = {"Content-Type": "text/csv"}
        sent = self._send(
            "POST", path, params=_said(query), data=file, headers=headers, timeout=(CONNECT_S, IMPORT_S)
        )
        return self._answer(sent)

    @contextmanager
    def download(self, path: str, **query: Any) -> Iterator[Iterator[bytes]]:
        """The pieces of a streamed answer."""
        response = self._send("GET", path, params=_said(query), stream=True)
        with response:
            if not response.ok:
                self._answer(response)
            yield self._pieces(response)

    # --- the part of Control that the terminal view needs ------------------------------------------

    def status(self) -> dict[str, Any]:
        return dict(self.get("/v1/status"))

    def agents(self) -> list[dict[str, Any]]:
        return list(self.get("/v1/agents"))

    def campaign_status(self, campaign_id: str) -> dict[str, Any]:
        return dict(self.get(f"/v1/campaigns/{segment(campaign_id)}/status"))

    def summary(self, campaign_id: str) -> dict[str, Any]:
        return dict(self.get(f"/v1/campaigns/{segment(campaign_id)}/summary"))

    def events(self, after: int = 0) -> Iterator[dict[str, Any]]:
        with self.download("/v1/events", after=after) as pieces:
            yield from events_of(pieces)

    # --- how ---------------------------------------------------------------------------------------

    def _send(self, method: str, path: str, **how: Any) -> "requests.Response":
        import requests

        how.setdefault("timeout", (CONNECT_S, ANSWER_S))
        try:
            return self._session.request(method, self.at.url + path, allow_redirects=False, **how)
        except requests.exceptions.SSLError as error:
            fix = "Set PROZVON_CA to the PEM file of the authority that signed the engine's certificate."
            raise DialerError(
                f"the engine's certificate is not trusted: {error}", self.at.url, fix
            ) from error
        except (requests.Timeout, requests.ConnectionError) as error:
            if isinstance(error, requests.ReadTimeout):
                raise DialerError(
                    f"the engine did not answer within {how['timeout'][1]:.0f} s", self.at.url, "Try again."
                ) from error
            if not _refused(error):
                raise DialerError(f"the connection broke off: {error}", self.at.url, "Try again.") from error
            raise Unreachable(
                f"no engine answers at {self.at.url}",
                f"by {self.at.looked}",
                "Start it with 'prozvon run', or say where it is with PROZVON_URL.",
            ) from error
        except (requests.RequestException, UnicodeError, ValueError) as error:
            raise ConfigError(f"the request cannot be made: {error}", self.at.looked, "Mend it.") from error

    def _pieces(self, response: "requests.Response") -> Iterator[bytes]:
        import requests

        try:
            yield from response.iter_content(chunk_size=None)
        except requests.RequestException as error:
            raise DialerError("the answer broke off", self.at.url, "Try again.") from error

    def _answer(self, response: "requests.Response") -> Any:
        try:
            data = response.json()
        except ValueError:
            data = None
        if response.ok and data is not None:
            return data
        told = data.get("error") if isinstance(data, dict) else None
        if not isinstance(told, dict):
            fix = "Is it Prozvon that listens there?"
            raise DialerError(f"an answer that is none ({response.status_code})", self.at.url, fix)
        raise self._error(response.status_code, told, data.get("problems") or [])

    def _error(self, status: int, told: Mapping[str, str], problems: list[dict[str, str]]) -> DialerError:
        what, where, fix = told.get("what", ""), told.get("where", ""), told.get("fix", "")
        if status == 401:
            return Refused(
                what, self.at.looked, "Set PROZVON_TOKEN, or run where the engine's data folder is."
            )
        if status in (400, 422):
            listed = [
                Problem(one.get("place") or "engine", one["where"], one["what"], one["fix"])
                for one in problems
            ]
            return ConfigError(what, where, fix, listed)
        kind = {404: NotFound, 403: Refused, 409: Refused, 429: Refused}.get(status, DialerError)
        return kind(what, where, fix)


def _refused(error: "requests.RequestException") -> bool:
    """Was there no connection at all?"""
    import requests
    from urllib3.exceptions import NewConnectionError

    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError)


def events_of(pieces: Iterator[bytes]) -> Iterator[dict[str, Any]]:
    """The data of server-sent events, however the bytes are cut."""
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n\n")
        for block in whole:
            for line in block.split(b"\n"):
                if line.startswith(b"data: "):
                    yield json.loads(line[6:])


def segment(name: str) -> str:
    """A name as one part of an address."""
    return quote(name, safe="")


def _said(query: Mapping[str, Any]) -> dict[str, str]:
    """What was given; true and false in the API's spelling."""
    spelled = {True: "true", False: ""}
    texts = {key: spelled[value] if isinstance(value, bool) else str(value) for key, value in query.items()}
    return {key: text for key, text in texts.items() if text}
