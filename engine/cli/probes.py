"""What `prozvon check` looks at: config, scenarios, switches with their gateways and prompts, store, API.

Each check is a small function that yields findings; one that cannot be made says so and does not hide the
others. Nothing is changed anywhere: switches and store are only asked.
"""

import http.client
import json
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.app.paths import DATA_FIX, why_not_writable
from engine.config import Config, load
from engine.config.installation import Switch as SwitchConfig
from engine.domain.errors import ConfigError, DialerError, SwitchError
from engine.ivr import reading
from engine.store.client import make_client, without_password
from engine.switch import questions
from engine.switch.connection import InboundWire
from engine.switch.esl import command as esl_command

DEADLINE_S = 5.0
SWITCH_FIX = "Is FreeSWITCH up, mod_event_socket loaded, the address and password right?"


@dataclass(frozen=True, slots=True)
class Finding:
    check: str
    ok: bool
    found: str
    fix: str = ""


Ask = Callable[[str], str]
"""One command of a switch's API and its answer."""


def examine(path: Path) -> Iterator[Finding]:
    """A wrong configuration ends the examination (ConfigError); the rest is looked at whole."""
    config = load(path)
    yield Finding("config", True, f"{path} is right")
    yield from scenarios(config)
    if not config.switches:
        yield Finding("switch", True, "none configured: the virtual switch serves")
    for switch in config.switches:
        yield from _switch(config, switch)
    yield store(config)
    yield from ports(config)


def scenarios(config: Config) -> Iterator[Finding]:
    """Every scenario that a campaign names is read whole."""
    for script in sorted({campaign.script for campaign in config.campaigns if campaign.script}):
        try:
            read = reading.read(config.at(script).read_text(encoding="utf-8-sig"), script)
            yield Finding(f"scenario {script}", True, f"{len(read.nodes)} nodes, {', '.join(read.languages)}")
        except ConfigError as error:
            problems = "; ".join(str(problem) for problem in error.problems)
            yield Finding(
                f"scenario {script}", False, problems, "Mend it; nothing is dialed with it until then."
            )
        except (OSError, UnicodeDecodeError) as error:
            yield Finding(f"scenario {script}", False, f"cannot be read: {error}", "Is it a file in UTF-8?")


def _switch(config: Config, switch: SwitchConfig) -> Iterator[Finding]:
    try:
        wire = connect(switch)
    except DialerError as error:
        yield Finding(f"switch {switch.name}", False, f"{switch.host}:{switch.port}: {error}", SWITCH_FIX)
        return
    try:
        yield from ask_switch(config, switch, lambda text: api(wire, text))
    finally:
        wire.stop()


def connect(switch: SwitchConfig) -> InboundWire:
    """An authenticated connection for commands only. SwitchError when there is none to be had."""
    wire = InboundWire(switch.host, switch.port, switch.password.get_secret_value(), on_event=lambda _: None)
    wire.connect()
    return wire


def api(wire: InboundWire, text: str) -> str:
    """One command's answer. SwitchError: refused."""
    body = wire.ask(esl_command(f"api {text}"), DEADLINE_S).data.strip()
    if body.startswith(("-ERR", "-USAGE")):
        raise SwitchError(body, text)
    return body


def ask_switch(config: Config, switch: SwitchConfig, ask: Ask) -> Iterator[Finding]:
    """The switch answers: its gateways and the files it has to play."""
    try:
        yield Finding(f"switch {switch.name}", True, since_start(ask("status")))
        for gateway in config.gateways:
            if gateway.switch in ("", switch.name):
                yield gateway_finding(gateway.name, ask(questions.gateway_status(gateway.name)))
        for prompt in sorted(own_prompts(config)):
            seen = prompt if prompt.startswith("/") else f"{media_path(config, switch)}/{prompt}"
            there = ask(questions.file_exists(seen)) == "true"
            yield Finding(
                f"prompt {prompt}", there, f"{'there' if there else 'missing'} on {switch.name}: {seen}",
                "Copy it there, or set media_path to where the switch sees the shared folder.",
            )  # fmt: skip
    except SwitchError as error:
        yield Finding(f"switch {switch.name}", False, str(error), SWITCH_FIX)


