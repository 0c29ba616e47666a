"""The worlds that come with the project, by name."""

from pathlib import Path

from engine.domain.errors import ConfigError, did_you_mean
from engine.twin.world import World, load_world

FOLDER = Path(__file__).with_name("worlds")
DAY = "day"


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def world_named(name: str) -> World:
    """A world of the project, or of a file. ConfigError: there is neither."""
    if name in names():
        return load_world(FOLDER / f"{name}.yaml")
    path = Path(name)
    if path.suffix in (".yaml", ".yml") or path.exists():
        return load_world(path)
    raise ConfigError(f"no world '{name}'", "twin", did_you_mean(name, names()))
