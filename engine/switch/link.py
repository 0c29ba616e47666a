"""The link to one FreeSWITCH: facts come out, orders go in, and it looks after itself.

Two connections: one for events, one for commands, so that a flood of events never delays an answer. When one
is lost both are made anew, and whoever owns the calls is told to ask what lives.
"""

import logging
import random
from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

from gevent.event import Event as Signal

from engine.domain.errors import DialerError, SwitchError, SwitchGone
from engine.domain.facts import DigitPressed, Fact, LegEarlyMedia, LegRinging, StepStarted
from engine.greenlets import kill, start_later, supervise
from engine.switch.asking import Asking
from engine.switch.connection import InboundWire
from engine.switch.counters import LinkCounters
from engine.switch.esl import Frame, command
from engine.switch.intake import Intake
from engine.switch.mailboxes import Mailboxes
from engine.switch.vocabulary import SUBSCRIBED

log = logging.getLogger(__name__)


class LinkState(StrEnum):
    """What `on_state` is told. After UP, RESTARTED and GAP the owner of the calls asks `live_legs()`."""

    UP = "up"
    DOWN = "down"
    RESTARTED = "restarted"  # up again, but another process: every call of before is gone
    GAP = "gap"  # still up, but an event was lost


class Clock(Protocol):
    def now_s(self) -> float: ...


PING_S = 5.0
HEARTBEAT_S = 65.0  # the switch beats every 20 s
AUDIT_S = 30.0
SECOND_LOOK_S = 2.0
LOOK_S = 0.25
REFUSAL_GRACE_S = 0.2  # several threads of the switch send events: a job's end may overtake a channel's begin
ANSWERS_GATHER_S = 0.05
BACKOFF_S = (0.5, 15.0)
STEADY_S = 10.0  # a connection that lived so long starts the back-off anew


