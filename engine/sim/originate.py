"""`originate`: from a dial string to an INVITE, and from its outcome to the reply."""

import uuid as uuids
from collections.abc import Callable

from engine.sim.callees import AgentsPhone, Callee, FarEnd
from engine.sim.core import SwitchCore, Waiting
from engine.sim.dialstring import BadDialString, Originate, parse_originate
from engine.sim.fates import Fate
from engine.sim.leg import Leg
from engine.sim.outcomes import Refusal
from engine.sim.performing import TICK_S
from engine.sim.population import AgentPhone

Done = Callable[[str], None]
Begin = Callable[[Leg], None]


def originate(core: SwitchCore, text: str, done: Done, begin: Begin | None = None) -> None:
    """Make a call. `done` is called once: "+OK uuid" or "-ERR CAUSE", now or when the outcome is known.

    `begin`: what the leg does when it is reached, instead of what the text says.
    """
    try:
        call = parse_originate(text)
    except BadDialString as bad:
        done(bad.reply)
        return
    slow = core.population.file.faults.slow_originate_s
    if slow is None:
        _invite(core, call, done, begin)
    else:
        core.clock.after(slow.draw(core.dice), lambda: _invite(core, call, done, begin))


def _invite(core: SwitchCore, call: Originate, done: Done, begin: Begin | None) -> None:
    refusal = _impossible(core, call)
    if refusal:
        if refusal in ("INVALID_GATEWAY", "INVALID_PROFILE"):
            _never_was(core, call)
        core.clock.after(0.002, lambda: done(f"-ERR {refusal}\n"))
        return
    leg = _channel(core, call)
    leg.variables |= call.variables
    ignore = call.variables.get("ignore_early_media", "")
    leg.variables["originate_early_media"] = "false" if ignore not in ("", "false") else "true"
    leg.variables["originate_endpoint"] = "sofia"
    waiting = Waiting(leg, done, lambda: _begin(core, leg, call, done, begin))
    waiting.early_is_enough = ignore in ("", "false")
    waiting.timer = core.clock.after(call.timeout_s, lambda: core.hang_up(leg, "NO_ANSWER"))
    core.waiting[leg.uuid] = waiting
    leg.far = _far_end(core, leg, call)
    for event in ("CHANNEL_OUTGOING", "CHANNEL_STATE", "CHANNEL_CREATE", "CHANNEL_ORIGINATE"):
        if event == "CHANNEL_STATE":
            leg.running_state = "CS_INIT"
        elif event == "CHANNEL_CREATE":
            leg.state_number = 2
        leg.fire(event)
    leg.enter("CS_ROUTING")
    leg.enter("CS_CONSUME_MEDIA")
    leg.far.invited()


def _impossible(core: SwitchCore, call: Originate) -> str:
    """Why no channel can be made at all, or ""."""
    where = call.endpoint
    known = core.population.file.gateways
    if where.kind == "gateway" and known and where.where not in known:
        return "INVALID_GATEWAY"
    if where.kind != "gateway" and where.where not in ("internal", "external", "media"):
        return "INVALID_PROFILE"
    if where.kind == "user":
        phone = core.phone(where.number)
        if phone is None:
            return "SUBSCRIBER_ABSENT"
        if not phone.registered:
            return "USER_NOT_REGISTERED"
    if call.variables.get("origination_uuid", "") in core.legs or core.full():
        return "DESTINATION_OUT_OF_ORDER"
    return ""


def _never_was(core: SwitchCore, call: Originate) -> None:
    """A channel without a gateway or profile is destroyed before it begins: that is all one hears of it."""
    leg = Leg(core, call.variables.get("origination_uuid", "") or str(uuids.uuid4()), call.endpoint.number)
    leg.state_number = 12
    leg.fire("CHANNEL_DESTROY")


