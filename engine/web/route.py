"""What a route is. The table of routes is the one source of the server and openapi.json."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from engine.control import Control
from engine.web.auth import Caller, Scope


class Given(BaseModel):
    """What a client sends with a request. Unknown fields are refused: a typing error must not pass."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Nothing(Given):
    """The request has no body, or an empty object."""


class Look(Given):
    """Something is to be seen in which people occur."""

    clear: bool = Field(False, description="their numbers and names unmasked; for a token that may see them")


G = TypeVar("G", bound=Given)


@dataclass(frozen=True, slots=True)
class Ask(Generic[G]):
    """One request, checked. `path`: the values of the address's {placeholders}. `given`: the JSON body, or
    the query of a GET or an upload. `chunks`: an upload's bytes as they come in. `clear`: people's
    numbers and names may go out unmasked."""

    caller: Caller
    path: Mapping[str, str]
    given: G
    chunks: Iterator[bytes]
    clear: bool = False


@dataclass(frozen=True, slots=True)
class Streamed:
    """An answer that is sent piece by piece. `close` of the chunks is called when the client is gone."""

    content_type: str
    chunks: Iterable[bytes]
    file_name: str = ""


@dataclass(frozen=True, slots=True)
class Plain:
    """An answer that is not JSON, or has a status of its own."""

    content_type: str
    content: bytes
    status: int = 200


Answer = Streamed | Plain | Mapping[str, Any] | list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Route(Generic[G]):
    """`scope` None: no token asked. `own_agent`: an operator may use it for their own agent only.
    `upload`: media type of a body that is streamed to the handler instead of being read as JSON.
    `example`: an answer, for the document. `says`: one sentence. `streams`: media type of a streamed answer.
    """

    method: Literal["GET", "POST", "PATCH", "DELETE"]
    path: str
    scope: Scope | None
    says: str
    run: Callable[[Control, Ask[G]], Answer]
    takes: type[G]
    example: Any = None
    asks: Mapping[str, Any] | None = None
    status: int = 200
    own_agent: bool = False
    upload: str = ""
    streams: str = ""

    @property
    def reads_query(self) -> bool:
        return self.method in ("GET", "DELETE") or bool(self.upload)

    @property
    def name(self) -> str:
        return getattr(self.run, "__name__", "").strip("_")
