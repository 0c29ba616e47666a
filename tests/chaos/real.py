"""A real FreeSWITCH in the place of the virtual one: SIPp as the carrier, baresip as the phones.

It keeps no book of its own, so a witness on a connection that nobody spoils writes one, in the same words,
from the switch's own events; the carrier's list of INVITEs is held against it at the end.
"""

import contextlib
import json
import threading
import time
from pathlib import Path
from typing import Any

from tests.freeswitch.carrier import PREFIXES, Carrier
from tests.freeswitch.esl import Esl, EslError
from tests.freeswitch.fixtures import AGENT_HZ, add_agent, clear_calls, missing, wait_registered
from tests.freeswitch.phones import Phone
from tests.freeswitch.switch import FreeSwitch, Lane, find_freeswitch, free_ports

WITNESSED = (
    "CHANNEL_CREATE CHANNEL_ANSWER CHANNEL_BRIDGE CHANNEL_UNBRIDGE PLAYBACK_START CHANNEL_HANGUP_COMPLETE"
)
FATES = {"hangs_up": "answer", "answered": "answer", "slow": "answer"}


class RealSwitch:
    """Speaks to the rig as `VirtualSwitchProcess` does. It is never killed here: its ports would change."""

    def __init__(self, home: Path, agents: int) -> None:
        binary = find_freeswitch()
        assert binary, missing()
        self.home = home / "freeswitch"
        self.home.mkdir(parents=True, exist_ok=True)
        self._lane = Lane()
        self._switch = FreeSwitch(binary, self.home, self._lane)
        self._agents = agents
        self._phones: list[Phone] = []
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._people: set[str] = set()

    @property
    def port(self) -> int:
        return self._switch.esl_port

    @property
    def password(self) -> str:
        return self._switch.password

    @property
    def pid(self) -> int:
        assert self._switch._process is not None
        return self._switch._process.pid

    def start(self) -> "RealSwitch":
        self._switch.start()
        self._carrier = Carrier(self._switch.carrier_port, self.home / "carrier", talk_s=1.5)
        self._carrier.start(first_media_port=self._lane.carrier_rtp)
        for number in range(self._agents):
            extension = str(1001 + number)
            add_agent(self._switch, extension)
            phone = Phone(extension, AGENT_HZ, self.home / f"phone-{extension}", free_ports(1)[0])
            first = self._lane.phones_rtp + number * 10
            registrar = f"127.0.0.1:{self._switch.agents_port}"
            phone.start(registrar, self._switch.agents_password, f"{first}-{first + 8}")
            self._phones.append(phone)
        with self.connect() as esl:
            wait_registered(esl, [phone.extension for phone in self._phones])
        self._note({"what": "up", "at_s": time.time()})
        threading.Thread(target=self._witness, daemon=True).start()
        return self

    def connect(self) -> Esl:
        return self._switch.connect()

    def stop(self) -> None:
        self._over.set()
        with contextlib.suppress(OSError, EslError, AssertionError), self.connect() as esl:
            clear_calls(esl)
        for phone in self._phones:
            phone.stop()
        self._carrier.stop()
        self._switch.stop()
        self._lane.close()

    def troubles(self) -> list[str]:
        """Where the carrier saw other INVITEs than the book has."""
        book = [json.loads(line) for line in self._book.read_text().splitlines()]
        told = sorted(line["number"].lstrip("+") for line in book if line["what"] == "invite")
        seen = sorted(number.lstrip("+") for number in self._carrier.invited())
        return (
            [] if told == seen else [f"the carrier saw {len(seen)} INVITEs, the switch told of {len(told)}"]
        )

    # --- the witness ---------------------------------------------------------------------------------

    @property
    def _book(self) -> Path:
        return self.home / "invites.jsonl"

    def _note(self, line: dict[str, Any]) -> None:
        with self._lock, self._book.open("a") as book:
            book.write(json.dumps(line) + "\n")

    def _witness(self) -> None:
        with self.connect() as esl:
            esl.subscribe(WITNESSED)
            while not self._over.is_set():
                try:
                    headers, body = esl.read_frame(1.0)
                except EslError:
                    continue
                if headers.get("Content-Type") == "text/event-json":
                    self._saw(json.loads(body))
                while esl.events:
                    self._saw(esl.events.pop(0))

    def _saw(self, event: dict[str, Any]) -> None:
        name, uuid = event["Event-Name"], event.get("Unique-ID", "")
        at_s = int(event["Event-Date-Timestamp"]) / 1e6
        if name == "CHANNEL_CREATE" and event.get("Call-Direction") == "outbound":
            number = event.get("Caller-Destination-Number", "").lstrip("+")
            kind = next((kind for kind, prefix in PREFIXES.items() if number.startswith(prefix)), "")
            if kind:
                self._people.add(uuid)
                fate = FATES.get(kind, kind)
                note = {"what": "invite", "number": f"+{number}", "gateway": "trunk", "fate": fate}
                self._note({**note, "at_s": at_s, "uuid": uuid})
        elif name in ("CHANNEL_BRIDGE", "CHANNEL_UNBRIDGE"):
            pair = (event.get("Bridge-A-Unique-ID", ""), event.get("Bridge-B-Unique-ID", ""))
            what = "bridge" if name == "CHANNEL_BRIDGE" else "parted"
            for person, other in (pair, pair[::-1]):
                if person in self._people:
                    self._note({"what": what, "at_s": at_s, "uuid": person, "with": other})
        elif uuid in self._people:
            self._of_person(name, uuid, at_s, event)

    def _of_person(self, name: str, uuid: str, at_s: float, event: dict[str, Any]) -> None:
        if name == "CHANNEL_ANSWER":
            self._note({"what": "answer", "at_s": at_s, "uuid": uuid})
        elif name == "PLAYBACK_START":
            sound = event.get("Playback-File-Path", "")
            self._note({"what": "hears", "at_s": at_s, "uuid": uuid, "sound": sound})
        elif name == "CHANNEL_HANGUP_COMPLETE":
            sip = event.get("variable_sip_term_status") or event.get("variable_sip_invite_failure_status")
            cause = event.get("Hangup-Cause", "")
            self._note({"what": "end", "at_s": at_s, "uuid": uuid, "cause": cause, "sip": int(sip or 0)})
