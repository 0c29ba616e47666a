"""The heart of the virtual switch: its legs, how they begin and how they end. No sockets, no waiting."""

import logging
import random
import uuid as uuids
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from engine.sim.bus import EventBus
from engine.sim.callees import Callee, FarEnd, SilentListener
from engine.sim.clock import Clock, Timer
from engine.sim.dialstring import Plan, parse_inline
from engine.sim.fates import Population
from engine.sim.headers import end_variables
from engine.sim.invites import InviteLog
from engine.sim.leg import Leg
from engine.sim.outcomes import Refusal, q850
from engine.sim.performing import TICK_S
from engine.sim.population import AgentPhone
from engine.sim.steps import Application, Step, Wake

if TYPE_CHECKING:
    from engine.sim.joining import Join

log = logging.getLogger(__name__)

DESTROY_AFTER_S = 0.003
MESSAGE = "tone_stream://%(1000,0,440)"  # stands for abandon_message and closed_message where none is set
BUILT_IN_DIALPLAN = {
    "park": ("park",),
    "abandon": ("sleep:1800", "playback:${abandon_message}", "hangup:NORMAL_CLEARING"),
    "survey": (
        "play_and_get_digits:1 2 1 7000 # ${survey_prompt} "
        "silence_stream://250 survey_answer ^(10|[1-9])$ 2000",
        "hangup:NORMAL_CLEARING",
    ),
}


