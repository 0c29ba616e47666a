"""A switch without a wire: orders become facts in virtual time, as fates and FreeSWITCH have it."""

from collections.abc import Callable, Mapping, Sequence

from engine.domain import facts as f
from engine.domain.errors import SwitchError
from engine.ports import Dial, LiveLeg
from engine.sim.fates import ANSWERING, Fate
from engine.sim.outcomes import Refusal
from engine.twin.far_end import FarEnd, Leg
from engine.twin.time import VirtualTime
from engine.twin.world import Delays

NETWORK_GIVES_UP_S = 120.0
HANG_UP_S = 0.01
PROMPT_S = 3.0  # of a prompt whose length nobody knows
ANSWER_S = 0.1  # an operator's phone


class TwinSwitch:
    """See `engine.ports.Switch`. `fate_of(number)`: what becomes of the next call; `tell`: the engine's ear.

    `counting()` is called just before the number of `busy` channels towards people changes.
    """

    name = "twin"
    up = True

    def __init__(
        self,
        time: VirtualTime,
        delays: Delays,
        fate_of: Callable[[str], Fate],
        tell: Callable[[f.Fact], None],
        prompt_s: Callable[[str], float] = lambda path: PROMPT_S,
    ) -> None:
        self._time, self._delays, self._fate_of, self._tell = time, delays, fate_of, tell
        self._prompt_s = prompt_s
        self._far_end = FarEnd(time, delays.machine_heard_s, self._over, self._pressed)
        self.legs: dict[str, Leg] = {}
        self.kinds: dict[str, str] = {}  # what was at the far end, by leg; whoever counts takes it away
        self.busy = 0
        self.dialed = 0
        self.counting: Callable[[], None] = lambda: None

    # --- legs come and go --------------------------------------------------------------------------

    def dial(self, order: Dial) -> None:
        fate = self._fate_of(order.number)
        leg = self._born(order.leg_id, fate)
        self.kinds[leg.leg_id] = fate.kind
        self.dialed += 1
        delays, setup_s = self._delays, self._delays.create_s + fate.setup_s
        self._later(leg, delays.create_s, lambda: self._tell(f.LegCreated(leg.leg_id, self._time.now)))
        self._later(leg, delays.create_s + order.ring_time_s, lambda: self._unanswered(leg))
        if fate.kind == "announcement":
            self._later(leg, setup_s, lambda: self._tell(f.LegEarlyMedia(leg.leg_id, self._time.now, "PCMU")))
            self._later(leg, setup_s + fate.greeting_s, lambda: self._refused(leg))
        elif not fate.rings and fate.kind not in ANSWERING and fate.kind != "no_answer":
            self._later(leg, setup_s, lambda: self._refused(leg))
        else:
            self._later(leg, setup_s, lambda: self._rings(leg))
            if fate.kind in ANSWERING:
                self._later(leg, setup_s + fate.ring_s * fate.rings, lambda: self._answered(leg))
            elif fate.kind == "no_answer":
                self._later(leg, setup_s + NETWORK_GIVES_UP_S, lambda: self._refused(leg))
            else:
                self._later(leg, setup_s + fate.ring_s, lambda: self._refused(leg))

    def call_in(self, leg_id: str, fate: Fate) -> None:
        """Somebody calls us; their patience runs from now."""
        leg = self._born(leg_id, fate)
        self._answered(leg)

    def call_agent(
        self, leg_id: str, extension: str, ring_time_s: float, variables: Mapping[str, str]
    ) -> None:
        leg = self.legs[leg_id] = Leg(leg_id, None, self._time.now)
        self._later(leg, ANSWER_S, lambda: self._answered(leg))

    def _born(self, leg_id: str, fate: Fate) -> Leg:
        leg = self.legs[leg_id] = Leg(leg_id, fate, self._time.now)
        self.counting()
        self.busy += 1
        return leg

    def _rings(self, leg: Leg) -> None:
        ringback = leg.fate.ringback if leg.fate else "180"
        if "180" in ringback:
            self._tell(f.LegRinging(leg.leg_id, self._time.now))
        if "183" in ringback:
            self._tell(f.LegEarlyMedia(leg.leg_id, self._time.now, "PCMU"))

    def _answered(self, leg: Leg) -> None:
        for cancel in leg.pending:
            cancel()
        leg.pending.clear()
        leg.answered_s = self._time.now
        self._far_end.waits(leg)
        self._tell(f.LegAnswered(leg.leg_id, self._time.now))
        if leg.leg_id in self.legs:
            self._tell(f.LegParked(leg.leg_id, self._time.now))

    def _unanswered(self, leg: Leg) -> None:
        self._end(leg, "NO_ANSWER", 19, by="us")

    def _refused(self, leg: Leg) -> None:
        no = (leg.fate and leg.fate.refusal) or Refusal(480)
        self._end(leg, no.cause, no.q850 or 16, no.sip, "them")

    def _over(self, leg: Leg, by: str) -> None:
        self._end(leg, "NORMAL_CLEARING", by=by)

    def _end(self, leg: Leg, cause: str, q850: int = 16, sip: int = 0, by: str = "") -> None:
        if self.legs.pop(leg.leg_id, None) is None:
            return
        for cancel in (*leg.pending, leg.patience, leg.playing, leg.leaving):
            if cancel:
                cancel()
        now, wall = self._time.now, self._time.wall_at_zero_s
        if leg.fate is not None:
            self.counting()
            self.busy -= 1
        peer = self.legs.get(leg.peer)
        answered_at_s = wall + leg.answered_s if leg.answered_s >= 0.0 else 0.0
        self._tell(
            f.LegEnded(leg.leg_id, now, cause, q850, sip, by, wall + leg.born_s, answered_at_s, wall + now)
        )
        if peer is not None:
            peer.peer = ""
            self._tell(f.LegUnbridged(peer.leg_id, now, leg.leg_id))
            if peer.leg_id in self.legs:
                self._tell(f.LegParked(peer.leg_id, now))

    def _later(self, leg: Leg, after_s: float, then: Callable[[], None]) -> None:
        leg.pending.append(self._time.after(after_s, "leg", then))

    # --- orders ------------------------------------------------------------------------------------

    def bridge(self, agent_leg: str, person_leg: str) -> None:
        agent, person = self._leg(agent_leg), self._leg(person_leg)
        self._later(agent, self._delays.bridge_s, lambda: self._bridged(agent, person))

    bridge_again = bridge

    def _bridged(self, agent: Leg, person: Leg) -> None:
        agent.pending.clear()
        if agent.leg_id not in self.legs or person.leg_id not in self.legs:
            return
        agent.peer, person.peer = person.leg_id, agent.leg_id
        for cancel in (person.patience, person.playing, person.leaving):
            if cancel:
                cancel()
        self._far_end.talks(person)
        now = self._time.now
        self._tell(f.LegBridged(person.leg_id, now, agent.leg_id))
        self._tell(f.LegBridged(agent.leg_id, now, person.leg_id))

    def hang_up(self, leg_id: str, cause: str = "NORMAL_CLEARING") -> None:
        leg = self._leg(leg_id)
        self._time.after(HANG_UP_S, "hang up", lambda: self._end(leg, cause, by="us"))

    def notice(self, leg_id: str, prompt: str) -> None:
        leg = self._leg(leg_id)
        self._time.after(0.0, "notice", lambda: self._tell(f.StepStarted(leg_id, self._time.now, "playback")))
        leg.playing = self._time.after(
            self._delays.notice_s, "notice", lambda: self._end(leg, "NORMAL_CLEARING", by="us")
        )

    def park(self, leg_id: str) -> None:
        self._leg(leg_id)
        self._time.after(0.02, "park", lambda: self._tell(f.LegParked(leg_id, self._time.now)))

    def begin_with(self, leg_id: str, prompts: Sequence[str]) -> None:
        leg = self._leg(leg_id)
        if leg.playing:
            leg.playing()
        self._play(leg, prompts, lambda played_ms: f.LegParked(leg_id, self._time.now))

    def play(self, leg_id: str, step_id: str, prompts: Sequence[str]) -> None:
        leg = self._leg(leg_id)

        def over(played_ms: int) -> f.Fact:
            return f.StepDone(leg_id, self._time.now, step_id, "playback", "FILE PLAYED", played_ms)

        self._play(leg, prompts, over)

    def _play(self, leg: Leg, prompts: Sequence[str], over: Callable[[int], f.Fact]) -> None:
        """`over`: what is told of the prompts' end, given the milliseconds played."""
        leg_id, lasts_s = leg.leg_id, sum(map(self._prompt_s, prompts))
        self._far_end.listens(leg)
        began_s = self._time.now

        def done() -> None:
            leg.step = None
            self._tell(over(round((self._time.now - began_s) * 1000)))

        leg.step = done
        leg.playing = self._time.after(lasts_s, "play", done)
        self._time.after(0.0, "play", lambda: self._tell(f.StepStarted(leg_id, self._time.now, "playback")))

    def _pressed(self, leg: Leg, digits: str) -> None:
        for digit in digits:
            if leg.leg_id in self.legs and not leg.peer:
                self._tell(f.DigitPressed(leg.leg_id, self._time.now, digit))

    def stop_playing(self, leg_id: str) -> None:
        leg = self._leg(leg_id)
        if leg.playing and leg.step:
            leg.playing()
            self._time.after(0.0, "stop", leg.step)

    def hold(self, leg_id: str, music: str, notice: str) -> None:
        self._far_end.hears_music(self._leg(leg_id))

    def transfer(self, leg_id: str, number: str, gateway: str, caller_id: str, sorry: str) -> None:
        self.hang_up(leg_id)

    def extend_net(self, leg_id: str, by_ms: int) -> None: ...
    def after_bridge(self, leg_id: str, notice: str) -> None: ...
    def hang_up_later(self, leg_id: str, after_s: float) -> None: ...
    def record(self, leg_id: str, path: str) -> None: ...
    def mask_recording(self, leg_id: str, path: str, on: bool) -> None: ...
    def tell_agent(self, agent_leg: str, prompt: str) -> None: ...
    def warn(self, leg_id: str, prompt: str) -> None: ...
    def fork(self, leg_id: str, fork_id: str, codec: str, host: str, port: int, listen: str = "") -> None: ...
    def tap(self, leg_id: str, path: str, most_s: float) -> None: ...
    def untap(self, leg_id: str, path: str) -> None: ...
    def rearm_net(self, leg_id: str, first: str, after_s: float, prompt: str) -> None: ...
    def mute(self, agent_leg: str, on: bool) -> None: ...
    def set_variables(self, leg_id: str, variables: Mapping[str, str]) -> None: ...
    def call_supervisor(
        self, leg_id: str, extension: str, agent_leg: str, variables: Mapping[str, str]
    ) -> None: ...
    def listen_to(self, supervisor_leg: str, agent_leg: str) -> None: ...
    def speak(self, supervisor_leg: str, how: str) -> None: ...

    # --- questions ---------------------------------------------------------------------------------

    def _leg(self, leg_id: str) -> Leg:
        leg = self.legs.get(leg_id)
        if leg is None:
            raise SwitchError("no such leg", leg_id)
        return leg

    def lag_s(self) -> float:
        return self._delays.create_s

    def record_of(self, leg_id: str, at_s: float) -> None: ...
    def is_alive(self, leg_id: str) -> bool:
        return leg_id in self.legs

    def live_ids(self) -> frozenset[str]:
        return frozenset(self.legs)

    def live_legs(self) -> list[LiveLeg]:
        return []

    def file_exists(self, path: str) -> bool:
        return True

    def gateway_status(self, gateway: str) -> str:
        return "UP"
