"""What may be asked of a switch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from engine.domain.facts import LegEnded


@dataclass(frozen=True, slots=True)
class SafetyNet:
    """What an answered person hears if no engine speaks: `notice` (a prompt) after `after_ms`, then the end.

    `extendable`: leave a step that `extend_net` can lengthen while AMD listens.
    """

    notice: str
    after_ms: int = 1800
    extendable: bool = False


@dataclass(frozen=True, slots=True)
class Dial:
    """One leg towards a contact. `leg_id` is the attempt's id. `gateway`: "" dials an extension. `variables`
    go on the channel (for recovery and CDRs); values are data, never commands. `ring_time_s`: the switch
    gives up then. `codec`: "" leaves it to the profile."""

    leg_id: str
    number: str
    gateway: str
    caller_id: str
    ring_time_s: float
    net: SafetyNet | None
    variables: Mapping[str, str]
    codec: str = ""


@dataclass(frozen=True, slots=True)
class LegRecord:
    """The switch's own record of a leg that is over. `bridged_at_s`: epoch seconds, 0.0: never.
    `variables`: ours, `prozvon_*`."""

    ended: LegEnded
    bridged_at_s: float
    variables: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LiveLeg:
    """A leg found alive after a crash, a gap or a takeover. Instants: epoch seconds, 0.0 for never."""

    leg_id: str
    answered: bool
    bridged_to: str
    created_at_s: float
    answered_at_s: float
    variables: Mapping[str, str]


class Switch(Protocol):
    """One FreeSWITCH, in the trade's words. Facts come back through the engine's `on_fact`.

    Methods that only give an order return at once; a refusal raises SwitchError when it is known at once,
    SwitchGone when the connection is down or the deadline passed.
    """

    name: str

    @property
    def up(self) -> bool: ...

    def lag_s(self) -> float:
        """Originate → channel created, p95 of the last seconds: the only sign of an overloaded switch."""
        ...

    def dial(self, order: Dial) -> None: ...

    def call_agent(
        self, leg_id: str, extension: str, ring_time_s: float, variables: Mapping[str, str]
    ) -> None:
        """A standing leg: parked when answered, parked again after each talk."""
        ...

    def bridge(self, agent_leg: str, person_leg: str) -> None: ...
    def bridge_again(self, agent_leg: str, person_leg: str) -> None:
        """For a bridge of which no proof came. Not the same order again: that would end the person's leg."""
        ...

    def hang_up(self, leg_id: str, cause: str = "NORMAL_CLEARING") -> None: ...
    def hang_up_later(self, leg_id: str, after_s: float) -> None:
        """A last stop that outlives us; again: counts from now; 0.0: taken back."""
        ...

    def park(self, leg_id: str) -> None:
        """Take the leg out of whatever it does or hears, the safety net included; LegParked follows. Only
        when somebody serves it now."""
        ...

    def begin_with(self, leg_id: str, prompts: Sequence[str]) -> None:
        """Take the leg out of whatever it does or hears, into `prompts` one after another; LegParked follows.
        One order: a leg that leaves its net so is never without both."""
        ...

    def extend_net(self, leg_id: str, by_ms: int) -> None: ...
    def rearm_net(self, leg_id: str, first: str, after_s: float, prompt: str) -> None:
        """Another net in place of the one there is: `first` is heard now ("": nothing), and unless somebody
        serves the leg within `after_s` from here, `prompt`, and the leg ends. Drops about 40 ms of its
        sound."""
        ...

    def notice(self, leg_id: str, prompt: str) -> None:
        """Play the prompt, then hang up; goes on without us."""
        ...

    def after_bridge(self, leg_id: str, notice: str) -> None:
        """Should the agent's leg die, the person falls into the net again. One-shot: for each bridge."""
        ...

    def play(self, leg_id: str, step_id: str, prompts: Sequence[str]) -> None:
        """Prompts one after another; one StepDone with `step_id` when the last has ended."""
        ...

    def stop_playing(self, leg_id: str) -> None: ...
    def hold(self, leg_id: str, music: str, notice: str) -> None: ...
    def transfer(self, leg_id: str, number: str, gateway: str, caller_id: str, sorry: str) -> None:
        """Join the leg to `number` ("" as gateway: an extension). If nobody answers it hears `sorry`; when
        either is through, both end. Goes on without us."""
        ...

    def record(self, leg_id: str, path: str) -> None:
        """Stereo: person left, agent right. Goes on until the leg ends."""
        ...

    def mask_recording(self, leg_id: str, path: str, on: bool) -> None: ...
    def tell_agent(self, agent_leg: str, prompt: str) -> None:
        """A tone or whisper that only the agent hears, mixed in without delay."""
        ...

    def warn(self, leg_id: str, prompt: str) -> None:
        """The leg hears the prompt instead of its peer until it ends; also while it is being bridged."""
        ...

    def fork(self, leg_id: str, fork_id: str, codec: str, host: str, port: int, listen: str = "") -> None:
        """A leg of its own, `fork_id`, carries what the far end says to the media process at host:port, until
        either ends. `codec`: the call's own. `listen`: what the media process is to know. No facts are told
        about it."""
        ...

    def tap(self, leg_id: str, path: str, most_s: float) -> None:
        """Write what the far end says to PATH-in.CODEC as it comes, for so long at most. Cheaper than a fork,
        where switch and media process share a machine and `path` is in memory."""
        ...

    def untap(self, leg_id: str, path: str) -> None: ...

    def mute(self, agent_leg: str, on: bool) -> None: ...
    def set_variables(self, leg_id: str, variables: Mapping[str, str]) -> None: ...
    def call_supervisor(
        self, leg_id: str, extension: str, agent_leg: str, variables: Mapping[str, str]
    ) -> None:
        """Dial a supervisor's phone; its leg listens to the agent's, and is parked when that goes."""
        ...

    def listen_to(self, supervisor_leg: str, agent_leg: str) -> None: ...
    def speak(self, supervisor_leg: str, how: str) -> None:
        """`how`: listen (speak to nobody), whisper (to the agent alone), barge (to both)."""
        ...

    def is_alive(self, leg_id: str) -> bool: ...
    def record_of(self, leg_id: str, at_s: float) -> LegRecord | None:
        """What the switch itself wrote of a leg that ended, where it does. `at_s`: of the fact in it."""
        ...

    def live_ids(self) -> frozenset[str]:
        """Every leg that lives: one cheap question, for the regular sweep."""
        ...

    def live_legs(self) -> list[LiveLeg]:
        """Every leg that lives and carries a `prozvon_*` variable, with what is needed to adopt it."""
        ...

    def file_exists(self, path: str) -> bool: ...
    def gateway_status(self, gateway: str) -> str:
        """As the switch says it, "UP" or "DOWN"; empty for one that it does not know."""
        ...
