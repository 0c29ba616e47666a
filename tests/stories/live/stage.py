"""A running engine with agents on either switch, and people at the other end steered one by one."""

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tests.freeswitch.audio import tone, tone_seconds, write_wav
from tests.freeswitch.carrier import PREFIXES
from tests.freeswitch.esl import Esl
from tests.freeswitch.farend import Call, FarEnd
from tests.freeswitch.phones import Phone
from tests.freeswitch.switch import FreeSwitch, free_ports
from tests.stories.configs import campaign, config
from tests.stories.engine_process import EngineProcess, wait_for
from tests.stories.virtual_switch import PASSWORD, VirtualSwitchProcess, population

PERSON_HZ, NOTICE_HZ, WARNING_HZ, SORRY_HZ, MUSIC_HZ = 1000.0, 440.0, 520.0, 600.0, 350.0
FOR_EVER, MUSIC_S = 3600, 8.0
OUR_NUMBER = "48220000101"


class Callees(FarEnd):
    """Everybody behind the trunk of the real switch: numbers of the plan for `busy` refuse, `slow` ones ring
    for two seconds, the others answer at once."""

    def _on_invite(self, call: Call | None, message: str, peer: tuple[str, int]) -> None:
        line = message.partition("\r\n")[0]
        self.ring_s = 2.0 if PREFIXES["slow"] in line else 0.0
        if call is None and PREFIXES["busy"] in line:
            self._reply(message, peer, "486 Busy Here")
        else:
            super()._on_invite(call, message, peer)


class Person(Protocol):
    """The far end of one call. `heard(hz)`: seconds of that tone so far; None where nobody can tell."""

    def hang_up(self) -> None: ...
    def press(self, digits: str) -> None: ...
    def heard(self, hz: float) -> float | None: ...
    def gone(self) -> bool: ...


@dataclass
class FarPerson:
    far: FarEnd
    call: Call

    def hang_up(self) -> None:
        self.far.hang_up(self.call)

    def press(self, digits: str) -> None:
        for digit in digits:
            self.far.press(self.call, digit)

    def heard(self, hz: float) -> float | None:
        return tone_seconds(self.call.sound, hz) if self.call.heard else 0.0

    def gone(self) -> bool:
        return self.call.ended.is_set()


@dataclass
class VirtualPerson:
    esl: Esl
    leg: str

    def hang_up(self) -> None:
        assert self.esl.api(f"prozvon_callee {self.leg} hangup").startswith("+OK")

    def press(self, digits: str) -> None:
        assert self.esl.api(f"prozvon_callee {self.leg} press {digits}").startswith("+OK")

    def heard(self, hz: float) -> float | None:
        return None

    def gone(self) -> bool:
        return self.esl.api(f"uuid_exists {self.leg}") == "false"


