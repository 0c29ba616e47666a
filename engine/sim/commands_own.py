"""Api commands that FreeSWITCH does not have: what the outside world does when somebody says so."""

from engine.sim.core import SwitchCore
from engine.sim.population import AgentPhone

OK = "+OK\n"
NO_CHANNEL = "-ERR No such channel!\n"


def call_in(core: SwitchCore, text: str) -> str:
    """FROM TO: somebody calls us."""
    words = text.split()
    if len(words) != 2:
        return "-USAGE: <from> <to>\n"
    return f"+OK {core.call_in(words[0], words[1]).uuid}\n"


def callee(core: SwitchCore, text: str) -> str:
    """UUID hangup | vanish | press KEYS: make the far end of a leg do something."""
    words = text.split()
    leg = core.live(words[0]) if len(words) > 1 else None
    if leg is None or leg.far is None:
        return NO_CHANNEL
    if words[1] == "hangup":
        leg.far.hang_up()
    elif words[1] == "vanish":
        leg.far.vanish()
    elif words[1] == "press" and len(words) == 3:
        leg.far.press(words[2])
    else:
        return "-USAGE: <uuid> hangup|vanish|press [<keys>]\n"
    return OK


def phone(core: SwitchCore, text: str) -> str:
    """EXTENSION register | unregister: an agent's phone appears or is lost."""
    words = text.split()
    if len(words) != 2 or words[1] not in ("register", "unregister"):
        return "-USAGE: <extension> register|unregister\n"
    known = core.phone(words[0]) or AgentPhone()
    core.phones[words[0]] = known.model_copy(update={"registered": words[1] == "register"})
    return OK


APIS = {
    "prozvon_call_in": call_in,
    "prozvon_callee": callee,
    "prozvon_phone": phone,
}
