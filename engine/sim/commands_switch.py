"""Api commands about the switch itself: what lives, what it is, what its gateways say."""

import time
import uuid as uuids
from pathlib import Path

import orjson

from engine.sim.core import SwitchCore
from engine.sim.leg import Leg
from engine.sim.outcomes import known_cause

OK = "+OK\n"
VERSION = "1.11.2"


def show(core: SwitchCore, text: str) -> str:
    """channels | calls | registrations | modules …, with `count`, `as json`."""
    words = text.split()
    what = words[0] if words else ""
    tables = {
        "channels": _channels,
        "calls": _calls,
        "bridged_calls": _bridged,
        "registrations": _registrations,
    }
    if what not in tables:
        return "-USAGE: codec|endpoint|application|api|…|channels|calls|registrations [as json] [count]\n"
    rows = tables[what](core)
    as_json = words[-2:] == ["as", "json"]
    if "count" in words:
        counted: dict[str, object] = {"row_count": len(rows), "rows": []}
        return orjson.dumps(counted).decode() if as_json else f"\n{len(rows)} total.\n"
    if as_json:
        if not rows:
            return '{"row_count": 0}\n'
        return orjson.dumps({"row_count": len(rows), "rows": rows}).decode()
    if not rows:
        return "\n0 total.\n"
    lines = [",".join(rows[0])] + [",".join(row.values()) for row in rows]
    return "\n".join(lines) + f"\n\n{len(rows)} total.\n"


def _channels(core: SwitchCore) -> list[dict[str, str]]:
    return [_row(leg) for leg in core.legs.values() if leg.alive]


def _row(leg: Leg) -> dict[str, str]:
    step = leg.step
    codec = leg.codec if leg.codec_known else ""
    rate, bits = ("8000", "64000") if codec else ("", "")
    created_s = leg.created_us // 1_000_000
    flipped = leg.cid_flipped
    return {
        "uuid": leg.uuid,
        "direction": leg.direction,
        "created": time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(created_s)),
        "created_epoch": str(created_s),
        "name": leg.name,
        "state": leg.running_state,
        "cid_name": "Outbound Call" if flipped else leg.caller_name,
        "cid_num": leg.number if flipped else leg.caller_number,
        "ip_addr": "127.0.0.1" if leg.answered_by_network else "",
        "dest": leg.destination,
        "application": step.application if step else "",
        "application_data": step.argument if step else "",
        "dialplan": leg.dialplan,
        "context": leg.context,
        "read_codec": codec,
        "read_rate": rate,
        "read_bit_rate": bits,
        "write_codec": codec,
        "write_rate": rate,
        "write_bit_rate": bits,
        "secure": "",
        "hostname": leg.core.bus.hostname,
        "presence_id": leg.variables.get("presence_id", ""),
        "presence_data": "",
        "accountcode": leg.variables.get("accountcode", ""),
        "callstate": leg.call_state,
        "callee_name": leg.caller_name if flipped else "",
        "callee_num": leg.caller_number if flipped else leg.number,
        "callee_direction": "RECV" if flipped else "",
        "call_uuid": leg.variables.get("call_uuid", leg.uuid),
        "sent_callee_name": "",
        "sent_callee_num": "",
        "initial_cid_name": leg.caller_name,
        "initial_cid_num": leg.caller_number,
        "initial_ip_addr": "",
        "initial_dest": leg.destination,
        "initial_dialplan": "",
        "initial_context": leg.context,
    }


def _calls(core: SwitchCore) -> list[dict[str, str]]:
    """A row per call: one leg alone, or a bridged pair with the second leg's columns as `b_…`."""
    calls = []
    for leg in core.legs.values():
        other = leg.talking_to
        if leg.alive and (other is None or leg.bridge_first):
            second = _row(other) if other is not None else dict.fromkeys(_row(leg), "")
            calls.append(_row(leg) | {f"b_{name}": value for name, value in second.items()})
    return calls


def _bridged(core: SwitchCore) -> list[dict[str, str]]:
    return [row for row in _calls(core) if row["b_uuid"]]


def _registrations(core: SwitchCore) -> list[dict[str, str]]:
    return [
        {"reg_user": extension, "realm": "127.0.0.1", "token": "", "url": f"sip:{extension}@127.0.0.1:5060"}
        for extension, phone in core.phones.items()
        if phone.registered and extension != "default"
    ]


def _uptime_s(core: SwitchCore) -> int:
    return (core.clock.wall_us() - core.started_at_us) // 1_000_000


