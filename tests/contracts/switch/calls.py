"""The calls of a contract test: what an engine would ask of the switch, and what it would wait for."""

from pathlib import Path
from uuid import uuid4

from tests.contracts.switch.switches import Person, Switch
from tests.freeswitch.esl import Esl, Event
from tests.freeswitch.fixtures import CALL_EVENTS

STANDING = "park_after_bridge=true,uuid_bridge_park_on_cancel=true,send_silence_when_idle=400"
PATIENT = "park_after_bridge=true,uuid_bridge_park_on_cancel=true"


class Calls:
    """Shorthand over one connection. `esl` may be used beside it."""

    def __init__(self, switch: Switch, esl: Esl) -> None:
        self.switch, self.esl = switch, esl
        esl.subscribe(*CALL_EVENTS)

    def dial(
        self, endpoint: str, variables: str = "", app: str = "&park()", uuid: str = ""
    ) -> tuple[str, str]:
        """Start an originate. The leg's id and the job's."""
        uuid = uuid or str(uuid4())
        wanted = ",".join(filter(None, [f"origination_uuid={uuid},ignore_early_media=true", variables]))
        return uuid, self.esl.bgapi(f"originate {{{wanted}}}{endpoint} {app}")

    def dial_number(self, outcome: str, variables: str = "", app: str = "&park()") -> tuple[str, str]:
        return self.dial(f"sofia/gateway/trunk/{self.switch.number_for(outcome)}", variables, app)

    def answered(self, variables: str = PATIENT, app: str = "&park()") -> tuple[str, Person]:
        """A leg to a person who has picked up, and the person."""
        uuid = str(uuid4())
        person = self.switch.person(self.esl, uuid)
        self.dial(person.endpoint, variables, app, uuid)
        self.esl.wait_event("CHANNEL_ANSWER", uuid)
        return uuid, person

    def parked(self, variables: str = PATIENT) -> tuple[str, Person]:
        uuid, person = self.answered(variables)
        self.esl.wait_event("CHANNEL_PARK", uuid)
        return uuid, person

    def standing(self, number: int = 0) -> str:
        """An agent's standing leg."""
        uuid, _ = self.dial(self.switch.agents(number + 1)[number], STANDING)
        self.esl.wait_event("CHANNEL_PARK", uuid)
        return uuid

    def bridge(self, first: str, second: str) -> Event:
        since = len(self.esl.events)
        assert self.esl.api(f"uuid_bridge {first} {second}") == f"+OK {second}\n"
        return self.esl.wait_event("CHANNEL_BRIDGE", first, since=since)

    def ended(self, uuid: str, timeout_s: float = 10.0) -> Event:
        return self.esl.wait_event("CHANNEL_HANGUP_COMPLETE", uuid, timeout_s)

    def net(self, name: str = "abandon.wav", more: bool = False) -> str:
        """The safety net that a dial string carries instead of a park."""
        longer = "sleep:${net_more}," if more else ""
        return f"'sleep:1800,{longer}playback:{self.prompt(name)},hangup:NORMAL_CLEARING' inline"

    def prompt(self, name: str = "prompt.wav") -> Path:
        return self.switch.media_dir / name


def between_ms(earlier: Event, later: Event) -> float:
    """By the switch's own stamps, which may lag by up to 20 ms each."""
    return (int(later["Event-Date-Timestamp"]) - int(earlier["Event-Date-Timestamp"])) / 1000
