"""Routes about agents: what an operator's desk and a supervisor ask for."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from engine.control import Control
from engine.web import given as g
from engine.web.auth import Scope
from engine.web.route import Answer, Ask, Given, Look, Nothing, Route

AGENT = {"agent_id": "anna", "state": "ready", "since_s": 12.5, "extension": "1001", "card": None}

G = TypeVar("G", bound=Given)


def agents(control: Control, _: Ask[Look]) -> Answer:
    return control.agents()


def agent(control: Control, ask: Ask[Look]) -> Answer:
    return control.agent(ask.path["agent_id"])


def login(control: Control, ask: Ask[g.Login]) -> Answer:
    return control.agent_login(ask.path["agent_id"], ask.given.extension)


def ready(control: Control, ask: Ask[Nothing]) -> Answer:
    return control.agent_ready(ask.path["agent_id"])


def pause(control: Control, ask: Ask[g.Pause]) -> Answer:
    return control.agent_pause(ask.path["agent_id"], ask.given.reason)


def logout(control: Control, ask: Ask[Nothing]) -> Answer:
    return control.agent_logout(ask.path["agent_id"])


def accept(control: Control, ask: Ask[Nothing]) -> Answer:
    return control.agent_accept(ask.path["agent_id"])


def skip(control: Control, ask: Ask[Nothing]) -> Answer:
    return control.agent_skip(ask.path["agent_id"])


def dial(control: Control, ask: Ask[g.Dial]) -> Answer:
    want = ask.given
    return control.agent_dial(ask.path["agent_id"], want.campaign_id, want.contact_id, want.number)


def dispose(control: Control, ask: Ask[g.Dispose]) -> Answer:
    said = ask.given
    return control.agent_dispose(ask.path["agent_id"], said.outcome, said.callback_at_s, said.note)


def transfer(control: Control, ask: Ask[g.Transfer]) -> Answer:
    return control.agent_transfer(ask.path["agent_id"], ask.given.number, ask.given.attended)


def hold(control: Control, ask: Ask[g.OnOff]) -> Answer:
    return control.agent_hold(ask.path["agent_id"], ask.given.on)


def mute(control: Control, ask: Ask[g.OnOff]) -> Answer:
    return control.agent_mute(ask.path["agent_id"], ask.given.on)


def mask(control: Control, ask: Ask[g.OnOff]) -> Answer:
    return control.agent_mask(ask.path["agent_id"], ask.given.on)


def hangup(control: Control, ask: Ask[Nothing]) -> Answer:
    return control.agent_hang_up(ask.path["agent_id"])


def routes() -> tuple[Route[Any], ...]:
    one = "/v1/agents/{agent_id}"

    def act(
        says: str,
        handler: Callable[[Control, Ask[G]], Answer],
        takes: type[G],
        asks: Mapping[str, Any] | None = None,
    ) -> Route[G]:
        path = f"{one}/{handler.__name__}"
        return Route("POST", path, Scope.OPERATOR, says, handler, takes, AGENT, asks, own_agent=True)

    return (
        Route("GET", "/v1/agents", Scope.SUPERVISOR, "All agents and what they do.",
              agents, Look, [AGENT]),
        Route("GET", one, Scope.OPERATOR, "One agent, with the card of the contact shown or on the line.",
              agent, Look, AGENT, own_agent=True),
        act("Come to work; the phone is called.", login, g.Login, {"extension": "1001"}),
        act("Take calls.", ready, Nothing),
        act("Take no more calls; a talk is finished first.", pause, g.Pause, {"reason": "lunch"}),
        act("Leave; a talk is finished first.", logout, Nothing),
        act("Preview: call the contact on the card.", accept, Nothing),
        act("Preview: do not call this contact now.", skip, Nothing),
        act("Call a contact or, in mode manual, a number; the gate judges it as any other call.",
            dial, g.Dial, {"campaign_id": "autumn", "contact_id": "17"}),
        act("Note what came of the talk, and end wrap-up.",
            dispose, g.Dispose,
            {"outcome": "promise_to_pay", "callback_at_s": 1795000000.0, "note": "on Friday"}),
        act("Join the person to somebody else, at once or after a word with them.",
            transfer, g.Transfer, {"number": "1002", "attended": True}),
        act("Music for the person, or take them back.", hold, g.OnOff, {"on": True}),
        act("The person does not hear the agent.", mute, g.OnOff, {"on": True}),
        act("Silence in the recording while card digits are said.", mask, g.OnOff, {"on": True}),
        act("End the talk.", hangup, Nothing),
    )  # fmt: skip
