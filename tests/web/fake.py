"""A Control that answers at once, remembers what it was asked, and refuses on demand."""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from gevent.event import Event

from engine.control import NotFound, Refused

EVENTS = (
    {"id": 1, "at_s": 10.0, "kind": "agent", "agent": "anna", "state": "ready"},
    {"id": 2, "at_s": 11.0, "kind": "agent", "agent": "boris", "state": "paused"},
    {"id": 3, "at_s": 12.0, "kind": "call", "attempt": "a-1", "state": "dialing"},
)
RECORDS = (
    {
        "at_s": 10.0,
        "kind": "cdr",
        "number": "+48221234567",
        "disposition": "busy",
        "caller_id": "+48220000001",
    },
    {"at_s": 11.0, "kind": "blocked", "contact_id": "17", "reason": "=cmd()", "rule": "calling_hours"},
)


class FakeControl:
    """`raises`: thrown by the next call of anything. `asked`: (method, arguments) of every call."""

    def __init__(self) -> None:
        self.raises: Exception | None = None
        self.asked: list[tuple[str, tuple[Any, ...]]] = []
        self.fit = True
        self.endless = False
        self.flood = False
        self.events_closed = Event()
        self.imported = bytearray()
        self.card: dict[str, Any] | None = None
        self.audited: list[dict[str, Any]] = []

    def _did(self, name: str, *arguments: Any) -> None:
        self.asked.append((name, arguments))
        if self.raises:
            error, self.raises = self.raises, None
            raise error

    def __getattr__(self, name: str) -> Any:
        """The many methods that do something to one agent, campaign or call."""
        if name.startswith("_") or not name.startswith(("agent_", "start_", "pause_", "stop_", "campaign_")):
            raise AttributeError(name)

        def act(*arguments: Any) -> dict[str, Any]:
            self._did(name, *arguments)
            if arguments[0] == "nobody":
                raise NotFound("no agent 'nobody'", "agent_id", "See /v1/agents.")
            return {"id": arguments[0], "done": name}

        return act

    def status(self) -> dict[str, Any]:
        self._did("status")
        return {"version": "0.1.0", "uptime_s": 5.0, "campaigns": [], "agents": {}, "calls": 0}

    def health(self) -> tuple[bool, dict[str, Any]]:
        return self.fit, {"store": "ok" if self.fit else "connection refused"}

    def doctor(self) -> list[dict[str, Any]]:
        self._did("doctor")
        return [{"check": "switch", "ok": True, "found": "answers", "fix": ""}]

    def reload(self) -> dict[str, Any]:
        self._did("reload")
        return {"changed": [], "now": [], "restart": []}

    def audit(self, action: Mapping[str, Any]) -> None:
        self.audited.append(dict(action))

    def events(self, after: int = 0) -> Iterator[dict[str, Any]]:
        self._did("events", after)
        try:
            yield from (event for event in EVENTS if event["id"] > after)
            yield {"kind": None}
            for number in itertools.count(4) if self.flood else ():
                yield {"id": number, "at_s": 1.0, "kind": "flood", "text": "x" * 10_000}
            if self.endless:
                self.events_closed.wait(30)
        finally:
            self.events_closed.set()

    def metrics(self) -> bytes:
        return b"prozvon_calls 4\n"

    def campaigns(self) -> list[dict[str, Any]]:
        self._did("campaigns")
        return [{"campaign_id": "autumn", "mode": "progressive", "state": "running"}]

    def create_campaign(self, definition: Mapping[str, Any]) -> dict[str, Any]:
        self._did("create_campaign", dict(definition))
        return {"campaign_id": definition["id"], "state": "ready"}

    def change_campaign(self, campaign_id: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        self._did("change_campaign", campaign_id, dict(changes))
        return {"campaign_id": campaign_id}

    def add_contacts(
        self, campaign_id: str, rows: Iterator[bytes], options: Mapping[str, str]
    ) -> dict[str, Any]:
        self._did("add_contacts", campaign_id, dict(options))
        for chunk in rows:
            self.imported += chunk
        lines = self.imported.count(b"\n")
        reject = {"line": 3, "column": "phone", "value": "12", "problem": "too short", "fix": "Write +48…"}
        return {"added": lines, "duplicates": 0, "rejected": [reject] if b"12\n" in self.imported else []}

    def why(self, contact_id: str) -> dict[str, Any]:
        self._did("why", contact_id)
        return {"contact_id": contact_id, "state": "later"}

    def agents(self) -> list[dict[str, Any]]:
        self._did("agents")
        return [{"agent_id": "anna", "state": "ready", "since_s": 3.0}]

    def agent(self, agent_id: str) -> dict[str, Any]:
        self._did("agent", agent_id)
        return {"agent_id": agent_id, "name": "Anna the agent", "state": "ready", "card": self.card}

    def calls(self) -> list[dict[str, Any]]:
        self._did("calls")
        return [{"attempt": "a-1", "campaign": "autumn", "state": "talking", "number": "+4822*****67"}]

    def hang_up(self, attempt_id: str) -> dict[str, Any]:
        self._did("hang_up", attempt_id)
        return {"attempt_id": attempt_id}

    def supervise(self, agent_id: str, extension: str, how: str) -> dict[str, Any]:
        self._did("supervise", agent_id, extension, how)
        if agent_id == "idle":
            raise Refused("agent 'idle' talks to nobody", "agent_id", "Wait for a call.")
        return {"agent_id": agent_id, "how": how}

    def journal(self, kinds: frozenset[str] | None, since_s: float) -> Iterator[dict[str, Any]]:
        self._did("journal", kinds, since_s)
        yield from (record for record in RECORDS if kinds is None or record["kind"] in kinds)

    def summary(self, campaign_id: str) -> dict[str, Any]:
        self._did("summary", campaign_id)
        return {"attempts": 37, "by_disposition": {"busy": 16, "talked": 21}}
