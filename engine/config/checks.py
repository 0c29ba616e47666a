"""What no single key can know: that names lead somewhere, files are there, secrets stay out of the file.

The checks read the plain data, not the models, so that they also speak when a model is wrong: one look at
the errors mends the whole file. A value of a wrong shape is passed over here; the models tell about it.
"""

import re
import string
from collections.abc import Callable, Iterator
from pathlib import Path as FilePath
from typing import Any

from engine.compliance.gate import compile_rules
from engine.config.access import check_access
from engine.config.dialing import Pacing
from engine.config.installation import Media
from engine.config.plain import Found, default_of, items_of, section_of, texts_of
from engine.domain.errors import ConfigError, did_you_mean
from engine.domain.strict_yaml import Path

At = Callable[[str], FilePath]
STORE_URL = re.compile(
    r"((redis|rediss|unix)://|rediss?\+cluster://|rediss?\+sentinel://[^/]+/(?=[^/?])).*", re.DOTALL
)


def check(data: dict[str, Any], literal_secrets: list[Path], at: At) -> Iterator[Found]:
    """Everything wrong between keys. `at` finds a file named in the configuration."""
    yield from _unique(data)
    yield from _names(data)
    yield from _files(data, at)
    yield from _rules(data)
    yield from _campaigns(data, at)
    yield from check_access(data, literal_secrets)
    yield from _bounds(data)
    yield from _patterns(data)


def _unique(data: dict[str, Any]) -> Iterator[Found]:
    keys = [("switches", "name"), ("gateways", "name"), ("teams", "name"), ("campaigns", "id")]
    for section, key in [*keys, ("agents", "id"), ("agents", "extension")]:
        yield from _once(items_of(data, section), key)
    tokens = ((("api", *path), item) for path, item in items_of(section_of(data, "api"), "tokens"))
    yield from _once(tokens, "name")


def _once(items: Iterator[tuple[Path, dict[str, Any]]], key: str) -> Iterator[Found]:
    seen: dict[str, Path] = {}
    for path, item in items:
        value = item.get(key)
        if isinstance(value, str | int):
            first = seen.setdefault(str(value), path)
            if first is not path:
                yield (
                    (*path, key),
                    f"'{value}' is already the {key} of {first[0]}[{first[-1]}]",
                    "Give each its own.",
                )


def _names(data: dict[str, Any]) -> Iterator[Found]:
    switches, gateways, teams = (_known(data, part, "name") for part in ("switches", "gateways", "teams"))
    pools = [str(name) for name in section_of(data, "caller_ids")]
    campaigns = _known(data, "campaigns", "id")
    for section in ("gateways", "teams"):
        for path, item in items_of(data, section):
            yield from _refers(item, path, "switch", "switch", switches)
            if len(switches) > 1 and not item.get("switch"):
                yield (*path, "switch"), "is missing", f"There are several: {', '.join(switches)}."
    for path, item in items_of(data, "agents"):
        yield from _refers(item, path, "team", "team", teams)
    for path, item in items_of(data, "campaigns"):
        yield from _refers(item, path, "team", "team", teams)
        for key, what, known in (("gateways", "gateway", gateways), ("caller_ids", "caller-ID pool", pools)):
            for number, name in texts_of(item.get(key)):
                if name not in known:
                    yield (*path, key, number), f"there is no {what} '{name}'", did_you_mean(name, known)
    for path, item in items_of(section_of(data, "inbound"), "routes"):
        yield from _refers(item, ("inbound", *path), "campaign", "campaign", campaigns)


def _known(data: dict[str, Any], section: str, key: str) -> list[str]:
    return [str(item[key]) for _, item in items_of(data, section) if isinstance(item.get(key), str | int)]


def _refers(item: dict[str, Any], path: Path, key: str, what: str, known: list[str]) -> Iterator[Found]:
    name = item.get(key)
    if isinstance(name, str | int) and name != "" and str(name) not in known:
        yield (*path, key), f"there is no {what} '{name}'", did_you_mean(str(name), known)


def _files(data: dict[str, Any], at: At) -> Iterator[Found]:
    for path in [
        ("calling", "do_not_call_file"),
        ("virtual_switch", "population"),
        ("api", "tls_cert"),
        ("api", "tls_key"),
    ]:
        yield from _file(section_of(data, path[0]).get(path[1]), path, at)
    for kind in ("abandon_notice", "record_warning", "hold", "sorry", "no_input"):
        for language, name in section_of(data, "prompts", kind).items():
            yield from _file(name, ("prompts", kind, language), at)


def _file(name: Any, path: Path, at: At) -> Iterator[Found]:
    if not isinstance(name, str) or not name:
        return
    try:
        found, size = at(name).is_file(), at(name).stat().st_size
    except (OSError, ValueError):  # ValueError: a NUL in the name
        found, size = False, 0
    if not found:
        yield path, f"there is no file '{name}'", "A relative path starts at the folder of the configuration."
    elif not size:
        yield path, f"the file '{name}' is empty", "Put its content there, or leave the key out."


