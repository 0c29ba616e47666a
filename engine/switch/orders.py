"""What we ask of the switch, as Event Socket texts: one function per order.

An order is the text of an api command (for `SwitchLink.api`, `send_api`, `originate`) or a `Message` (for
`SwitchLink.sendmsg`). Nothing that came from outside can add a variable, an application or a command: every
value goes through `quoting`, which quotes it or refuses it with SwitchError.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from engine.domain.errors import SwitchError
from engine.switch.quoting import (
    Step,
    argument,
    cause,
    inline,
    inline_of,
    leg,
    name,
    number,
    plain,
    printable,
    quoted,
    step_text,
    variables,
    word,
)

__all__ = ["Message", "Step", "inline", "printable"]

FORK_MARK = "prozvon_fork"
"""Channel variable of a leg that only carries a copy of the sound: no facts are told about it."""

NET_MORE = "net_more"
"""Channel variable: milliseconds by which the safety net of a screened call is extended."""

AGENT_LEG = {
    "park_after_bridge": "true",
    "uuid_bridge_park_on_cancel": "true",
    "send_silence_when_idle": "400",
}
"""An agent's standing leg: parks after every call, survives a customer who is gone, always carries sound."""

CUSTOMER_LEG = {
    "ignore_early_media": "consume",
    "uuid_bridge_park_on_cancel": "true",
    "send_silence_when_idle": "400",
    "max_session_transfers": "1000",
}
"""A leg to a contact: the sound before the answer can be forked, and no number of transfers ends it."""


class Message(NamedTuple):
    """A `sendmsg` to one leg."""

    leg_id: str
    headers: tuple[tuple[str, str], ...]


# --- what a leg does when nobody tells it anything -------------------------------------------------

PARK = "&park()"


@lru_cache(maxsize=256)  # a campaign has one
def safety_net(notice: str, *, after_ms: int = 1_800, extendable: bool = False) -> str:
    """Unless somebody takes the leg within `after_ms` of the answer it hears `notice` and is hung up.

    `extendable`: the time can be lengthened once by `extend_net`, sent before it is over (screened calls).
    """
    steps = [Step("sleep", str(int(after_ms))), Step("playback", notice), Step("hangup", "NORMAL_CLEARING")]
    texts = [step_text(step) for step in steps]
    if extendable:  # the only `${...}` that ever reaches the switch
        texts.insert(1, f"sleep:${{{NET_MORE}}}")
    return inline_of(texts)


def extend_net(leg_id: str, by_ms: int) -> str:
    """Lengthen an extendable safety net. Later than about 1.8 s after the answer it is without effect."""
    return setvar(leg_id, NET_MORE, str(int(by_ms)))


def rearm_net(leg_id: str, first: str, after_s: float, prompt: str) -> str:
    """A new net, from now on: `first`, quiet for `after_s`, `prompt`, the end. Sent at the very instant of
    the answer it may be lost; 100 ms later it never was."""
    steps = [Step("playback", first)] * bool(first) + [Step("sleep", str(max(0, round(after_s * 1000))))]
    steps += [Step("playback", prompt)] * bool(prompt) + [Step("hangup", "NORMAL_CLEARING")]
    return transfer(leg_id, steps)


def call_socket(address: str) -> str:
    """Hand the leg to whoever listens at host:port (see switch/outbound.py)."""
    return f"'&socket({word(address)} async full)'"


# --- legs begin ------------------------------------------------------------------------------------


def gateway_endpoint(gateway: str, to: str) -> str:
    return f"sofia/gateway/{word(gateway)}/{number(to)}"


