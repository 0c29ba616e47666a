"""The heart of the virtual switch: its legs, how they begin and how they end. No sockets, no waiting."""

import logging
import random
import uuid as uuids
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from engine.sim import lifesize
from engine.sim.bus import EventBus
from engine.sim.callees import Callee, FarEnd, SilentListener
from engine.sim.clock import Clock, Timer
from engine.sim.dialplan import GLOBALS, Dialplan
from engine.sim.fates import Population
from engine.sim.headers import end_variables
from engine.sim.invites import InviteLog
from engine.sim.later import Later
from engine.sim.leg import Leg
from engine.sim.outcomes import Refusal, q850
from engine.sim.performing import TICK_S
from engine.sim.population import AgentPhone
from engine.sim.steps import Application, Step, Wake
from engine.sim.trunks import PerSecond, Trunks

if TYPE_CHECKING:
    from engine.sim.joining import Join

log = logging.getLogger(__name__)

DESTROY_AFTER_S = 0.003
CALLER_RINGS_S = 40.0  # so long somebody who calls us lets it ring


@dataclass(slots=True)
class Waiting:
    """An originate whose outcome somebody waits for. `done` is called once, with the reply's text."""

    leg: Leg
    done: Callable[[str], None]
    begin: Callable[[], None]
    early_is_enough: bool = True
    timer: Timer | None = None