def _campaigns(data: dict[str, Any], at: At) -> Iterator[Found]:
    for path, item in items_of(data, "campaigns"):
        yield from _file(item.get("script"), (*path, "script"), at)
        yield from _file(item.get("contacts_file"), (*path, "contacts_file"), at)
        yield from _file(item.get("machine_message"), (*path, "machine_message"), at)
        yield from _file(section_of(item, "amd").get("ask"), (*path, "amd", "ask"), at)
        notice = section_of(item, "abandonment").get("notice")
        yield from _file(notice, (*path, "abandonment", "notice"), at)
        if item.get("mode") == "robot" and not item.get("script"):
            yield (
                (*path, "script"),
                "is missing",
                "Mode robot needs a scenario, e.g. scenarios/payment_reminder.yaml.",
            )
        if item.get("mode") != "robot":
            yield from _skilled(data, item, path)


def _rules(data: dict[str, Any]) -> Iterator[Found]:
    """The gate's own opinion of every rule: its name, its parameters, its hours."""
    owners = [(("calling",), section_of(data, "calling")), *items_of(data, "campaigns")]
    for path, owner in owners:
        for rule_path, rule in items_of(owner, "rules"):
            name, params = rule.get("rule"), rule.get("params", {})
            if not isinstance(name, str) or not isinstance(params, dict):
                continue
            try:
                compile_rules([(name, params)], "rule")
            except ConfigError as error:
                steps = error.where.removeprefix(f"rule.0.{name}").strip(".").split(".")
                known = (*path, *rule_path, *(("params", *steps) if steps != [""] else ("rule",)))
                yield known, error.what, error.fix


def _skilled(data: dict[str, Any], campaign: dict[str, Any], path: Path) -> Iterator[Found]:
    """Somebody in the team must have all the skills, or nobody will ever be called."""
    wanted = {skill for _, skill in texts_of(campaign.get("skills"))}
    team = [item for _, item in items_of(data, "agents") if item.get("team") == campaign.get("team")]
    if (
        wanted
        and team
        and not any(wanted <= {skill for _, skill in texts_of(item.get("skills"))} for item in team)
    ):
        skills = ", ".join(sorted(wanted))
        yield (
            (*path, "skills"),
            f"no agent of team '{campaign.get('team')}' has {skills}",
            "Give it to one of them.",
        )


def _bounds(data: dict[str, Any]) -> Iterator[Found]:
    pairs = [
        (Media, ("media", "rtp_first_port"), ("media", "rtp_last_port"), 1.0),
        (Pacing, ("pacing", "switch_lag_limit_ms"), ("pacing", "switch_lag_stop_ms"), 1.0),
        (Pacing, ("pacing", "min_check_ms"), ("pacing", "max_check_s"), 1000.0),
    ]
    for model, low, high, factor in pairs:
        section = section_of(data, low[0])
        least, most = (section.get(key, default_of(model, key)) for key in (low[1], high[1]))
        if all(isinstance(value, int | float) for value in (least, most)) and least >= most * factor:
            path = high if high[1] in section else low
            yield (
                path,
                f"{low[1]} {least} must be less than {high[1]} {most}",
                "Raise one or lower the other.",
            )


def _patterns(data: dict[str, Any]) -> Iterator[Found]:
    for path, item in items_of(data, "switches"):
        yield from _pattern(item.get("dial"), (*path, "dial"), {"gateway", "number"}, {"gateway", "number"})
        yield from _pattern(item.get("agent_dial"), (*path, "agent_dial"), {"extension"}, {"extension"})
        yield from _pattern(item.get("media_dial"), (*path, "media_dial"), {"host", "port"}, {"host", "port"})
    path, fields = ("recording", "path"), {"date", "campaign", "attempt", "agent", "contact"}
    pattern = section_of(data, "recording").get("path")
    yield from _pattern(pattern, path, {"attempt"}, fields)
    if isinstance(pattern, str) and (pattern.startswith("/") or ".." in pattern.split("/")):
        yield path, "leads out of media_path", "Write a relative path without '..'."
    url = section_of(data, "store").get("url")
    if isinstance(url, str) and url and not STORE_URL.fullmatch(url):
        yield (
            ("store", "url"),
            "is no address of a store",
            "Write redis://HOST:PORT/0, rediss://… with TLS, unix:///PATH, "
            "redis+sentinel://HOST:PORT,HOST:PORT/SERVICE or redis+cluster://HOST:PORT,HOST:PORT.",
        )


def _pattern(pattern: Any, path: Path, needed: set[str], known: set[str]) -> Iterator[Found]:
    """A text with {places}: all that are needed, none that is unknown."""
    if not isinstance(pattern, str):
        return
    try:
        parts = [
            (name, spec, how) for _, name, spec, how in string.Formatter().parse(pattern) if name is not None
        ]
    except ValueError as error:
        yield path, f"{error}", "Write a brace that is text twice: {{."
        return
    for name, spec, how in parts:
        if name not in known or spec or how:
            yield path, f"nothing is known for {{{name}}}", did_you_mean(name, known)
    for name in sorted(needed - {name for name, _, _ in parts}):
        yield path, f"{{{name}}} is missing", f"Known: {', '.join(f'{{{one}}}' for one in sorted(known))}."
