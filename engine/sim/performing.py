"""How a leg runs applications: its plan one after the other, messages of clients nested in between."""

import re
import uuid as uuids
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from engine.sim.dialstring import Plan
from engine.sim.headers import STATE_NUMBERS
from engine.sim.steps import Message, Step, Wait, Wake

if TYPE_CHECKING:
    from engine.sim.core import SwitchCore
    from engine.sim.leg import Leg

TICK_S = 0.020  # FreeSWITCH reads a leg's audio, and looks at its orders, every 20 ms
REPEAT_IF_LONGER_S = 0.5
_VARIABLE = re.compile(r"\$\{([^}]*)\}")
SOUNDS = frozenset({"playback", "say", "speak", "play_and_get_digits", "read"})


class Performer:
    """The part of a leg that runs applications.

    `steps`: what runs, the innermost last. `plan`: what follows when nothing runs any more.
    """

    core: "SwitchCore"
    variables: dict[str, str]
    state_number: int

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.plan: deque[tuple[str, str]] = deque()
        self.messages: deque[Message] = deque()
        self.moves = 0  # orders that took the leg elsewhere: only the last one starts its plan
        self.transfers = 0
        self.dialplan = ""
        self.hit_dialplan = False
        self.last_app = self.last_argument = ""

    @property
    def alive(self) -> bool:
        raise NotImplementedError

    def fire(self, name: str, extra: dict[str, str] | None = None) -> None:
        raise NotImplementedError

    def enter(self, state: str, *, tell: bool = True) -> None:
        raise NotImplementedError

    @property
    def step(self) -> Step | None:
        return self.steps[-1] if self.steps else None

    # --- orders that take the leg elsewhere ----------------------------------------------------

    def execute(self, plan: Plan, dialplan: str = "") -> None:
        """Begin the plan now, whatever ran before having ended."""
        self.plan = deque(plan)
        self.dialplan = dialplan
        self.hit_dialplan = True
        self.enter("CS_EXECUTE")
        self._next()

    def route(self, plan: Plan, dialplan: str) -> None:
        """The same by way of a dialplan: CS_ROUTING first; no plan at all ends the leg there."""
        self.enter("CS_ROUTING")
        if plan:
            self.execute(plan, dialplan)
        else:
            self.core.hang_up(cast("Leg", self), "NO_ROUTE_DESTINATION")

    def transfer(self, plan: Plan, dialplan: str = "inline", *, delay_s: float = TICK_S) -> None:
        """Leave everything and begin the plan a tick later. A bridge comes apart."""
        self._move("CS_ROUTING", delay_s, lambda: self.route(plan, dialplan))

    def stand(self, *, delay_s: float = TICK_S) -> None:
        """Leave everything and stand in CS_PARK: CHANNEL_PARK, but no application that begins or ends."""
        self._move("CS_PARK", delay_s, self._stand)

    def _stand(self) -> None:
        self.enter("CS_PARK")
        self.start("park", "", tells_start=False, tells_end=False)

    def _move(self, state: str, delay_s: float, begin: Callable[[], None]) -> None:
        self.leave_everything(state)
        turn = self.moves

        def run() -> None:
            if self.alive and turn == self.moves:
                begin()

        if delay_s:
            self.core.clock.after(delay_s, run)
        else:
            run()

    def leave_everything(self, state: str = "") -> None:
        """End what runs, forget what was to run, and stand still: nothing wakes this leg but a new order.

        Prompts that clients had queued are begun and fail at once, as in FreeSWITCH. `state`: where the leg
        is bound; the events of what ends show its number already.
        """
        self.moves += 1
        self.plan.clear()
        if not self.alive:
            self.messages.clear()
        if state and self.alive:
            self.state_number = STATE_NUMBERS[state]
        while self.steps:
            self._finish(self.steps[-1], cut=self.alive)
            while self.messages and self.steps and self.alive:
                self._fail(self.messages.popleft())

    def _fail(self, message: Message) -> None:
        step = Step(cast("Leg", self), message.application, message.argument, message.uuid, message)
        self._tell_start(step)
        if message.application in SOUNDS:
            step.respond("PLAYBACK ERROR")
        self._tell_end(step)

    # --- messages of clients -------------------------------------------------------------------

    def order(self, message: Message) -> None:
        """An application asked for by sendmsg: run nested in what runs, at once, unless that is locked."""
        self.messages.append(message)
        if self.steps:
            self.core.clock.after(0.001, self._take_messages)

    def _take_messages(self) -> None:
        while self.messages and self.steps and self.alive and not any(step.locked for step in self.steps):
            message = self.messages.popleft()
            self.start(message.application, message.argument, message.uuid, message)

    def flush(self) -> None:
        """Forget the prompts that wait; they never report their end."""
        self.messages.clear()

    def break_step(self) -> None:
        """End the running prompt."""
        if self.step is not None:
            if self.step.message is not None:
                self.step.message.loops = 1
            self.wake(self.step, Wake.BROKEN)

    # --- one step ------------------------------------------------------------------------------

    def start(
        self,
        application: str,
        argument: str,
        uuid: str = "",
        message: Message | None = None,
        *,
        tells_start: bool = True,
        tells_end: bool = True,
    ) -> None:
        """Run an application now, nested in what runs."""
        outer = self.step
        if outer is not None and outer.timer is not None:
            outer.timer.cancel()
            outer.left_s = max(0.0, outer.due_s - self.core.clock.now_s())
        step = Step(
            cast("Leg", self), application, self.expand(argument), uuid or str(uuids.uuid4()), message
        )
        step.tells_start, step.tells_end = tells_start, tells_end
        step.began_s = self.core.clock.now_s()
        self.steps.append(step)
        run = self.core.applications.get(application)
        if run is None:
            self.steps.remove(step)
            self.core.hang_up(cast("Leg", self), "DESTINATION_OUT_OF_ORDER")
            return
        if tells_start:
            self._tell_start(step)
        step.progress = run(step)
        if step not in self.steps:
            return  # it hung up or moved the leg
        if step.progress is None:
            self._finish(step)
        else:
            self._advance(step, None)

    def run_aside(self, application: str, argument: str) -> None:
        """Run an application that is done at once, beside whatever runs. Others are not begun."""
        run = self.core.applications.get(application)
        if run is not None:
            step = Step(cast("Leg", self), application, self.expand(argument), str(uuids.uuid4()))
            self._tell_start(step)
            run(step)
            self._tell_end(step)

    def wake(self, step: Step, why: Wake) -> None:
        """Let a waiting application go on; nothing happens if it has ended or is at work right now."""
        if step in self.steps and not step.is_running:
            if step.timer is not None:
                step.timer.cancel()
            self._advance(step, why)

    def _next(self) -> None:
        if not self.alive or self.steps:
            return
        if self.plan:
            application, argument = self.plan.popleft()
            self.start(application, argument)
        else:
            self.core.hang_up(cast("Leg", self), "NORMAL_CLEARING")

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

    def _finish(self, step: Step, *, cut: bool = False) -> None:
        """`cut`: an order took the leg away in the middle of it; nothing follows."""
        on_top = self.steps[-1] is step
        if step.timer is not None:
            step.timer.cancel()
        if step.progress is not None and not step.is_running:
            step.progress.close()
        self.steps.remove(step)
        if cut and step.application in SOUNDS:
            step.respond("PLAYBACK ERROR")
        if step.tells_end:
            self._tell_end(step)
        if cut or not on_top or not self.alive:
            return
        if self._again(step):
            return
        if self.steps:
            self._resume(self.steps[-1])
        else:
            self._next()

    def _again(self, step: Step) -> bool:
        message = step.message
        long_enough = self.core.clock.now_s() - step.began_s >= REPEAT_IF_LONGER_S
        if message is None or message.loops <= 1 or not long_enough:
            return False
        message.loops -= 1
        self.start(message.application, message.argument, message.uuid, message)
        return True

    def _resume(self, outer: Step) -> None:
        """The nested application is over: the outer one goes on where it was, or is late and ends."""
        if outer.timer is None:
            self._take_messages()
        elif outer.wait.runs_on:
            self._wait(outer, outer.wait, max(0.0, outer.due_s - self.core.clock.now_s()))
        else:
            self._wait(outer, outer.wait, outer.left_s)

    def _tell_start(self, step: Step) -> None:
        self.last_app, self.last_argument = step.application, step.argument
        self.variables.pop("current_application_response", None)
        self.variables.pop("current_application_data", None)
        if step.argument:
            self.variables["current_application_data"] = step.argument
        self.variables["current_application"] = step.application
        self.fire("CHANNEL_EXECUTE", step.described)

    def _tell_end(self, step: Step) -> None:
        response = self.variables.get("current_application_response", "_none_")
        self.fire("CHANNEL_EXECUTE_COMPLETE", step.described | {"Application-Response": response})

    def expand(self, text: str) -> str:
        """Replace `${name}` by the variable's value, or by nothing."""
        return _VARIABLE.sub(lambda found: self.value(found[1]), text)

    def value(self, name: str) -> str:
        """A variable of the leg, or else of the switch; "" if there is none."""
        return self.variables.get(name) or self.core.global_variables.get(name, "")