@dataclass
class Stage:
    """`engine`: with campaigns `hand` (manual), `warned` (manual, warning and whisper), `cards`
    (preview), `line` (progressive), `robot` and `short`; agents a1, a2 on standing legs, a3 on demand."""

    engine: EngineProcess
    esl: Esl
    media: Path
    people: Callees | None
    callers: FarEnd | None = None
    trunk_port: int = 0
    phones: list[Phone] = field(default_factory=list)
    _serial: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    @property
    def real(self) -> bool:
        return self.people is not None

    def number(self, outcome: str = "answered") -> str:
        return f"+{PREFIXES[outcome]}{next(self._serial):06d}"

    def wait(self, what: str, ask: Callable[[], Any], timeout_s: float = 15.0) -> Any:
        return wait_for(what, ask, timeout_s)

    # --- agents --------------------------------------------------------------------------------------

    def works(self, *agent_ids: str) -> None:
        for agent_id in agent_ids:
            self.engine.post(f"/v1/agents/{agent_id}/login")
        for agent_id in agent_ids:
            self.in_state(agent_id, "paused")
            self.engine.post(f"/v1/agents/{agent_id}/ready")

    def in_state(self, agent_id: str, state: str, timeout_s: float = 15.0) -> dict[str, Any]:
        self.wait(
            f"agent {agent_id} {state}", lambda: self.engine.agent(agent_id)["state"] == state, timeout_s
        )
        return self.engine.agent(agent_id)

    def do(self, agent_id: str, what: str, **given: Any) -> Any:
        return self.engine.post(f"/v1/agents/{agent_id}/{what}", **given)

    def refused(self, agent_id: str, what: str, **given: Any) -> str:
        answer = self.engine.ask("POST", f"/v1/agents/{agent_id}/{what}", json=given)
        assert answer.status_code in (404, 409), (answer.status_code, answer.text)
        return answer.text

    # --- robots --------------------------------------------------------------------------------------

    def robot_calls(self, campaign_id: str = "robot") -> "Talk":
        """The campaign's robot calls somebody, who answers. Events of all legs are kept from here on."""
        self.esl.subscribe("PLAYBACK_START", "PLAYBACK_STOP")
        self.esl.events.clear()
        number = self.number()
        row = f"{number},Anna Nowak,p{number[1:]},1250.50,PLN,2026-12-01"
        rows = f"phone,name,person_id,amount,currency,due_date\n{row}\n"
        to = f"/v1/campaigns/{campaign_id}/contacts"
        assert self.engine.ask("POST", to, data=rows.encode(), headers={"Content-Type": "text/csv"}).ok
        self.engine.post(f"/v1/campaigns/{campaign_id}/start")
        found = self.wait(
            "the robot", lambda: [c for c in self.engine.calls("robot") if c["campaign"] == campaign_id]
        )
        attempt = found[0]["attempt"]
        return Talk(attempt, number, self.person(attempt, number))

    def prompts(self, leg: str) -> int:
        """How many have begun to be played on the leg."""
        self.esl.api("uptime")  # brings the events along
        begun = (e for e in self.esl.events if e["Event-Name"] == "PLAYBACK_START")
        return sum(e["Unique-ID"] == leg for e in begun)

    def prompt(self, leg: str, number: int, timeout_s: float = 20.0) -> None:
        """Wait until the `number`-th prompt is being played on the leg."""
        self.wait(f"prompt {number}", lambda: self.prompts(leg) >= number, timeout_s)

    # --- calls ---------------------------------------------------------------------------------------

    def talk(self, agent_id: str, campaign_id: str = "hand") -> "Talk":
        """The agent calls somebody by hand, who answers."""
        number = self.number()
        attempt = self.do(agent_id, "dial", campaign_id=campaign_id, number=number)["attempt"]
        self.in_state(agent_id, "talking")
        return Talk(attempt, number, self.person(attempt, number))

    def person(self, attempt: str, number: str) -> Person:
        if self.people is None:
            return VirtualPerson(self.esl, attempt)
        return FarPerson(self.people, self.wait(f"call to {number}", lambda: self._call_to(number)))

    def _call_to(self, number: str) -> Call | None:
        assert self.people is not None
        calls = list(self.people.calls.values())
        return next((c for c in calls if number in c.invite.partition("\r\n")[0]), None)

    def call_in(self, caller: str, to: str = OUR_NUMBER) -> tuple[str, Person]:
        """Somebody calls us; the leg's id as soon as the engine has the call, and the caller."""
        before = {call["attempt"] for call in self.engine.calls()}
        made = None
        if self.callers is not None:
            made = self.callers.call(to, f"127.0.0.1:{self.trunk_port}", caller)
        else:
            assert self.esl.api(f"prozvon_call_in {caller} {to}").startswith("+OK")
        new = self.wait(
            "call that came in", lambda: [c for c in self.engine.calls() if c["attempt"] not in before]
        )
        leg = new[0]["attempt"]
        if made is not None:
            assert self.callers is not None
            return leg, FarPerson(self.callers, made)
        return leg, VirtualPerson(self.esl, leg)

    def state(self, attempt: str) -> str:
        return next((call["state"] for call in self.engine.calls() if call["attempt"] == attempt), "ended")

    def reaches(self, attempt: str, state: str, timeout_s: float = 15.0) -> None:
        self.wait(f"call {state}", lambda: self.state(attempt) == state, timeout_s)

    def cdr(self, attempt: str) -> dict[str, Any]:
        """Waits until it is written."""
        found = self.wait(
            "CDR", lambda: [cdr for cdr in self.engine.cdrs() if cdr["attempt_id"] == attempt], 10.0
        )
        assert len(found) == 1
        return dict(found[0])

    def hears(self, person: Person, hz: float, seconds: float, timeout_s: float = 8.0) -> None:
        """Where it can be told: the person hears that tone for so long."""
        if person.heard(hz) is not None:
            self.wait(f"{hz:g} Hz for {seconds} s", lambda: (person.heard(hz) or 0.0) >= seconds, timeout_s)

    def legs(self) -> int:
        return int(self.esl.api("show channels count").split()[0])

    # --- from test to test -----------------------------------------------------------------------------

    def clear(self) -> None:
        """Nobody at work, no call, no leg; an engine that was killed is there again."""
        for one in self.engine.get("/v1/campaigns"):
            if one["state"] == "running":
                self.engine.post(f"/v1/campaigns/{one['campaign_id']}/pause")
        for call in self.engine.calls():
            self.engine.ask("DELETE", f"/v1/calls/{call['attempt']}")
        self.wait("end of all calls", lambda: not self.engine.calls())
        for agent_id in self.engine.agents:
            self.do(agent_id, "logout")
        self.wait("agents gone", lambda: self.engine.agent_states() == {"offline": len(self.engine.agents)})
        self.esl.api("hupall")
        self.wait("no leg", lambda: self.legs() == 0)


