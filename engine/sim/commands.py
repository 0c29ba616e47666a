"""The api commands: `name arguments` in, the text of the reply out."""

from collections.abc import Callable

from engine.sim import commands_calls, commands_own, commands_sound, commands_switch
from engine.sim.core import SwitchCore
from engine.sim.originate import originate

Done = Callable[[str], None]
Api = Callable[[SwitchCore, str], str]

APIS: dict[str, Api] = {
    **commands_calls.APIS,
    **commands_sound.APIS,
    **commands_switch.APIS,
    **commands_own.APIS,
}


def run_api(core: SwitchCore, line: str, done: Done) -> None:
    """Run one command. `done` is called once with the reply: at once, or for originate at the outcome."""
    name, _, argument = line.strip().partition(" ")
    if name == "originate":
        originate(core, argument, done)
        return
    api = APIS.get(name)
    done(api(core, argument.strip()) if api is not None else f"-ERR {name} Command not found!\n")