class SwitchCore:
    """Everything the switch is apart from its connections. One thread pushes it: timers and commands."""

    def __init__(
        self,
        clock: Clock,
        population: Population,
        applications: dict[str, Application],
        invites: InviteLog | None = None,
        socket_address: str = "",
        life_size: bool = False,
    ) -> None:
        file = population.file
        self.clock = clock
        self.population = population
        self.applications = applications
        self.invites = invites or InviteLog(None)
        self.dice = random.Random(f"switch|{file.seed}")
        self.bus = EventBus(clock, file.seed)
        self.bus.loss, self.bus.duplication = file.faults.event_loss, file.faults.event_duplication
        self.legs: dict[str, Leg] = {}
        self.waiting: dict[str, Waiting] = {}
        self.joins: dict[str, Join] = {}  # bridges ordered and not yet made, by each leg's id
        self.listeners: dict[str, list[Step]] = {}  # who eavesdrops on a leg, by that leg's id
        self.later = Later(clock)
        self.trunks = Trunks(clock, file, self.dice.random)
        self.dialplan = Dialplan(file.dialplan)
        self.phones: dict[str, AgentPhone] = dict(file.agents)
        self.global_variables = {
            "hostname": self.bus.hostname,
            "core_uuid": self.bus.core_uuid,
            **GLOBALS,
        }
        self.sessions_made = 0
        self.sessions_per_second = file.faults.sessions_per_second
        self.max_sessions = file.faults.max_sessions
        self.life_size = life_size
        self.started_at_us = clock.wall_us()
        self.socket_address = socket_address or file.inbound.socket
        self.on_end: list[Callable[[Leg], None]] = []
        # What a server adds: real connections, and sound in real time.
        self.open_socket: Callable[[Step], None] = self._nobody_listens
        self.listener_at: Callable[[Leg, str, str], FarEnd] = lambda leg, _, __: SilentListener(self, leg)
        self.hear: Callable[[object, Leg, Callable[[bytes], None]], None] = lambda *_: None
        self.hear_no_more: Callable[[object], None] = lambda _: None
        self._made = PerSecond(clock)

    # --- legs ----------------------------------------------------------------------------------

    def new_leg(self, number: str, **described: str) -> Leg:
        """A channel that is about to be. `described`: what Leg takes; `uuid` is made up if not given."""
        uuid = described.pop("uuid", "") or str(uuids.uuid4())
        leg = Leg(self, uuid, number, **described)
        self.sessions_made += 1
        leg.variables |= {
            "direction": leg.direction,
            "is_outbound": "true" if leg.outbound else "false",
            "uuid": uuid,
            "call_uuid": uuid,
            "session_id": str(self.sessions_made),
            "sip_profile_name": "external",
            "channel_name": leg.name,
        }
        if self.life_size:
            leg.variables |= lifesize.of_signalling(number, leg.caller_number)
        self.legs[uuid] = leg
        return leg

    def full(self) -> bool:
        """Over sessions-per-second or max-sessions? Counts the session that asks."""
        if self.sessions_per_second and self._made() >= self.sessions_per_second:
            return True
        if self.max_sessions and len(self.legs) >= self.max_sessions:
            return True
        self._made.add()
        return False

    def live(self, uuid: str) -> Leg | None:
        leg = self.legs.get(uuid)
        return leg if leg is not None and leg.alive else None

    def phone(self, number: str) -> AgentPhone | None:
        """The phone of an extension. One the population does not name behaves as `default` does, if that is
        given; a population without any phone knows them all."""
        known = self.phones.get(number) or self.phones.get("default")
        return known or (None if self.population.file.agents else AgentPhone())

    # --- what far ends do ----------------------------------------------------------------------

    def early_media(self, leg: Leg) -> None:
        if not leg.alive:
            return
        leg.early_media()
        waiting = self.waiting.get(leg.uuid)
        if waiting is not None and waiting.early_is_enough:
            self._reached(waiting)

    def answered(self, leg: Leg) -> None:
        if not leg.alive or leg.answered_us:
            return
        leg.answer()
        if leg.far is not None:
            leg.far.answered()
        self._run_on_answer(leg)
        waiting = self.waiting.get(leg.uuid)
        if waiting is not None:
            self._reached(waiting)

    def refused(self, leg: Leg, refusal: Refusal) -> None:
        if not leg.alive or leg.answered_us:
            return
        leg.answered_by_network = True
        leg.variables |= {
            "sip_hangup_disposition": "recv_refuse",
            "sip_invite_failure_status": str(refusal.sip),
            "sip_invite_failure_phrase": refusal.phrase,
        }
        if refusal.q850:
            leg.variables["sip_reason"] = f"Q.850;cause={refusal.q850}"
        leg.variables |= {
            "sip_term_status": str(refusal.sip),
            "proto_specific_hangup_cause": f"sip:{refusal.sip}",
            "sip_term_cause": str(refusal.q850 or q850(refusal.cause)),
        }
        self.hang_up(leg, refusal.cause, by_far_end=True)

    def give_up_waiting(self, leg: Leg) -> None:
        """A bridge was ordered for a ringing leg: its originate is over, the leg rings on."""
        waiting = self.waiting.pop(leg.uuid, None)
        if waiting is not None:
            if waiting.timer is not None:
                waiting.timer.cancel()
            waiting.done("-ERR ORIGINATOR_CANCEL\n")

    def _reached(self, waiting: Waiting) -> None:
        """The originate has what it waited for: say so, and let the leg begin its plan a tick later."""
        leg = waiting.leg
        del self.waiting[leg.uuid]
        if waiting.timer is not None:
            waiting.timer.cancel()
        leg.cid_flipped = True
        waiting.begin()

    def _run_on_answer(self, leg: Leg) -> None:
        """`execute_on_answer`: one application that is done at once."""
        application, _, argument = leg.variables.get("execute_on_answer", "").partition(" ")
        if application:
            leg.run_aside(application, argument)

    # --- calls that come in --------------------------------------------------------------------

    def call_in(self, from_number: str, to_number: str) -> Leg:
        """Somebody calls us: a leg that runs extension `to_number`, or is handed to the client's socket."""
        leg = self.new_leg(
            to_number,
            direction="inbound",
            name=f"sofia/external/{from_number}@127.0.0.1",
            caller_name=from_number,
            caller_number=from_number,
            context="public",
        )
        fate = self.population.fate(from_number)
        leg.far = Callee(self, leg, replace(fate, kind="answer"))
        leg.variables |= {
            "sip_from_user": from_number,
            "sip_to_user": to_number,
            "sip_call_id": f"{leg.uuid}@sim",
        }
        leg.enter("CS_NEW")
        leg.enter("CS_INIT")
        leg.state_number = 2
        leg.fire("CHANNEL_CREATE")
        leg.running_state = "CS_ROUTING"
        leg.call_enters("RINGING")
        plan = self.dialplan.incoming(to_number, self.socket_address)
        self.clock.after(TICK_S, lambda: leg.route(plan, "XML") if leg.alive else None)
        self.clock.after(CALLER_RINGS_S, lambda: None if leg.answered_us else self._gives_up(leg))
        return leg

    def _gives_up(self, leg: Leg) -> None:
        self.hang_up(leg, "ORIGINATOR_CANCEL", by_far_end=True)

    def _nobody_listens(self, step: Step) -> None:
        self.clock.after(TICK_S, lambda: step.leg.wake(step, Wake.PARTED))

    # --- the end of a leg ----------------------------------------------------------------------

    def hang_up(self, leg: Leg, cause: str, *, by_far_end: bool = False) -> None:
        """End a leg: all its events at once, in FreeSWITCH's order; it is forgotten a moment later."""
        if not leg.alive:
            return
        if by_far_end and not leg.outbound and not leg.answered_us:
            leg.variables["sip_hangup_disposition"] = "recv_cancel"
            cause = "ORIGINATOR_CANCEL"
        if by_far_end and leg.answered_us:
            leg.variables |= {
                "sip_term_status": "200",
                "proto_specific_hangup_cause": "sip:200",
                "sip_term_cause": "16",
                "sip_hangup_disposition": "recv_bye",
            }
        leg.hangup_cause = cause
        leg.state_number = 10
        leg.answer_state = "hangup"
        leg.fire("CHANNEL_HANGUP")
        waiting = self.waiting.pop(leg.uuid, None)
        if waiting is not None:
            if waiting.timer is not None:
                waiting.timer.cancel()
            job_delay_s = DESTROY_AFTER_S * (0.5 if leg.uuid[-1] in "01234567" else 2)
            self.clock.after(job_delay_s, lambda: waiting.done(f"-ERR {cause}\n"))
        leg.leave_everything()
        for listening in self.listeners.pop(leg.uuid, []):
            self.clock.after(TICK_S, partial(listening.leg.wake, listening, Wake.PARTED))
        leg.enter("CS_HANGUP")
        for recording in tuple(leg.recordings.values()):
            recording.stop()
        leg.hangup_us = self.clock.wall_us()
        leg.call_enters("HANGUP")
        leg.enter("CS_REPORTING")
        if not by_far_end:
            self._we_ended(leg)
        leg.variables |= end_variables(leg)
        if self.life_size:
            leg.variables |= lifesize.of_the_end()
        leg.fire("CHANNEL_HANGUP_COMPLETE")
        if leg.gateway:
            self.invites.ended(leg, self.clock.wall_us())
            self.trunks.ended(leg.gateway)
        if leg.far is not None:
            leg.far.gone()
        for told in tuple(self.on_end):
            told(leg)
        self.clock.after(DESTROY_AFTER_S, lambda: self._destroy(leg))

    @staticmethod
    def _we_ended(leg: Leg) -> None:
        if leg.answered_us or not leg.outbound:
            leg.variables["sip_hangup_disposition"] = "send_bye" if leg.answered_us else "send_refuse"
        elif leg.outbound and "sip_hangup_disposition" not in leg.variables:
            leg.variables |= {
                "sip_hangup_disposition": "send_cancel",
                "sip_invite_failure_status": "487",
                "sip_invite_failure_phrase": "CANCEL",
            }

    def _destroy(self, leg: Leg) -> None:
        leg.state_number = 12
        leg.fire("CHANNEL_DESTROY")
        leg.enter("CS_DESTROY")
        if self.legs.get(leg.uuid) is leg:
            del self.legs[leg.uuid]
        self.later.take_back(leg.uuid)