@dataclass(frozen=True)
class Talk:
    attempt: str
    number: str
    person: Person


def prompts(folder: Path) -> dict[str, Any]:
    """Each prompt of the engine a tone, so that it can be told by ear."""
    sounds = {
        "abandon_notice": (NOTICE_HZ, 1.0),
        "record_warning": (WARNING_HZ, 2.0),
        "sorry": (SORRY_HZ, 1.0),
    }
    for name, (hz, seconds) in sounds.items():
        write_wav(folder / f"{name}.wav", tone(hz, seconds))
    write_wav(folder / "music.wav", tone(MUSIC_HZ, MUSIC_S))
    return {"company": "Prozvon Test"} | {name: {"en": str(folder / f"{name}.wav")} for name in sounds}


SHORT = """
scenario: short
version: 1
about: Asks for an agent at once, and says so when there is none.
languages: [en]
dispositions: {wanted: They were to talk with an agent., nobody: Nobody was free., left: They left before.}
hung_up: left
start: ask
nodes:
  ask:
    do:
      - say: {en: "This is a test. Please hold the line."}
      - connect: {to: agents, timeout: 2, context: {about: "a test"}}
    on: {no_agent: sorry}
    disposition: wanted
  sorry:
    do:
      - say: {en: "Nobody is free. Goodbye."}
      - hangup
    disposition: nobody
"""


def configuration(speech: Path, media: Path, inbound_port: int, **sections: Any) -> dict[str, Any]:
    common = {"language": "en", "hold_music": str(media / "music.wav"), "wrap_up_s": 30}
    robot = {"script": str(Path(__file__).parents[3] / "scenarios" / "payment_reminder.yaml")}
    people = [
        campaign("hand", "manual", **common),
        campaign("warned", "manual", record_warning=True, whisper=True, **common),
        campaign("cards", "preview", preview_s=2, **common),
        campaign("line", "progressive", ring_time_s=30, **common),
        campaign("robot", "robot", **robot, **common),
        campaign("short", "robot", script=str(media / "short.yaml"), **common),
    ]
    media.mkdir(parents=True, exist_ok=True)
    (media / "short.yaml").write_text(SHORT)
    found = config(speech, *people, agents=3, prompts=prompts(media), **sections)
    found["teams"] = [{"name": "team"}, {"name": "demand", "standing_legs": False}]
    found["agents"][2]["team"] = "demand"
    found["campaigns"].append(campaign("called", "manual", **common) | {"team": "demand"})
    routes = [
        {"prefix": "+4822000020", "campaign": "short", "serve": "robot"},
        {"prefix": "+4822", "campaign": "line", "serve": "agents", "max_wait_s": 4},
    ]
    found["inbound"] = {"port": inbound_port, "routes": routes}
    return found


def virtual_stage(home: Path, speech: Path) -> tuple[Stage, Callable[[], None]]:
    inbound_port = free_ports(1)[0]
    habits = {"talk_s": FOR_EVER, "patience_s": FOR_EVER, "listen_s": FOR_EVER, "ring_s": 0.1}
    people = population(**habits)
    for group in people["groups"]:
        if group["prefix"] == f"+{PREFIXES['slow']}":
            group["ring_s"] = 2
    switch = VirtualSwitchProcess(home / "switch", people, inbound_port=inbound_port).start()
    where = [{"name": "virtual-1", "port": switch.port, "password": PASSWORD}]
    engine = EngineProcess(
        home / "engine", configuration(speech, home / "media", inbound_port, switches=where)
    ).start()
    esl = switch.connect()

    def close() -> None:
        esl.close()
        engine.stop()
        switch.stop()

    return Stage(engine, esl, home / "media", None), close


def real_stage(
    home: Path, speech: Path, freeswitch: FreeSwitch, agents: Callable[[int], list[Phone]]
) -> tuple[Stage, Callable[[], None]]:
    phones = agents(3)
    people, callers = Callees(PERSON_HZ), FarEnd(PERSON_HZ)
    where = {
        "name": "freeswitch",
        "port": freeswitch.esl_port,
        "password": freeswitch.password,
        "dial": f"sofia/external/{{number}}@127.0.0.1:{people.port};trunk={{gateway}}",
    }
    sections = configuration(speech, home / "media", freeswitch.inbound_port, switches=[where])
    engine = EngineProcess(home / "engine", sections).start()
    esl = freeswitch.connect()

    def close() -> None:
        engine.stop()
        esl.api("hupall")
        esl.close()
        people.close()
        callers.close()

    return Stage(engine, esl, home / "media", people, callers, freeswitch.trunk_port, phones), close


def let_pass(seconds: float) -> None:
    """Nothing happens that could be waited for: that it does not happen is what is told."""
    time.sleep(seconds)