def _channel(core: SwitchCore, call: Originate) -> Leg:
    given, where = call.variables, call.endpoint
    profile = "external" if where.kind == "gateway" else where.where
    host = f"@{where.host}" if where.host else ""
    number = where.number.split(";")[0]
    leg = core.new_leg(
        number,
        uuid=given.get("origination_uuid", ""),
        name=f"sofia/{profile}/{number}{host}",
        caller_name=given.get("origination_caller_id_name", ""),
        caller_number=given.get("origination_caller_id_number", "0000000000"),
    )
    leg.gateway = where.where if where.kind == "gateway" else host and f"{profile}{host}"
    leg.variables |= {
        "sip_to_user": number,
        "sip_req_uri": f"{number}{host}",
        "sip_from_user": leg.caller_number,
        "sofia_profile_name": profile,
        "sip_call_id": f"{leg.uuid}@sim",
    }
    if where.kind == "gateway":
        leg.variables |= {"sip_gateway_name": leg.gateway, "sip_profile_name": "gateway"}
    elif where.kind == "user":
        leg.variables |= {"dialed_user": number, "presence_id": f"{number}@127.0.0.1"}
    return leg


def _far_end(core: SwitchCore, leg: Leg, call: Originate) -> FarEnd:
    if _is_fork(call):
        leg.codec = next((name for name in ("PCMA", "PCMU") if name in _offered(call)), "PCMU")
        return core.listener_at(leg, call.endpoint.number, call.endpoint.host)
    if call.endpoint.kind == "user":
        return _codec_of(leg, call, AgentsPhone(core, leg, core.phone(leg.number) or AgentPhone()))
    fate = core.population.fate(leg.number)
    core.invites.sent(leg, fate.kind, fate.attempt, core.clock.wall_us())
    trouble = core.trunks.send(leg.gateway)
    if trouble is not None:
        fate = Fate("congestion", fate.attempt, trouble, rings=False)
    return _codec_of(leg, call, Callee(core, leg, fate))


def _codec_of(leg: Leg, call: Originate, far: Callee | AgentsPhone) -> FarEnd:
    """The codec both sides end up with; a far end that cannot speak the only one offered says 488."""
    theirs = far.fate.codec if isinstance(far, Callee) else far.phone.codec
    offered = _offered(call)
    leg.codec = theirs
    if offered and theirs not in offered and isinstance(far, Callee):
        far.fate = Fate("refused", far.fate.attempt, Refusal(488), rings=False)
    return far


def _offered(call: Originate) -> str:
    return call.variables.get("absolute_codec_string", "").upper()


def _is_fork(call: Originate) -> bool:
    """A call to a listener on the network, not to somebody of the population."""
    wants_sound = bool(call.plan) and call.plan[0][0] == "native_eavesdrop"
    return call.endpoint.kind == "sofia" and (wants_sound or call.endpoint.where == "media")


def _begin(core: SwitchCore, leg: Leg, call: Originate, done: Done, instead: Begin | None) -> None:
    """Answered (or early media is enough). Half of the calls report the job before they begin, half after.

    An order that moves the leg in between (uuid_bridge, uuid_transfer) makes the late report say
    ORIGINATOR_CANCEL about a call that is alive and well, as FreeSWITCH does.
    """
    moves = leg.moves
    report_first = leg.uuid[-1] in "01234567"
    if report_first:
        done(f"+OK {leg.uuid}\n")

    def begin() -> None:
        undisturbed = leg.moves == moves
        if leg.alive and undisturbed:
            leg.context = call.context
            if instead is not None:
                instead(leg)
            elif call.dialplan:
                leg.transfers += 1
                extension_plan = core.dialplan.plan(call.extension, call.dialplan)
                leg.route(call.plan or extension_plan, call.dialplan)
            else:
                leg.execute(call.plan)
        if not report_first:
            done(f"+OK {leg.uuid}\n" if undisturbed or not leg.alive else "-ERR ORIGINATOR_CANCEL\n")

    core.clock.after(TICK_S, begin)
