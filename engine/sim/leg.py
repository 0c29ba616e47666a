"""A leg: one channel of the virtual switch, its variables, its states, and what the network tells it."""

from collections import deque
from typing import TYPE_CHECKING

from engine.sim import headers
from engine.sim.performing import Performer
from engine.sim.steps import Wake

if TYPE_CHECKING:
    from engine.sim.callees import FarEnd
    from engine.sim.core import SwitchCore
    from engine.sim.recording import NativeRecording, Recording


class Leg(Performer):
    """One channel. `number`: whom it reaches, E.164 digits or extension; `destination`: as it was dialed."""

    def __init__(
        self,
        core: "SwitchCore",
        uuid: str,
        number: str,
        *,
        direction: str = "outbound",
        name: str = "",
        caller_name: str = "",
        caller_number: str = "",
        context: str = "default",
    ) -> None:
        super().__init__()
        self.core = core
        self.uuid = uuid
        self.number = number
        self.destination = number
        self.direction = direction
        self.outbound = direction == "outbound"
        self.name = name or f"sofia/external/{number}"
        self.caller_name = caller_name
        self.caller_number = caller_number
        self.context = context
        self.gateway = ""
        self.codec = "PCMU"
        self.variables: dict[str, str] = {}

        self.running_state = "CS_NONE"
        self.state_number = 1
        self.call_state = "DOWN"
        self.answer_state = "ringing"
        self.hangup_cause = ""
        self.created_us = core.clock.wall_us()
        self.progress_us = self.progress_media_us = self.answered_us = self.bridged_us = self.hangup_us = 0
        self.cid_flipped = self.codec_known = self.answered_by_network = False

        self.far: FarEnd | None = None
        self.peer: Leg | None = None
        self.bridge_first = False
        self.digits: deque[str] = deque()
        self.recordings: dict[str, Recording | NativeRecording] = {}
        self.playing = ""

    # --- what everybody asks -------------------------------------------------------------------

    @property
    def alive(self) -> bool:
        return not self.hangup_cause

    @property
    def answered(self) -> bool:
        return self.answered_us > 0 and self.alive

    @property
    def talking_to(self) -> "Leg | None":
        """The other leg of a bridge that stands; `peer` alone may be one that is just leaving."""
        return self.peer if self.peer is not None and self.peer.peer is self else None

    def is_on(self, variable: str) -> bool:
        return self.variables.get(variable, "").lower() in ("true", "yes", "on", "1", "enabled", "t")

    def fire(self, name: str, extra: dict[str, str] | None = None) -> None:
        """An event of this leg, with its variables if this kind of event carries them."""

        def fields() -> dict[str, str]:
            found = headers.channel_headers(self)
            if name not in headers.WITHOUT_VARIABLES:
                found.update((f"variable_{key}", value) for key, value in self.variables.items())
            return found | extra if extra else found

        self.core.bus.fire(name, fields)

    def enter(self, state: str, *, tell: bool = True) -> None:
        self.running_state = state
        self.state_number = headers.STATE_NUMBERS[state]
        if tell:
            self.fire("CHANNEL_STATE")

    def call_enters(self, call_state: str) -> None:
        before, self.call_state = self.call_state, call_state
        number = str(headers.CALL_STATE_NUMBERS[call_state])
        self.fire(
            "CHANNEL_CALLSTATE",
            {"Original-Channel-Call-State": before, "Channel-Call-State-Number": number},
        )

    # --- what the network tells ----------------------------------------------------------------

    def ring(self) -> None:
        """180 Ringing."""
        if self.alive and not (self.progress_us or self.answered_us):
            self.progress_us = self.core.clock.wall_us()
            self.answered_by_network = True
            self.fire("CHANNEL_PROGRESS")
            if self.call_state == "DOWN":
                self.call_enters("RINGING")

    def early_media(self) -> None:
        """183 with SDP: the network speaks or plays its own ring-back tone."""
        if self.alive and not (self.progress_media_us or self.answered_us):
            self.progress_media_us = self.core.clock.wall_us()
            self.answer_state = "early"
            self.answered_by_network = True
            self.variables["ep_codec_string"] = f"CORE_PCM_MODULE.{self.codec}@8000h@20i@64000b"
            self.variables["endpoint_disposition"] = "EARLY MEDIA"
            self.fire("CHANNEL_PROGRESS_MEDIA")
            self.call_enters("EARLY")
            self._negotiated()

    def answer(self) -> None:
        """200 OK (or our own answer of a call that came in)."""
        if not self.alive or self.answered_us:
            return
        if not self.outbound:
            self.early_media()
        self.answered_us = self.core.clock.wall_us()
        self.core.invites.answered(self, self.answered_us)
        self.answer_state = "answered"
        self.answered_by_network = True
        self._negotiated()
        self.fire("CHANNEL_ANSWER")
        self.call_enters("ACTIVE")
        self.variables["endpoint_disposition"] = "ANSWER"

    def _negotiated(self) -> None:
        """The codec is settled, as every later event says."""
        self.codec_known = True
        self.variables |= {
            "ep_codec_string": f"CORE_PCM_MODULE.{self.codec}@8000h@20i@64000b",
            "rtp_use_codec_name": self.codec,
            "rtp_use_codec_rate": "8000",
            "rtp_use_codec_ptime": "20",
            "rtp_use_codec_channels": "1",
            "read_codec": self.codec,
            "read_rate": "8000",
            "write_codec": self.codec,
            "write_rate": "8000",
            "dtmf_type": "rfc2833",
        }

    def press(self, digit: str, source: str = "RTP") -> None:
        """The far end pressed a key: RFC 2833, 120 ms; duration in samples of 8 kHz."""
        if not self.alive:
            return
        duration = "960" if source == "RTP" else "2000"
        self.fire("DTMF", {"DTMF-Digit": digit, "DTMF-Duration": duration, "DTMF-Source": source})
        step = self.step
        if step is None or step.wait.digits:  # whatever else runs takes the key and throws it away
            self.digits.append(digit)
        if step is not None and step.wait.digits:
            self.wake(step, Wake.DIGIT)

    def set_variable(self, name: str, value: str) -> None:
        """An empty value unsets it."""
        if value:
            self.variables[name] = value
        else:
            self.variables.pop(name, None)

    # --- sound, for those who listen or record -------------------------------------------------

    def sound_began(self, what: str) -> None:
        """We play something to the far end."""
        self.playing = what
        self.tell_recordings()

    def sound_ended(self) -> None:
        self.playing = ""
        self.tell_recordings()

    def tell_recordings(self) -> None:
        """Who can be heard has changed; a recording notes from when on."""
        for recording in self.recordings.values():
            recording.note()
