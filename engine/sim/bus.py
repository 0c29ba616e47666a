"""Events on their way from the switch to whoever listens. An event nobody wants is counted, never built."""

import random
import time
import uuid as uuids
from collections.abc import Callable
from typing import Protocol

from engine.sim.clock import Clock
from engine.sim.wire import Event

EVENT_NAMES = frozenset(
    {
        *(
            "ALL",
            "API",
            "BACKGROUND_JOB",
            "CALL_UPDATE",
            "CODEC",
            "CUSTOM",
            "DETECTED_SPEECH",
            "DETECTED_TONE",
        ),
        *("CHANNEL_ANSWER", "CHANNEL_APPLICATION", "CHANNEL_BRIDGE", "CHANNEL_CALLSTATE", "CHANNEL_CREATE"),
        *("CHANNEL_DATA", "CHANNEL_DESTROY", "CHANNEL_EXECUTE", "CHANNEL_EXECUTE_COMPLETE", "CHANNEL_HANGUP"),
        *("CHANNEL_HANGUP_COMPLETE", "CHANNEL_HOLD", "CHANNEL_ORIGINATE", "CHANNEL_OUTGOING", "CHANNEL_PARK"),
        *(
            "CHANNEL_PROGRESS",
            "CHANNEL_PROGRESS_MEDIA",
            "CHANNEL_STATE",
            "CHANNEL_UNBRIDGE",
            "CHANNEL_UNHOLD",
        ),
        *("CHANNEL_UNPARK", "CHANNEL_UUID", "CONFERENCE_DATA", "DTMF", "HEARTBEAT", "LOG", "MEDIA_BUG_START"),
        *("MEDIA_BUG_STOP", "MESSAGE", "MODULE_LOAD", "MODULE_UNLOAD", "NOTIFY", "PLAYBACK_START"),
        *("PLAYBACK_STOP", "PRESENCE_IN", "RECORD_START", "RECORD_STOP", "RELOADXML", "RE_SCHEDULE"),
        *("SESSION_HEARTBEAT", "SHUTDOWN", "STARTUP", "TALK", "TRAP"),
    }
)


class Listener(Protocol):
    """A client. `names`: the event names it asked for; `everything`: it asked for all of them."""

    names: set[str]
    everything: bool

    def deliver(self, event: Event) -> None: ...


class EventBus:
    """Numbers every event (`Event-Sequence`), stamps it, and hands it to the listeners who want it.

    `loss`, `duplication`: share of deliveries that are dropped or made twice, for trying out what a client
    does about it.
    """

    def __init__(self, clock: Clock, seed: int = 0) -> None:
        self.core_uuid = str(uuids.uuid4())  # another one after every start: so a restart is noticed
        self.hostname = "virtual"
        self.loss = 0.0
        self.duplication = 0.0
        self.sequence = 0
        self._clock = clock
        self._listeners: list[Listener] = []
        self._wanted: set[str] = set()
        self._everything = False
        self._dice = random.Random(f"bus|{seed}")
        self._second = 0
        self._local = ""
        self._gmt = ""

    def join(self, listener: Listener) -> None:
        self._listeners.append(listener)
        self.interests_changed()

    def leave(self, listener: Listener) -> None:
        if listener in self._listeners:
            self._listeners.remove(listener)
        self.interests_changed()

    def interests_changed(self) -> None:
        self._everything = any(listener.everything for listener in self._listeners)
        self._wanted = set().union(*(listener.names for listener in self._listeners))

    def fire(self, name: str, fields: Callable[[], dict[str, str]], body: str | None = None) -> None:
        """Tell everybody who wants it. `fields` is called only if somebody does."""
        self.sequence += 1
        if not (self._everything or name in self._wanted):
            return
        event = Event(self.stamp(name) | fields(), body)
        for listener in tuple(self._listeners):
            if listener.everything or name in listener.names:
                self._deliver(listener, event)

    def _deliver(self, listener: Listener, event: Event) -> None:
        if self.loss and self._dice.random() < self.loss:
            return
        listener.deliver(event)
        if self.duplication and self._dice.random() < self.duplication:
            listener.deliver(event)

    def stamp(self, name: str) -> dict[str, str]:
        """The headers that open every event."""
        now_us = self._clock.wall_us()
        second = now_us // 1_000_000
        if second != self._second:
            self._second = second
            self._local = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(second))
            self._gmt = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(second))
        return {
            "Event-Name": name,
            "Core-UUID": self.core_uuid,
            "FreeSWITCH-Hostname": self.hostname,
            "FreeSWITCH-Switchname": self.hostname,
            "FreeSWITCH-IPv4": "127.0.0.1",
            "FreeSWITCH-IPv6": "::1",
            "Event-Date-Local": self._local,
            "Event-Date-GMT": self._gmt,
            "Event-Date-Timestamp": str(now_us),
            "Event-Calling-File": "engine/sim",
            "Event-Calling-Function": "fire",
            "Event-Calling-Line-Number": "1",
            "Event-Sequence": str(self.sequence),
        }