def originate(
    leg_id: str,
    endpoint: str,
    then: str = PARK,
    *,
    ring_s: float = 30.0,
    caller_id: str = "",
    caller_name: str = "",
    values: Mapping[str, str] | None = None,
) -> str:
    """Ask for a leg with an id of our own. `endpoint`: `gateway_endpoint(...)` or e.g. user/1001.
    `then`: PARK, `safety_net(...)`, `inline(...)` or `call_socket(...)`.

    `ring_s`: the switch counts whole seconds and may be up to one early. `values`: further channel variables,
    CUSTOMER_LEG or AGENT_LEG among them. Send it with `SwitchLink.originate(leg_id, text)`.
    """
    all_values = {
        "origination_uuid": leg(leg_id),
        "originate_timeout": str(max(1, round(ring_s))),
        "origination_caller_id_number": number(caller_id) if caller_id else "",
        "origination_caller_id_name": printable(caller_name) or caller_id,
        **(values or {}),
    }
    return f"originate {variables(all_values)}{word(endpoint)} {then}"


def customer_leg(*, after_bridge: str = "", codec: str = "") -> dict[str, str]:
    """Variables of a leg to a contact. `after_bridge`: extension `name:XML:context` the leg falls into when
    its agent goes (one-shot: set it again after each bridge); "" parks it. `codec`: the only one offered."""
    values = dict(CUSTOMER_LEG)
    values |= {"transfer_after_bridge": after_bridge} if after_bridge else {"park_after_bridge": "true"}
    return values | ({"absolute_codec_string": codec} if codec else {})


def fork_audio(leg_id: str, fork_id: str, endpoint: str, *, codec: str = "PCMU", listen: str = "") -> str:
    """A second leg that carries the callee's sound to the listener at `endpoint`, and both ids with it. The
    codec must be the call's own, or nothing arrives. Ends by itself with the call."""
    values = {
        "origination_uuid": leg(fork_id),
        FORK_MARK: "true",
        "absolute_codec_string": word(codec),
        "originate_timeout": "5",
        "sip_h_X-Prozvon-Attempt": leg(leg_id),
        "sip_h_X-Prozvon-Fork": fork_id,
    }
    values |= {"sip_h_X-Prozvon-Listen": listen} if listen else {}
    return f"originate {variables(values)}{word(endpoint)} '&native_eavesdrop({leg(leg_id)} read)'"


# --- legs meet and part ----------------------------------------------------------------------------


def bridge(first_id: str, second_id: str) -> str:
    """Join the two. Agent first is the order that never leaves the agent's leg without a word."""
    return f"uuid_bridge {leg(first_id)} {leg(second_id)}"


def take_over(leg_id: str, values: Mapping[str, str], music: str, notice: str) -> str:
    """A call that came in leaves the socket that brought it: marked, answered, and kept company with music
    until somebody takes it; with nobody left it hears `notice` and ends."""
    steps = [Step("set", f"{name(variable)}={value}") for variable, value in values.items() if value]
    steps += [Step("answer"), Step("playback", music)]
    steps += [Step("playback", notice)] * bool(notice) + [Step("hangup", "NORMAL_CLEARING")]
    return transfer(leg_id, steps)


def begin_with(leg_id: str, prompts: Iterable[str]) -> str:
    """The leg leaves its net, or what it hears, for `prompts` and is parked after them: all in one order."""
    return transfer(leg_id, [*(Step("playback", prompt) for prompt in prompts), Step("park")])


def transfer(leg_id: str, steps: Iterable[Step], *, both: bool = False) -> str:
    """The leg leaves what it does (a bridge too) and does `steps`. `both`: its peer as well."""
    return f"uuid_transfer {leg(leg_id)} {'-both ' if both else ''}{inline(steps)}"


def transfer_to_dialplan(leg_id: str, extension: str, context: str = "default") -> str:
    return f"uuid_transfer {leg(leg_id)} {word(extension)} XML {word(context)}"


def hold(leg_id: str, music: str, notice: str = "") -> str:
    """Music for the leg, its peer parks; back by `bridge`. `notice`: played, and the leg hung up, should the
    music ever end with nobody there."""
    steps = [Step("playback", music)]
    steps += [Step("playback", notice), Step("hangup", "NORMAL_CLEARING")] if notice else [Step("park")]
    return transfer(leg_id, steps)


