"""The verbs of scenarios, named as in SWML. One file and one line each; `step.py` says what a verb is."""

from engine.ivr.verbs.cond import Cond
from engine.ivr.verbs.connect import Connect
from engine.ivr.verbs.goto import Goto
from engine.ivr.verbs.hangup import Hangup
from engine.ivr.verbs.play import Play
from engine.ivr.verbs.prompt import Prompt
from engine.ivr.verbs.say import Say
from engine.ivr.verbs.set import Set
from engine.ivr.verbs.step import Step
from engine.ivr.verbs.switch import Switch

VERBS: dict[str, type[Step]] = {
    "play": Play,
    "say": Say,
    "prompt": Prompt,
    "switch": Switch,
    "cond": Cond,
    "goto": Goto,
    "set": Set,
    "connect": Connect,
    "hangup": Hangup,
}