class SwitchLink(Asking):
    """`on_fact(fact)`: every fact of every leg, in order per leg, in a greenlet of its own per leg.
    `on_state(state)`: LinkState, in order. Both may block; neither holds up the reader.

    Orders raise SwitchGone when the link is down and SwitchError when the switch refuses them.
    """

    def __init__(
        self,
        name: str,
        host: str,
        port: int,
        password: str,
        on_fact: Callable[[Fact], object],
        on_state: Callable[[LinkState], object],
        clock: Clock,
        *,
        jitter: Callable[[], float] = random.random,
        timeout_s: float = 5.0,
        most_waiting: int = 20_000,
    ) -> None:
        self.name, self.host, self.port = name, host, port
        self._password, self._timeout_s = password, timeout_s
        self._now_s, self._jitter = clock.now_s, jitter
        self.counters = LinkCounters()
        self.core_uuid = ""
        self.last_error = ""
        self._facts: Mailboxes[str, Fact] = Mailboxes(
            "facts", on_fact, limit=most_waiting, may_drop=_may_drop
        )
        self._states: Mailboxes[str, LinkState] = Mailboxes("link states", on_state)
        self._events: InboundWire | None = None
        self._commands: InboundWire | None = None
        self._lost = Signal()
        self._stopping = Signal()
        self._loop: object = None
        self._up = False
        self._intake = Intake(self.counters, self._on_refusal)

    # --- life ------------------------------------------------------------------------------------

    def start(self) -> None:
        """Connect, and stay connected, in the background. UP is told when it is."""
        self._stopping.clear()
        self._loop = supervise(f"link {self.name}", self._run, self._died)

    def stop(self) -> None:
        """Close. Calls live on; DOWN is not told."""
        kill(self._loop)  # first, or a loop that waits would see the signal, end, and be mourned
        self._stopping.set()
        self._drop("stopped")

    @property
    def connected(self) -> bool:
        """Both connections stand, events are subscribed."""
        return self._up

    @property
    def waiting_facts(self) -> int:
        return self._facts.waiting

    @property
    def dropped_facts(self) -> int:
        return self._facts.dropped

    def lag_s(self) -> float:
        """How far the switch is behind: originate -> CHANNEL_CREATE, p95 of the last half minute, seconds. A
        channel still owed counts with its age. An overloaded switch refuses nothing; this is all it shows."""
        return self._intake.lag_s(self._now_s())

    def _died(self, _: str) -> None:
        if not self._stopping.is_set():
            self._drop("its loop died")
            start_later(1.0, f"link {self.name} again", self.start)

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                state = self._connect()
            except DialerError as error:
                failures += 1
                self.counters.failures += 1
                self._drop("not connected")
                self._say_failure(str(error))
            else:
                since_s = self._now_s()
                self._tell(state)
                self._watch()
                self._up = False
                self._tell(LinkState.DOWN)
                failures = 0 if self._now_s() - since_s > STEADY_S else failures + 1
            least_s, most_s = BACKOFF_S
            pause_s = min(most_s, least_s * 2.0 ** min(failures, 10))
            self._stopping.wait(pause_s * (0.5 + self._jitter() / 2.0))

    def _say_failure(self, error: str) -> None:
        if error != self.last_error:  # once per reason: a switch that is away for an hour fills no log
            log.error("switch unreachable", extra={"switch": self.name, "why": error})
        self.last_error = error

    def _tell(self, state: LinkState) -> None:
        level = logging.INFO if state is LinkState.UP else logging.WARNING
        log.log(
            level, "switch link", extra={"switch": self.name, "state": state.value, "why": self.last_error}
        )
        self._states.post("", state)

    # --- connecting --------------------------------------------------------------------------------

    def _connect(self) -> LinkState:
        self._lost.clear()
        self._intake.reset()
        self._events = self._wire(self._on_event)
        self._commands = self._wire(lambda frame: None, ANSWERS_GATHER_S)
        for wire in (self._events, self._commands):
            wire.connect()
        reply = self._events.ask(command(f"event json {' '.join(SUBSCRIBED)}"))
        if not reply.data.startswith("+OK"):
            raise SwitchError("the switch refuses to send events", self.name, reply.data.strip())
        core_uuid = self.api("global_getvar core_uuid").strip()
        restarted = bool(self.core_uuid and core_uuid and core_uuid != self.core_uuid)
        self.core_uuid = core_uuid or self.core_uuid
        self._intake.legs |= self.live_ids()
        self.counters.connects += 1
        self.counters.restarts += restarted
        self.last_error = ""
        self._up = not self._lost.is_set()
        return LinkState.RESTARTED if restarted else LinkState.UP

    def _wire(self, on_event: Callable[[Frame], object], gather_s: float = 0.0) -> InboundWire:
        return InboundWire(
            self.host,
            self.port,
            self._password,
            self._timeout_s,
            on_event=on_event,
            on_close=self._on_close,
            deadline_s=self._timeout_s,
            clock=self._now_s,
            gather_s=gather_s,
        )

    def _on_close(self, why: str) -> None:
        if not self._lost.is_set() and self._up:
            self.last_error = why
        self._up = False
        self._lost.set()

    def _drop(self, why: str) -> None:
        for wire in (self._events, self._commands):
            if wire is not None:
                wire.close(why)

    # --- watching ------------------------------------------------------------------------------------

    def _watch(self) -> None:
        """Returns when the link is lost, however that shows."""
        ping_at_s = self._now_s() + PING_S
        audit_at_s = self._now_s() + AUDIT_S
        while not self._lost.wait(LOOK_S) and self._events and self._commands:
            now_s = self._now_s()
            self._events.check()
            self._commands.check()
            try:
                if now_s >= ping_at_s:
                    ping_at_s = now_s + PING_S
                    self._events.tell(command("api uptime s"), deadline_s=3 * self._timeout_s)
                    self._commands.tell(command("api uptime s"))
                if self._intake.heartbeat_at_s and now_s - self._intake.heartbeat_at_s > HEARTBEAT_S:
                    self._events.close("the switch has no heartbeat any more")
                if now_s >= audit_at_s:
                    audit_at_s = now_s + (SECOND_LOOK_S if self._audit() else AUDIT_S)
            except SwitchError as error:
                self._on_close(str(error))
        self._drop("the other connection was lost")

    def _audit(self) -> bool:
        """Compare what the events told with what lives; True: look again soon."""
        lost, doubtful = self._intake.audit(self.live_ids(), self._now_s())
        if lost:
            self._tell(LinkState.GAP)
        return doubtful

    # --- events ----------------------------------------------------------------------------------

    def _on_event(self, frame: Frame) -> None:
        for fact in self._intake.facts(frame, self._now_s()):
            self._post(fact)

    def _post(self, fact: Fact) -> None:
        self._facts.post(fact.leg_id, fact)
        while self._facts.full and not self._lost.is_set():
            self.counters.pauses += 1  # the switch keeps 100,000 events for us meanwhile
            self._facts.wait_for_room(1.0)

    def _on_refusal(self, leg_id: str, text: str) -> None:
        start_later(REFUSAL_GRACE_S, "refused originate", self._refused, leg_id, text)

    def _refused(self, leg_id: str, text: str) -> None:
        fact = self._intake.refusal(leg_id, text, self._now_s())
        if fact:
            self._post(fact)

    # --- commands -----------------------------------------------------------------------------------------

    def originate(self, leg_id: str, text: str) -> None:
        """`text` of `orders.originate(leg_id, ...)`. Returns at once. SwitchGone: nothing was sent. Else
        facts of the leg follow, or OriginateRefused (no channel was made), or DOWN, and nobody knows."""
        wire = self._command_wire()
        if not self._up:
            raise SwitchGone("the link to the switch is not up: its events would be missed", self.name)
        data = command(f"bgapi {text}", [("Job-UUID", leg_id)])
        self._intake.originated(leg_id, self._now_s())

        def on_reply(frame: Frame | None) -> None:
            if frame is not None and not frame.data.startswith("+OK"):
                self._refused(leg_id, frame.data.strip())

        try:
            wire.tell(data, on_reply)
        except SwitchError:
            self._intake.forget(leg_id)
            raise
        self.counters.originates += 1

    def _command_wire(self) -> InboundWire:
        wire = self._commands
        if wire is None or not (wire.connected and wire.accepted):
            raise SwitchGone("the link to the switch is down", self.name, self.last_error)
        return wire


def _may_drop(fact: Fact) -> bool:
    """In a flood these may go; answers, bridges, ends and refusals never."""
    return isinstance(fact, LegRinging | LegEarlyMedia | StepStarted | DigitPressed)
