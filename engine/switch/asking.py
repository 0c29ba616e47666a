"""Orders and questions over the command connection of a link."""

from collections.abc import Callable, Collection, Mapping

import orjson
from gevent import Timeout
from gevent.event import AsyncResult

from engine.domain.errors import SwitchError, SwitchGone
from engine.switch import orders, questions
from engine.switch.connection import InboundWire
from engine.switch.esl import Frame, command
from engine.switch.intake import Intake
from engine.switch.quoting import is_leg


class Asking:
    """The half of a link that talks. Every method raises SwitchGone when the link is down."""

    name: str
    _timeout_s: float
    _intake: Intake

    def _command_wire(self) -> InboundWire:
        raise NotImplementedError

    def api(self, text: str, deadline_s: float = 5.0) -> str:
        """The answer, without its last newline. SwitchError: it began with -ERR or -USAGE."""
        body = self._command_wire().ask(command(f"api {text}"), deadline_s).data.rstrip("\n")
        if body.startswith(("-ERR", "-USAGE")):
            raise SwitchError(body, text[:200])
        return body

    def send_api(self, text: str, on_reply: Callable[[str | None], object] | None = None) -> None:
        """The same without waiting. `on_reply` gets the answer, "-ERR ..." too, or None when the link was
        lost before it came; it runs in the reader and must not block."""
        self._command_wire().tell(command(f"api {text}"), _reader_of(on_reply))

    def sendmsg(
        self, message: orders.Message, on_reply: Callable[[str | None], object] | None = None
    ) -> None:
        """Run a step on a leg; "+OK" says it is queued, StepDone that it is over."""
        data = command(f"sendmsg {message.leg_id}", message.headers)
        self._command_wire().tell(data, _reader_of(on_reply))

    def live_ids(self, known: Collection[str] = ()) -> frozenset[str]:
        """Every channel that lives now. The switch's list is behind by some 150 ms, so wherever it disagrees
        with the events, or misses one of `known`, the channel itself is asked for."""
        listed, told = self._listed(), self._intake.legs
        doubtful = filter(is_leg, (listed ^ told) | {*known} - listed)
        answers = self._ask_all({leg_id: questions.exists(leg_id) for leg_id in doubtful})
        return frozenset((listed & told) | {leg_id for leg_id, text in answers.items() if text == "true"})

    def live_legs(self, known: Collection[str] = ()) -> dict[str, dict[str, str]]:
        """Every channel that lives now and is not in `known`: leg id -> all it has, by the switch's names
        (Answer-State, Caller-Channel-Created-Time, variable_NAME, ...)."""
        wanted = filter(is_leg, self.live_ids().difference(known))
        dumps = self._ask_all({leg_id: questions.dump(leg_id) for leg_id in wanted})
        return {
            leg_id: {name: str(value) for name, value in orjson.loads(text).items()}
            for leg_id, text in dumps.items()
            if text.startswith("{")  # else it ended between the two questions
        }

    def _listed(self) -> set[str]:
        text = self.api("show channels as json", 3 * self._timeout_s)
        try:
            return {row["uuid"] for row in orjson.loads(text).get("rows", ())}
        except (orjson.JSONDecodeError, LookupError, TypeError, AttributeError):
            raise SwitchError("the switch's list of channels cannot be read", self.name, text[:80]) from None

    def _ask_all(self, questions: Mapping[str, str]) -> dict[str, str]:
        """Many questions at once: name -> api text becomes name -> answer."""
        answers = {name: AsyncResult() for name in questions}
        for name, text in questions.items():
            self.send_api(text, answers[name].set)
        replies: dict[str, str] = {}
        for name, answer in answers.items():
            try:
                reply = answer.get(timeout=4 * self._timeout_s)
            except Timeout:
                reply = None  # not before the connection's own deadline has spoken
            if reply is None:
                raise SwitchGone("the connection was lost before an answer", self.name)
            replies[name] = reply
        return replies


def _reader_of(on_reply: Callable[[str | None], object] | None) -> Callable[[Frame | None], object] | None:
    if on_reply is None:
        return None
    return lambda frame: on_reply(None if frame is None else frame.data.rstrip("\n"))