def since_start(status: str) -> str:
    """From "UP 0 years, 0 days, 2 hours, 5 minutes, …": up for the two greatest parts that are not nought."""
    parts = re.findall(r"(\d+) (year|day|hour|minute|second)s?\b", status.partition("\n")[0])
    told = [f"{number} {unit}{'' if number == '1' else 's'}" for number, unit in parts if number != "0"]
    return f"up for {' '.join(told[:2])}" if told else "answers"


def gateway_finding(name: str, answer: str) -> Finding:
    """From `sofia xmlstatus gateway`: known to the switch, and up. NOREG: one that needs no registration."""
    status, state = questions.status_in(answer), re.search("<state>([^<]*)</state>", answer)
    if not status:
        fix = "Give the switch a gateway of this name, see freeswitch-conf/sip_profiles/external."
        return Finding(f"gateway {name}", False, "unknown to the switch", fix)
    found = f"{status}, {state[1]}" if state else status
    return Finding(f"gateway {name}", status == "UP", found, "Ask the carrier, or see the switch's log.")


def own_prompts(config: Config) -> set[str]:
    """Recordings that the configuration names. Those that are synthesised are made by the engine itself."""
    of_all = config.prompts
    named = {*of_all.abandon_notice.values(), *of_all.record_warning.values(), *of_all.sorry.values()}
    for campaign in config.campaigns:
        named |= {campaign.machine_message, campaign.abandonment.notice}
    return {prompt for prompt in named if prompt and "://" not in prompt}


def media_path(config: Config, switch: SwitchConfig) -> str:
    return switch.media_path or str(config.at(config.store.data_dir).resolve())


def store(config: Config) -> Finding:
    url = config.store.url.get_secret_value()
    folder = config.at(config.store.data_dir)
    why = why_not_writable(folder.resolve())
    if why:
        return Finding("store", False, why, DATA_FIX)
    if not url:
        return Finding("store", True, f"embedded, under {folder}")
    try:
        client = make_client(url, config.store.timeout_s)
        info = client.info("server")
        durable = client.config_get("appendonly").get("appendonly") if hasattr(client, "config_get") else ""
    except Exception as error:  # redis-py, its parser and the socket each have errors of their own
        return Finding("store", False, f"{without_password(url)}: {error}", "Start Redis, or mend store.url.")
    version = f"{without_password(url)}: {info.get('redis_version', 'unknown version')}"
    if durable == "no":
        return Finding("store", False, f"{version}, appendonly is off", "Switch on AOF: appendonly yes.")
    return Finding("store", True, version)


def ports(config: Config) -> Iterator[Finding]:
    """Where we are going to listen: free, or held by an engine, which then holds both; else by a stranger."""
    api, inbound = (config.api.host, config.api.port), (config.inbound.host, config.inbound.port)
    engine = _taken(*api) and _is_engine(*api, bool(config.api.tls_cert))
    for check, (host, port) in (("api", api), ("inbound", inbound)):
        taken = engine or (bool(port) and _taken(host, port))  # a running one is not knocked at twice
        who = "an engine runs there" if engine else "in use by another program"
        fix = f"Choose another {check}.port, or stop what listens there."
        yield Finding(check, engine or not taken, f"{host}:{port}: {who if taken else 'free'}", fix)


def _taken(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((host.strip("[]"), port)) == 0


def _is_engine(host: str, port: int, tls: bool) -> bool:
    """Does it answer /health as an engine does? Nothing secret is sent, so any certificate will do."""
    line = (
        http.client.HTTPSConnection(host, port, timeout=2.0, context=ssl._create_unverified_context())
        if tls
        else http.client.HTTPConnection(host, port, timeout=2.0)
    )
    try:
        line.request("GET", "/health")
        return "fit" in json.load(line.getresponse())
    except (OSError, http.client.HTTPException, ValueError, TypeError):
        return False
    finally:
        line.close()