@dataclass(slots=True)
class Scheduled:
    """A `sched_*` command on its way. `group`: the leg's id, by which sched_del finds it."""

    number: int
    group: str
    timer: Timer


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
        self.scheduled: list[Scheduled] = []
        self.phones: dict[str, AgentPhone] = dict(file.agents)
        self.global_variables = {
            "hostname": self.bus.hostname,
            "core_uuid": self.bus.core_uuid,
            "abandon_message": MESSAGE,
            "closed_message": MESSAGE,
            "survey_prompt": MESSAGE,
        }
        self.sessions_made = 0
        self.sessions_per_second = file.faults.sessions_per_second
        self.max_sessions = file.faults.max_sessions
        self.started_at_us = clock.wall_us()
        self.socket_address = socket_address or file.inbound.socket
        self.dialplan = BUILT_IN_DIALPLAN | file.dialplan
        self.on_end: list[Callable[[Leg], None]] = []
        self.open_socket: Callable[[Step], None] = self._nobody_listens
        self.listener_at: Callable[[Leg, str, str], FarEnd] = lambda leg, _, __: SilentListener(self, leg)
        self._this_second = (0, 0)
        self._sent: dict[str, tuple[int, int]] = {}  # gateway -> (second, calls in it)
        self._schedules = 0

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
        self.legs[uuid] = leg
        return leg

    def full(self) -> bool:
        """Over sessions-per-second or max-sessions? Counts the session that asks."""
        second = int(self.clock.now_s())
        made = self._this_second[1] if self._this_second[0] == second else 0
        if self.sessions_per_second and made >= self.sessions_per_second:
            return True
        if self.max_sessions and len(self.legs) >= self.max_sessions:
            return True
        self._this_second = (second, made + 1)
        return False

    def live(self, uuid: str) -> Leg | None:
        leg = self.legs.get(uuid)
        return leg if leg is not None and leg.alive else None

    def phone(self, number: str) -> AgentPhone | None:
        """The phone of an extension. One the population does not name behaves as `default` does, if that is
        given; a population without any phone knows them all."""
        known = self.phones.get(number) or self.phones.get("default")
        return known or (None if self.population.file.agents else AgentPhone())

    def trunk_trouble(self, gateway: str) -> Refusal | None:
        """Why the trunk itself refuses a call sent: a burst of 503, no channel left, too many a second."""
        bursts = self.population.file.faults.congestion
        if bursts is not None and self.clock.now_s() % bursts.every_s < bursts.lasting_s:
            return Refusal(503) if self.dice.random() < bursts.share else None
        contract = self.population.file.gateways.get(gateway)
        if contract is None:
            return None
        if contract.channels:
            calls = sum(1 for leg in self.legs.values() if leg.gateway == gateway and leg.alive)
            if calls > contract.channels:
                return Refusal(503)
        second = int(self.clock.now_s())
        made = self._sent.get(gateway, (0, 0))
        made = (second, made[1] + 1 if made[0] == second else 1)
        self._sent[gateway] = made
        return Refusal(503) if contract.calls_per_s and made[1] > contract.calls_per_s else None

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
        command = leg.variables.get("execute_on_answer", "")
        name, _, argument = command.partition(" ")
        if name == "sched_hangup":
            when, _, cause = argument.partition(" ")
            self.schedule(leg.uuid, delay_of(when), lambda: self.hang_up(leg, cause or "NORMAL_CLEARING"))
        elif name == "set" and "=" in argument:
            key, _, value = argument.partition("=")
            leg.variables[key] = value

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
        plan = self.plan_of(to_number, "XML") or self._incoming()
        self.clock.after(TICK_S, lambda: leg.route(plan, "XML") if leg.alive else None)
        return leg

    def _incoming(self) -> Plan:
        if not self.socket_address:
            return [("ring_ready", ""), ("answer", ""), ("park", "")]
        socket = ("socket", f"{self.socket_address} async full")
        closed = [("answer", ""), ("sleep", "300"), ("playback", "${closed_message}")]
        return [("ring_ready", ""), socket, *closed, ("hangup", "NORMAL_CLEARING")]

    def _nobody_listens(self, step: Step) -> None:
        self.clock.after(TICK_S, lambda: step.leg.wake(step, Wake.PARTED))

    # --- the end of a leg ----------------------------------------------------------------------

    def hang_up(self, leg: Leg, cause: str, *, by_far_end: bool = False) -> None:
        """End a leg: all its events at once, in FreeSWITCH's order; it is forgotten a moment later."""
        if not leg.alive:
            return
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
        leg.fire("CHANNEL_HANGUP_COMPLETE")
        self.invites.ended(leg, self.clock.wall_us())
        if leg.far is not None:
            leg.far.gone()
        for told in self.on_end:
            told(leg)
        self.clock.after(DESTROY_AFTER_S, lambda: self._destroy(leg))

    @staticmethod
    def _we_ended(leg: Leg) -> None:
        if leg.answered_us:
            leg.variables["sip_hangup_disposition"] = "send_bye"
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
        self.unschedule(leg.uuid)

    # --- later ---------------------------------------------------------------------------------

    def schedule(self, group: str, delay_s: float, action: Callable[[], None]) -> int:
        """Do it later unless the leg has ended by then or `unschedule` takes it back. Returns its number."""
        self._schedules += 1
        number = self._schedules

        def run() -> None:
            self.scheduled = [item for item in self.scheduled if item.number != number]
            action()

        self.scheduled.append(Scheduled(number, group, self.clock.after(delay_s, run)))
        return number

    def unschedule(self, group: str) -> int:
        """Take back by leg id or by number; says how many there were."""
        mine = [item for item in self.scheduled if group in (item.group, str(item.number))]
        for item in mine:
            item.timer.cancel()
        self.scheduled = [item for item in self.scheduled if item not in mine]
        return len(mine)

    # --- the dialplan --------------------------------------------------------------------------

    def plan_of(self, extension: str, dialplan: str) -> Plan:
        """What an extension does; nothing if the dialplan does not know it."""
        if dialplan == "inline":
            return parse_inline(extension)
        steps = self.dialplan.get(extension, ())
        return [(name, argument) for name, _, argument in (step.partition(":") for step in steps)]


def delay_of(when: str) -> float:
    """Seconds of `+5`. An absolute epoch time is not understood and means at once."""
    return float(when[1:]) if when.startswith("+") and when[1:].isdigit() else 0.0
