"""Reading config.yaml again while calls run: all of it, or none of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from engine.config.load import load
from engine.config.models import Config
from engine.domain.errors import ConfigError

# What is bound, connected or started once. Everything else holds from the next call or decision on.
NEEDS_RESTART = (
    "switches",
    "virtual_switch",
    "store",
    "api.host",
    "api.port",
    "api.tls_cert",
    "api.tls_key",
    "inbound.host",
    "inbound.port",
    "media",
    "tts",
    "logging.file",
    "logging.format",
    "logging.queue",
    "demo",
)


@dataclass(frozen=True, slots=True)
class Change:
    """One key that differs. `before`, `after`: as text, "" for what is not there; secrets are masked."""

    key: str
    before: str
    after: str

    @property
    def needs_restart(self) -> bool:
        return any(
            self.key == part or self.key.startswith((f"{part}.", f"{part}[")) for part in NEEDS_RESTART
        )

    def __str__(self) -> str:
        if not self.before:
            return f"{self.key}: {self.after} (new)"
        return f"{self.key}: {self.before} → {self.after or '(removed)'}"


@dataclass(frozen=True, slots=True)
class Reloaded:
    """`now`: holds for new calls at once; `restart`: read, but of no effect until the engine restarts."""

    now: tuple[Change, ...]
    restart: tuple[Change, ...]

    def as_dict(self) -> dict[str, list[str]]:
        return {
            "changed": [change.key for change in (*self.now, *self.restart)],
            "now": [str(change) for change in self.now],
            "restart": [str(change) for change in self.restart],
        }


class Reloader:
    """Holds the configuration in force. `config` is replaced whole, only by one that passed every check."""

    def __init__(self, path: str | Path, environ: Mapping[str, str] | None = None) -> None:
        self._path = path
        self._environ = environ
        self.config = load(path, environ)

    def reload(self) -> Reloaded:
        """Read the file again. ConfigError: it is wrong, says why, and `config` is what it was."""
        fresh = load(self._path, self._environ)
        if not fresh.model_fields_set:
            fix = "Is it being written just now? Reload it again when it is whole."
            raise ConfigError("the configuration is empty", str(self._path), fix)
        changes = tuple(differences(self.config, fresh))
        self.config = fresh
        return Reloaded(
            tuple(change for change in changes if not change.needs_restart),
            tuple(change for change in changes if change.needs_restart),
        )


def differences(before: Config, after: Config) -> Iterator[Change]:
    """What differs, key by key; items of lists are matched by their name or id, not by their place."""
    yield from _differ(before, after, "")


def _differ(before: Any, after: Any, key: str) -> Iterator[Change]:
    old, new = _parts(before), _parts(after)
    if old is None or new is None:
        if before != after:
            yield Change(key, _shown(before), _shown(after, changed=isinstance(before, SecretStr)))
        return
    for part in [*old, *(part for part in new if part not in old)]:
        inner = part if part.startswith("[") or not key else f".{part}"
        yield from _differ(old.get(part), new.get(part), f"{key}{inner}")


def _parts(value: Any) -> dict[str, Any] | None:
    """A section, a mapping or a list of named items as its parts; None for what is one value."""
    if isinstance(value, BaseModel):
        return {name: getattr(value, name) for name in type(value).model_fields}
    if isinstance(value, dict):
        return {f"[{part}]": inner for part, inner in value.items()}
    if isinstance(value, tuple) and all(isinstance(item, BaseModel) for item in value):
        named = {f"[{_name(item)}]": item for item in value}
        return named if len(named) == len(value) and None not in map(_name, value) else None
    return None


def _name(item: BaseModel) -> str | None:
    return getattr(item, "name", None) if not hasattr(item, "id") else str(item.id)


def _shown(value: Any, changed: bool = False) -> str:
    if value is None:
        return ""
    if isinstance(value, SecretStr):
        return "********" + (" (changed)" if changed else "")
    if isinstance(value, BaseModel):
        return f"{type(value).__name__} {_name(value) or ''}".strip()
    if isinstance(value, tuple):
        return "[" + ", ".join(_shown(item) for item in value) + "]"
    return str(value) if value != "" else '""'
