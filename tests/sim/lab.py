"""The virtual switch without a server: its core on a clock wound by hand. No test that uses it sleeps."""

from collections.abc import Callable
from pathlib import Path

from engine.sim.apps import APPLICATIONS
from engine.sim.clock import ManualClock
from engine.sim.commands import run_api
from engine.sim.core import SwitchCore
from engine.sim.fates import Population
from engine.sim.invites import InviteLog
from engine.sim.leg import Leg
from engine.sim.population import parse_population
from engine.sim.steps import Message
from engine.sim.wire import Event

Headers = dict[str, str]

# Everybody answers after 50 ms and stays: a test says when somebody goes.
CALM = """
default: {setup_s: 0.02, ring_s: 0.05, talk_s: 3600, listen_s: 3600, patience_s: 3600}
"""


class Lab:
    """`events`: all that were told, as (seconds, headers). `api` answers when the command has its outcome."""

    def __init__(self, population: str = CALM, invites: Path | None = None) -> None:
        self.clock = ManualClock()
        file = parse_population(population)
        self.core = SwitchCore(self.clock, Population(file), APPLICATIONS, InviteLog(invites))
        self.events: list[tuple[float, Headers]] = []
        self.names: set[str] = set()
        self.everything = True
        self.jobs: dict[str, str] = {}
        self.called: dict[str, str] = {}  # names a test gives to legs whose id it did not choose
        self.core.bus.join(self)

    def deliver(self, event: Event) -> None:
        self.events.append((self.clock.now_s(), event.headers))

    # --- what a client does --------------------------------------------------------------------

    def api(self, line: str) -> str:
        """The reply of a command that answers at once."""
        replies: list[str] = []
        run_api(self.core, line, replies.append)
        return replies[0]

    def originate(self, uuid: str, text: str, variables: str = "") -> None:
        """Start a call with an id of our own; its outcome will lie in `jobs[uuid]`."""
        given = ",".join(filter(None, [f"origination_uuid={uuid}", variables]))
        run_api(self.core, f"originate {{{given}}}{text}", lambda reply: self.jobs.update({uuid: reply}))

    def parked(
        self, uuid: str, endpoint: str = "sofia/gateway/trunk/48600100200", variables: str = ""
    ) -> Leg:
        """A leg that was answered and stands in the application park."""
        self.originate(uuid, f"{endpoint} &park()", variables)
        self.run_until(uuid, "CHANNEL_PARK")
        return self.core.legs[uuid]

    def execute(
        self, uuid: str, app: str, argument: str = "", step: str = "s", *, lock: bool = False, loops: int = 1
    ) -> None:
        self.core.legs[uuid].order(Message(app, argument, step, lock, loops))

    # --- time ----------------------------------------------------------------------------------

    def run(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def run_until(self, uuid: str, name: str, within_s: float = 30.0, **wanted: str) -> Headers:
        """Wind the clock until this event of this leg comes; it must come after now."""
        since, end_s = len(self.events), self.clock.now_s() + within_s
        while self.clock.now_s() < end_s:
            self.clock.advance(0.001)
            for _, event in self.events[since:]:
                fits = event["Event-Name"] == name and event.get("Unique-ID") == uuid
                if fits and all(event.get(key.replace("_", "-")) == value for key, value in wanted.items()):
                    return event
        raise AssertionError(f"{name} of {uuid} never came; seen: {self.names_of(uuid)}")

    # --- what was told -------------------------------------------------------------------------

    def of(self, uuid: str, name: str = "") -> list[Headers]:
        return [
            event
            for _, event in self.events
            if event.get("Unique-ID") == uuid and name in ("", event["Event-Name"])
        ]

    def names_of(self, uuid: str) -> list[str]:
        return [event["Event-Name"] for event in self.of(uuid)]

    def when(self, uuid: str, name: str, fits: Callable[[Headers], bool] = lambda _: True) -> float:
        """Seconds at which the first such event was told."""
        return next(
            at
            for at, event in self.events
            if event["Event-Name"] == name and event.get("Unique-ID") == uuid and fits(event)
        )

    def forget(self) -> None:
        self.events.clear()