def status(core: SwitchCore, text: str) -> str:
    up = _uptime_s(core)
    spans = (up // 31_536_000, up // 86_400 % 365, up // 3600 % 24, up // 60 % 60, up % 60, 0, 0)
    names = ("year", "day", "hour", "minute", "second", "millisecond", "microsecond")
    since = ", ".join(
        f"{count} {name}{'' if count == 1 else 's'}" for count, name in zip(spans, names, strict=True)
    )
    alive = sum(1 for leg in core.legs.values() if leg.alive)
    return (
        f"UP {since}\n"
        f"FreeSWITCH (Version {VERSION}  virtual 64bit) is ready\n"
        f"{core.sessions_made} session(s) since startup\n"
        f"{alive} session(s) - peak {alive}, last 5min {alive} \n"
        f"0 session(s) per Sec out of max {core.sessions_per_second or 30}, peak 0, last 5min 0 \n"
        f"{core.max_sessions or 1000} session(s) max\n"
        "min idle cpu 0.00/99.00\n"
    )


def version(core: SwitchCore, text: str) -> str:
    if text == "short":
        return f"{VERSION}\n"
    return f"FreeSWITCH Version {VERSION}-virtual~64bit (virtual switch of Prozvon 64bit)\n"


def uptime(core: SwitchCore, text: str) -> str:
    return f"{_uptime_s(core)}\n"


def strftime(core: SwitchCore, text: str) -> str:
    moment = time.localtime(core.clock.wall_us() // 1_000_000)
    return time.strftime(text or "%Y-%m-%d %T", moment)


def global_getvar(core: SwitchCore, text: str) -> str:
    if not text:
        return "".join(f"{name}={value}\n" for name, value in core.global_variables.items())
    return core.global_variables.get(text, "")


def global_setvar(core: SwitchCore, text: str) -> str:
    name, _, value = text.partition("=")
    core.global_variables[name] = value
    return "+OK"


def file_exists(core: SwitchCore, text: str) -> str:
    """Only an absolute path can exist; a directory does too. No newline, no +OK."""
    exists = text in core.population.file.files or (text.startswith("/") and Path(text).exists())
    return "true" if exists else "false"


def fsctl(core: SwitchCore, text: str) -> str:
    words = text.split()
    if words[:1] == ["sps"]:
        if len(words) > 1 and words[1].isdigit():
            core.sessions_per_second = int(words[1])
        return f"+OK sessions per second: {core.sessions_per_second}\n"
    if words[:1] == ["max_sessions"]:
        if len(words) > 1 and words[1].isdigit():
            core.max_sessions = int(words[1])
        return f"+OK max sessions: {core.max_sessions}\n"
    if words[:1] == ["ready_check"]:
        return "true"
    return OK


def create_uuid(core: SwitchCore, text: str) -> str:
    return str(uuids.uuid4())


def hupall(core: SwitchCore, text: str) -> str:
    words = text.split()
    cause = known_cause(words[0] if words else "MANAGER_REQUEST")
    for leg in tuple(core.legs.values()):
        if len(words) < 3 or leg.variables.get(words[1]) == words[2]:
            core.hang_up(leg, cause)
    return f"+OK hangup all channels with cause {cause}\n"


def echo(core: SwitchCore, text: str) -> str:
    return text


def reloadxml(core: SwitchCore, text: str) -> str:
    return "+OK [Success]\n"


def sofia(core: SwitchCore, text: str) -> str:
    words = text.split()
    if words[:2] == ["status", "gateway"] and len(words) == 3:
        return _gateway(core, words[2])
    if words[:2] == ["xmlstatus", "gateway"] and len(words) == 3:
        return _gateway_xml(core, words[2])
    if words == ["status"]:
        return _sofia_status(core)
    if words[:2] == ["status", "profile"]:
        return f"Name             \t{words[2] if len(words) > 2 else ''}\nRUNNING\n"
    return OK


def _gateway_fields(core: SwitchCore, name: str) -> dict[str, str] | None:
    known = core.population.file.gateways
    if known and name not in known:
        return None
    state = known[name].state if known else "NOREG"
    calls = [leg for leg in core.legs.values() if leg.gateway == name]
    return {
        "Name": name,
        "Profile": "external",
        "Scheme": "Digest",
        "Realm": "127.0.0.1",
        "Username": "",
        "Password": "no",
        "Ping": "0",
        "State": state,
        "Status": "DOWN" if state in ("DOWN", "FAIL_WAIT") else "UP",
        "CallsIN": str(sum(not leg.outbound for leg in calls)),
        "CallsOUT": str(sum(leg.outbound for leg in calls)),
        "FailedCallsIN": "0",
        "FailedCallsOUT": "0",
    }


_RULE = "=" * 97 + "\n"


def _gateway(core: SwitchCore, name: str) -> str:
    fields = _gateway_fields(core, name)
    if fields is None:
        return "Invalid Gateway!\n"
    return _RULE + "".join(f"{key:<8}\t{value}\n" for key, value in fields.items()) + _RULE


def _gateway_xml(core: SwitchCore, name: str) -> str:
    fields = _gateway_fields(core, name)
    if fields is None:
        return "Invalid Gateway!\n"
    inside = "".join(f"    <{key.lower()}>{value}</{key.lower()}>\n" for key, value in fields.items())
    return f'<?xml version="1.0" encoding="ISO-8859-1"?>\n  <gateway>\n{inside}  </gateway>\n'


def _sofia_status(core: SwitchCore) -> str:
    rows = [("internal", "profile", "sip:mod_sofia@127.0.0.1:5060", "RUNNING (0)")]
    rows.append(("external", "profile", "sip:mod_sofia@127.0.0.1:5080", "RUNNING (0)"))
    for name, gateway in core.population.file.gateways.items():
        rows.append((f"external::{name}", "gateway", f"sip:{name}@127.0.0.1", gateway.state))
    table = "".join(f"{row[0]:>25}\t{row[1]:>8}\t{row[2]:>40}\t{row[3]}\n" for row in rows)
    head = f"{'Name':>25}\t{'Type':>8}\t{'Data':>40}\tState\n"
    return f"{head}{_RULE}{table}{_RULE}2 profiles 0 aliases\n"


APIS = {
    "create_uuid": create_uuid,
    "echo": echo,
    "file_exists": file_exists,
    "fsctl": fsctl,
    "global_getvar": global_getvar,
    "global_setvar": global_setvar,
    "hupall": hupall,
    "reloadxml": reloadxml,
    "show": show,
    "sofia": sofia,
    "status": status,
    "strftime": strftime,
    "uptime": uptime,
    "version": version,
}