def blind_transfer(
    leg_id: str,
    endpoint: str,
    *,
    caller_id: str = "",
    ring_s: float = 20.0,
    sorry: str = "",
    peer_id: str = "",
) -> str:
    """Join the leg to a new one; its agent parks at once. If nobody answers it hears `sorry`; when either is
    through, both end: no net may speak to somebody who was served."""
    values = {"origination_caller_id_number": number(caller_id)} if caller_id else {}
    values |= {"origination_uuid": leg(peer_id)} if peer_id else {}
    target = (variables(values) + word(endpoint)).replace(",", "\\,")  # only words between these braces
    before = [
        Step("unset", "transfer_after_bridge"),
        Step("unset", "park_after_bridge"),
        Step("set", "hangup_after_bridge=true"),
        Step("set", "continue_on_fail=true"),
        Step("set", f"call_timeout={max(1, round(ring_s))}"),
        Step("set", "ringback=%(1000,4000,425)"),
    ]
    after = [Step("playback", sorry)] * bool(sorry) + [Step("hangup", "NORMAL_CLEARING")]
    texts = [*map(step_text, before), f"bridge:{target}", *map(step_text, after)]
    return f"uuid_transfer {leg(leg_id)} {inline_of(texts)}"


def hang_up(leg_id: str, why: str = "NORMAL_CLEARING") -> str:
    return f"uuid_kill {leg(leg_id)} {cause(why)}"


def hang_up_later(leg_id: str, after_s: float, why: str = "ALLOTTED_TIMEOUT") -> str:
    """A last stop that outlives us. Renew: `cancel_hang_up`, then this again."""
    return f"sched_hangup +{max(1, round(after_s))} {leg(leg_id)} {cause(why)}"


def cancel_hang_up(leg_id: str) -> str:
    return f"sched_del {leg(leg_id)}"


# --- a leg's variables -----------------------------------------------------------------------------


def setvar(leg_id: str, variable: str, value: str) -> str:
    """Set a channel variable; an empty value unsets it."""
    return f"uuid_setvar {leg(leg_id)} {name(variable)}" + (f" {quoted(value)}" if value else "")


def setvar_multi(leg_id: str, values: Mapping[str, str]) -> str:
    """Several at once; an empty value unsets."""
    if not values or any(";" in value for value in values.values()):
        raise SwitchError("no variable, or a semicolon in a value", leg_id)
    pairs = ";".join(f"{name(variable)}={plain(value)}" for variable, value in values.items())
    return f"uuid_setvar_multi {leg(leg_id)} {pairs}"


# --- supervisors ------------------------------------------------------------------------------------


def supervise(supervisor_leg_id: str, agent_leg_id: str) -> str:
    """A supervisor's standing leg listens to the agent, call after call; parks when the agent goes."""
    return transfer(supervisor_leg_id, [Step("eavesdrop", leg(agent_leg_id)), Step("park")])


def supervisor_speaks(supervisor_leg_id: str, to: str) -> str:
    """`to`: nobody (listen), agent (whisper), both (barge), customer."""
    keys = {"nobody": "0", "customer": "1", "agent": "2", "both": "3"}
    if to not in keys:
        raise SwitchError("nobody to speak to", to, f"Choose one of {', '.join(keys)}.")
    return f"uuid_recv_dtmf {leg(supervisor_leg_id)} {keys[to]}"


# --- steps on a parked leg -------------------------------------------------------------------------


def execute(
    leg_id: str, application: str, arguments: str = "", *, step_id: str, queued: bool = True
) -> Message:
    """Run one application; its end is told as StepDone(step_id). `queued`: after the steps before it, else at
    once, nested in the running one."""
    headers = [("call-command", "execute"), ("execute-app-name", name(application))]
    if arguments:
        headers.append(("execute-app-arg", argument(arguments)))
    headers.append(("Event-UUID", leg(step_id)))
    if queued:
        headers.append(("event-lock", "true"))
    return Message(leg(leg_id), tuple(headers))


def play(leg_id: str, sound: str, *, step_id: str) -> Message:
    return execute(leg_id, "playback", sound, step_id=step_id)
