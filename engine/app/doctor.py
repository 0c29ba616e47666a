"""Why does nothing dial? From the switch to the queue, the first thing that stops calls."""

from datetime import datetime
from typing import Any

from engine.domain.campaign import CampaignState, Mode
from engine.domain.errors import DialerError
from engine.pacing.governor import SOON


def examine(engine: Any) -> list[dict[str, Any]]:
    """Checks in the order a call needs them: {check, ok, found, fix}. The first with ok=False stops calls."""
    findings: list[dict[str, Any]] = []

    def say(check: str, ok: bool, found: str, fix: str = "") -> bool:
        findings.append({"check": check, "ok": ok, "found": found, "fix": "" if ok else fix})
        return ok

    dialer = engine.dialer
    for name, switch in engine.switches.ports.items():
        why = engine.switches.links[name].last_error
        say(
            f"switch {name}",
            switch.up,
            f"connected, lag {switch.lag_s() * 1000:.0f} ms" if switch.up else why,
            "Is FreeSWITCH up, mod_event_socket loaded, the address and password right?",
        )  # fmt: skip
    try:
        say("store", True, f"answers in {engine.store.ping() * 1000:.1f} ms")
    except DialerError as error:
        say("store", False, str(error), "Start Redis, or leave store.url empty for the embedded one.")
    for team in sorted(dialer.teams):
        ours, elsewhere = engine.shop.may_dial(team), team in dialer.ownership.elsewhere
        found = "ours" if ours else "served by another engine" if elsewhere else "not yet taken"
        say(f"team {team}", ours, found, "Look at the engine that has it." if elsewhere else
            "A switch or the store could not be asked what lives: see the log.")  # fmt: skip
    _gateways(engine, say)
    running = [
        c for c in engine.shop.campaigns.values() if dialer.states.get(c.campaign_id) is CampaignState.RUNNING
    ]
    say("campaigns", bool(running), f"{len(running)} running",
        "Start one: prozvon campaign start ID (list: prozvon campaign list).")  # fmt: skip
    for campaign in running:
        _campaign(engine, campaign, say)
    blocked = {key: n for key, n in engine.shop.counters.items() if key.startswith("blocked_")}
    if blocked:
        refused = ", ".join(f"{key.removeprefix('blocked_')} {n}" for key, n in blocked.items())
        say("gate", True, f"refused since the start: {refused}")
    return findings


def _gateways(engine: Any, say: Any) -> None:
    now = engine.clock.now_s()
    for name, line in engine.dialer.gateways.lines.items():
        switch = engine.switches.ports.get(line.terms.switch)
        if now < line.rests_until_s:
            say(f"gateway {name}", False, f"rests {line.rests_until_s - now:.0f} s more",
                "It failed several times in a row: ask the carrier.")  # fmt: skip
            continue
        try:
            status = switch.gateway_status(name) if switch and switch.up else "its switch is away"
        except DialerError as error:
            say(
                f"gateway {name}",
                False,
                str(error),
                "Is it in the switch's SIP profile? See freeswitch-conf/.",
            )
            continue
        used = f"{line.in_use} of {line.slice_at(now)[0]} channels in use"
        if line.shared:
            used += f" (our slice; the contract is {line.terms.channels})"
        up = status == "UP"
        fix = "Ask the carrier, or see the switch's log."
        if not status:
            fix = "Give the switch a gateway of this name, see freeswitch-conf/sip_profiles/external."
        say(f"gateway {name}", up, used if up else status or "unknown to the switch", fix)


def _campaign(engine: Any, campaign: Any, say: Any) -> None:
    name, dialer = campaign.campaign_id, engine.dialer
    if campaign.mode is not Mode.ROBOT:
        agents = [a for a in dialer.agents.lives.values() if a.agent.team == campaign.team]
        soon = [a for a in agents if a.state.value in SOON and campaign.skills <= a.agent.skills]
        states = ", ".join(map(_state, agents)) or "none"
        say(
            f"{name}: agents",
            bool(soon),
            states,
            "Log agents in and make them ready: prozvon agent login ID, prozvon agent ready ID.",
        )
    try:
        sizes = engine.store.queue_sizes(name, engine.clock.wall_s())
    except DialerError as error:
        say(f"{name}: queue", False, str(error))
        return
    fix = "Import contacts: prozvon import FILE --campaign " + name
    found = f"{sizes.due} due, {sizes.later} later, {sizes.claimed} in hand, {sizes.done} done"
    if sizes.next_due_at_s and not sizes.due:
        found += f"; the next at {_local(sizes.next_due_at_s)}"
        fix = "Nothing is due: hours, intervals and limits say why (prozvon why CONTACT)."
    say(f"{name}: queue", bool(sizes.due or sizes.claimed), found, fix)
    decision = dialer.pacer.decisions.get(name)
    if decision:
        say(f"{name}: pacing", True, f"last: {decision.launch} ({decision.reason})")


def _state(life: Any) -> str:
    """anna offline (phone not reached: USER_NOT_REGISTERED)."""
    return f"{life.agent.agent_id} {life.state.value}" + (f" ({life.why})" if life.why else "")


def _local(at_s: float) -> str:
    return datetime.fromtimestamp(at_s).astimezone().isoformat(" ", "minutes")
