"""A leg: one channel of the virtual switch, its variables, its states, and the applications it runs."""

import uuid as uuids
from collections import deque
from typing import TYPE_CHECKING

from engine.sim import headers
from engine.sim.dialstring import Plan
from engine.sim.steps import Message, Step, Wait, Wake

if TYPE_CHECKING:
    from engine.sim.callees import FarEnd
    from engine.sim.core import SwitchCore
    from engine.sim.recording import Recording

TICK_S = 0.020  # FreeSWITCH reads a leg's audio, and looks at its orders, every 20 ms


class Leg:
    """One channel. `number`: whom it reaches, E.164 digits or extension; `destination`: as it was dialed."""

    def __init__(
        self,
        core: "SwitchCore",
        uuid: str,
        number: str,
        *,
        direction: str = "outbound",
        name: str = "",
        caller_name: str = "",
        caller_number: str = "",
        context: str = "default",
    ) -> None:
        self.core = core
        self.uuid = uuid
        self.number = number
        self.destination = number
        self.direction = direction
        self.outbound = direction == "outbound"
        self.name = name or f"sofia/external/{number}"
        self.caller_name = caller_name
        self.caller_number = caller_number
        self.context = context
        self.dialplan = ""
        self.gateway = ""
        self.codec = "PCMU"
        self.variables: dict[str, str] = {}

        self.running_state = "CS_NONE"
        self.state_number = 1
        self.call_state = "DOWN"
        self.answer_state = "ringing"
        self.hangup_cause = ""
        self.created_us = core.clock.wall_us()
        self.progress_us = self.progress_media_us = self.answered_us = self.bridged_us = self.hangup_us = 0
        self.hit_dialplan = self.cid_flipped = self.codec_known = self.answered_by_network = False
        self.last_app = ""

        self.far: FarEnd | None = None
        self.peer: Leg | None = None
        self.bridge_first = False
        self.steps: list[Step] = []
        self.plan: deque[tuple[str, str]] = deque()
        self.messages: deque[Message] = deque()
        self.digits: deque[str] = deque()
        self.recordings: dict[str, Recording] = {}
        self.playing = ""
        self.transfers = 0
        self.moves = 0  # orders that took the leg elsewhere: only the last one starts its plan

    # --- what everybody asks -------------------------------------------------------------------

    @property
    def alive(self) -> bool:
        return not self.hangup_cause

    @property
    def answered(self) -> bool:
        return self.answered_us > 0 and self.alive

    @property
    def step(self) -> Step | None:
        return self.steps[-1] if self.steps else None

    def is_on(self, variable: str) -> bool:
        return self.variables.get(variable, "").lower() in ("true", "yes", "on", "1", "enabled", "t")

    def fire(self, name: str, extra: dict[str, str] | None = None) -> None:
        """An event of this leg, with its variables if this kind of event carries them."""

        def fields() -> dict[str, str]:
            found = headers.channel_headers(self)
            if name not in headers.WITHOUT_VARIABLES:
                found.update((f"variable_{key}", value) for key, value in self.variables.items())
            return found | extra if extra else found

        self.core.bus.fire(name, fields)

    def enter(self, state: str, *, tell: bool = True) -> None:
        self.running_state = state
        self.state_number = headers.STATE_NUMBERS[state]
        if tell:
            self.fire("CHANNEL_STATE")

    def call_enters(self, call_state: str) -> None:
        before, self.call_state = self.call_state, call_state
        number = str(headers.CALL_STATE_NUMBERS[call_state])
        self.fire(
            "CHANNEL_CALLSTATE",
            {"Original-Channel-Call-State": before, "Channel-Call-State-Number": number},
        )

    # --- what the network tells ----------------------------------------------------------------

    def ring(self) -> None:
        """180 Ringing."""
        if self.alive and not (self.progress_us or self.answered_us):
            self.progress_us = self.core.clock.wall_us()
            self.answered_by_network = True
            self.fire("CHANNEL_PROGRESS")
            if self.call_state == "DOWN":
                self.call_enters("RINGING")

    def early_media(self) -> None:
        """183 with SDP: the network speaks or plays its own ring-back tone."""
        if self.alive and not (self.progress_media_us or self.answered_us):
            self.progress_media_us = self.core.clock.wall_us()
            self.answer_state = "early"
            self.answered_by_network = True
            self.variables["ep_codec_string"] = f"CORE_PCM_MODULE.{self.codec}@8000h@20i@64000b"
            self.variables["endpoint_disposition"] = "EARLY MEDIA"
            self.fire("CHANNEL_PROGRESS_MEDIA")
            self.call_enters("EARLY")

    def answer(self) -> None:
        """200 OK (or our own answer of a call that came in)."""
        if not self.alive or self.answered_us:
            return
        self.answered_us = self.core.clock.wall_us()
        self.answer_state = "answered"
        self.codec_known = self.answered_by_network = True
        self.variables |= {
            "ep_codec_string": f"CORE_PCM_MODULE.{self.codec}@8000h@20i@64000b",
            "rtp_use_codec_name": self.codec,
            "rtp_use_codec_rate": "8000",
            "rtp_use_codec_ptime": "20",
            "rtp_use_codec_channels": "1",
            "read_codec": self.codec,
            "read_rate": "8000",
            "write_codec": self.codec,
            "write_rate": "8000",
            "dtmf_type": "rfc2833",
        }
        self.fire("CHANNEL_ANSWER")
        self.call_enters("ACTIVE")
        self.variables["endpoint_disposition"] = "ANSWER"

    def press(self, digit: str, source: str = "RTP") -> None:
        """The far end pressed a key (RFC 2833, 120 ms)."""
        if not self.alive:
            return
        self.fire("DTMF", {"DTMF-Digit": digit, "DTMF-Duration": "960", "DTMF-Source": source})
        self.digits.append(digit)
        step = self.step
        if step is not None and step.wait.digits:
            self.wake(step, Wake.DIGIT)

    def set_variable(self, name: str, value: str) -> None:
        """An empty value unsets it."""
        if value:
            self.variables[name] = value
        else:
            self.variables.pop(name, None)

    # --- sound, for those who listen or record -------------------------------------------------

    def sound_began(self, what: str) -> None:
        """We play something to the far end."""
        self.playing = what
        self.tell_recordings()

    def sound_ended(self) -> None:
        self.playing = ""
        self.tell_recordings()

    def tell_recordings(self) -> None:
        """Who can be heard has changed; a recording notes from when on."""
        for recording in self.recordings.values():
            recording.note()

    # --- applications --------------------------------------------------------------------------

    def execute(self, plan: Plan, dialplan: str = "inline") -> None:
        """Begin the plan now, whatever ran before having ended."""
        self.plan = deque(plan)
        self.dialplan = dialplan
        self.hit_dialplan = True
        self.enter("CS_EXECUTE")
        self._next()

    def transfer(self, plan: Plan, dialplan: str = "inline", *, delay_s: float = TICK_S) -> None:
        """Leave everything and begin the plan a tick later. A bridge comes apart."""
        self.leave_everything()
        self.moves += 1
        turn = self.moves

        def begin() -> None:
            if self.alive and turn == self.moves:
                self.execute(plan, dialplan)

        self.core.clock.after(delay_s, begin)

    def leave_everything(self) -> None:
        """End what runs, forget what was to run, and stand still: nothing wakes this leg but a new order."""
        self.moves += 1
        self.plan.clear()
        while self.steps:
            self._finish(self.steps[-1], then_next=False)
        if self.alive:
            self.enter("CS_RESET", tell=False)

    def order(self, message: Message) -> None:
        """An application asked for by sendmsg: run nested in what runs, at once, unless that is locked."""
        self.messages.append(message)
        if self.steps:
            self.core.clock.after(0.001, self._take_messages)

    def _take_messages(self) -> None:
        while self.messages and self.steps and self.alive and not any(step.locked for step in self.steps):
            message = self.messages[0]
            message.loops -= 1
            if message.loops <= 0:
                self.messages.popleft()
            self._start(message.application, message.argument, message.uuid, message.lock)

    def break_step(self, *, flush: bool = False) -> None:
        """End the running prompt; with `flush` also those waiting, which then never report their end."""
        if flush:
            self.messages.clear()
        if self.step is not None:
            self.wake(self.step, Wake.BROKEN)

    def wake(self, step: Step, why: Wake) -> None:
        """Let a waiting application go on. A nested one is woken first; the others keep waiting."""
        if step.timer is not None:
            step.timer.cancel()
        self._advance(step, why)

    def wake_if_running(self, step: Step, why: Wake) -> None:
        if step in self.steps:
            self.wake(step, why)

    def _next(self) -> None:
        if not self.alive or self.steps:
            return
        if not self.plan:
            self.core.hang_up(self, "NORMAL_CLEARING")
            return
        application, argument = self.plan.popleft()
        self._start(application, argument, str(uuids.uuid4()), locked=False)

    def _start(self, application: str, argument: str, uuid: str, locked: bool) -> None:
        outer = self.step
        if outer is not None and outer.timer is not None:
            outer.timer.cancel()
            outer.left_s = max(0.0, outer.due_s - self.core.clock.now_s())
        argument = self.expand(argument)
        step = Step(self, application, argument, uuid, locked)
        self.steps.append(step)
        self.last_app = application
        self.variables.pop("current_application_data", None)
        if argument:
            self.variables["current_application_data"] = argument
        self.variables["current_application"] = application
        self.fire("CHANNEL_EXECUTE", self._told(step))
        run = self.core.applications.get(application)
        if run is None:
            self.core.hang_up(self, "DESTINATION_OUT_OF_ORDER")
            return
        step.progress = run(step)
        if step in self.steps:  # a quick one may have hung up or moved the leg
            if step.progress is None:
                self._finish(step)
            else:
                self._advance(step, None)

    def _advance(self, step: Step, why: Wake | None) -> None:
        assert step.progress is not None
        try:
            wait = next(step.progress) if why is None else step.progress.send(why)
        except StopIteration:
            if step in self.steps:
                self._finish(step)
            return
        if step in self.steps:
            self._wait(step, wait, wait.seconds)

    def _wait(self, step: Step, wait: Wait, seconds: float | None) -> None:
        step.wait, step.timer = wait, None
        if seconds is not None:
            step.due_s = self.core.clock.now_s() + seconds
            step.timer = self.core.clock.after(seconds, lambda: self._advance(step, Wake.TIME_UP))
        if self.steps[-1] is step:
            self._take_messages()

    def _finish(self, step: Step, then_next: bool = True) -> None:
        on_top = self.steps[-1] is step
        self.steps.remove(step)
        if step.timer is not None:
            step.timer.cancel()
        if step.progress is not None and not step.is_running:
            step.progress.close()
        told = self._told(step) | {"Application-Response": step.response}
        self.variables["current_application_response"] = step.response
        self.fire("CHANNEL_EXECUTE_COMPLETE", told)
        if not then_next or not on_top or not self.alive:
            return
        if self.steps:
            self._resume(self.steps[-1])
        else:
            self._next()

    def _resume(self, outer: Step) -> None:
        """The nested application is over: the outer one goes on where it was, or is late and ends."""
        if outer.timer is None:
            self._take_messages()
        elif outer.wait.runs_on:
            self._wait(outer, outer.wait, max(0.0, outer.due_s - self.core.clock.now_s()))
        else:
            self._wait(outer, outer.wait, outer.left_s)

    @staticmethod
    def _told(step: Step) -> dict[str, str]:
        told = {"Application": step.application}
        if step.argument:
            told["Application-Data"] = step.argument
        return told | {"Application-UUID": step.uuid}

    def expand(self, text: str) -> str:
        """Replace `${name}` by the variable's value, or by nothing."""
        while (start := text.find("${")) >= 0 and (end := text.find("}", start)) > 0:
            name = text[start + 2 : end]
            text = (
                text[:start]
                + (self.uuid if name == "uuid" else self.variables.get(name, ""))
                + text[end + 1 :]
            )
        return text
