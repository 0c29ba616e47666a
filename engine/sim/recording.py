"""Recordings: stereo wav files in which each party is a tone of its own, so that a test can hear who spoke.

left = the leg that is recorded, right = what that leg hears: the other leg of the bridge, or our own prompt
(440 Hz). People speak at 1000 Hz, agents at 700 Hz. The file is filled when the recording stops; its length
is that of the wall clock, also on a switch that runs faster than life.
"""

import logging
import wave
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import numpy.typing as npt

from engine.sim.callees import AgentsPhone
from engine.sim.sounds import FRAME, silence

if TYPE_CHECKING:
    from engine.sim.leg import Leg

log = logging.getLogger(__name__)

RATE = 8000
CUSTOMER_HZ, AGENT_HZ, PROMPT_HZ = 1000, 700, 440
LEVEL = 8000
BUFFERED_BYTES = 4 * RATE

Samples = npt.NDArray[np.int16]


class Recording:
    """One recording of one leg. `path`: as the command named it. Times: microseconds of the wall clock."""

    def __init__(self, leg: "Leg", path: str, *, stereo: bool) -> None:
        self.leg = leg
        self.path = path
        self.stereo = stereo
        self.masked = False
        self.paused = False
        with _wav(path, stereo):
            pass  # the file is there from the first moment on
        # (from when, tone on the left, tone on the right, is the time kept)
        self._score: list[tuple[int, int, int, bool]] = []
        self.note()

    def note(self) -> None:
        """Something changed in who can be heard."""
        leg = self.leg
        bridged = leg.talking_to is not None
        left = _voice_of(leg) if leg.answered and (bridged or not leg.playing) else 0
        right = PROMPT_HZ if leg.playing else 0
        if leg.talking_to is not None:
            right = _voice_of(leg.talking_to)
        if self.masked:
            left = right = 0
        self._score.append((leg.core.clock.wall_us(), left, right, not self.paused))

    def stop(self) -> None:
        leg = self.leg
        if leg.recordings.pop(self.path, None) is None:
            return
        self._score.append((leg.core.clock.wall_us(), 0, 0, False))
        try:
            seconds = self._write()
        except OSError:
            log.exception("recording lost", extra={"path": self.path})
            seconds = 0.0
        tell_end(leg, self.path, seconds)

    def _write(self) -> float:
        """Write the file; returns its length in seconds."""
        left, right = [np.zeros(0, np.int16)], [np.zeros(0, np.int16)]
        at = 0
        for (from_us, left_hz, right_hz, kept), (to_us, *_) in zip(
            self._score, self._score[1:], strict=False
        ):
            count = round((to_us - from_us) * RATE / 1_000_000) if kept else 0
            left.append(_tone(left_hz, at, count))
            right.append(_tone(right_hz, at, count))
            at += count
        channels = (np.concatenate(left), np.concatenate(right))
        if self.leg.is_on("RECORD_STEREO_SWAP"):
            channels = channels[::-1]
        with _wav(self.path, self.stereo) as file:
            mixed = np.stack(channels, axis=1) if self.stereo else channels[0] // 2 + channels[1] // 2
            file.writeframes(mixed.astype("<i2").tobytes())
        return at / RATE


def _wav(path: str, stereo: bool) -> wave.Wave_write:
    file = wave.open(path, "wb")  # noqa: SIM115 - the caller's `with` closes it
    file.setnchannels(2 if stereo else 1)
    file.setsampwidth(2)
    file.setframerate(RATE)
    return file


def _voice_of(leg: "Leg") -> int:
    return AGENT_HZ if isinstance(leg.far, AgentsPhone) else CUSTOMER_HZ


def tell_end(leg: "Leg", path: str, seconds: float) -> None:
    leg.variables |= {
        "record_samples": str(round(seconds * RATE)),
        "record_seconds": str(int(seconds)),
        "record_ms": str(round(seconds * 1000)),
        "record_completion_cause": "success-maxtime",
    }
    leg.fire("RECORD_STOP", {"Record-File-Path": path, "Record-Completion-Cause": "success-maxtime"})


def _tone(hz: int, at: int, count: int) -> Samples:
    """`count` samples of a tone whose phase runs through from sample `at` on; 0 Hz is silence."""
    if not hz or count <= 0:
        return np.zeros(max(0, count), np.int16)
    period = RATE * hz // np.gcd(RATE, hz) // hz
    once = np.round(LEVEL * np.sin(2 * np.pi * hz * np.arange(period) / RATE)).astype(np.int16)
    return np.resize(np.roll(once, -(at % period)), count)


class NativeRecording:
    """The bare bytes of both directions, as they come: PATH-in.PCMU from the far end, PATH-out.PCMU to it.

    Written frame by frame, or in pieces of four seconds unless `enable_file_write_buffering` is false.
    """

    def __init__(self, leg: "Leg", path: str, *, buffered: bool) -> None:
        self.leg = leg
        self.path = path
        self.masked = self.paused = False
        self._piece = BUFFERED_BYTES if buffered else 1
        self._files: list[BinaryIO] = [
            Path(f"{path}-{way}.{leg.codec}").open("wb", buffering=0)  # noqa: SIM115 - closed by `stop`
            for way in ("in", "out")
        ]
        self._waiting = [bytearray(), bytearray()]
        self._silent = silence(leg.codec)[:FRAME]
        self.bytes_written = 0
        leg.core.hear(self, leg, self._take)

    def _take(self, frame: bytes) -> None:
        if self.paused:
            return
        said = self._silent if self.masked else frame
        for file, waiting, data in zip(self._files, self._waiting, (said, self._silent), strict=True):
            waiting += data
            if len(waiting) >= self._piece:
                file.write(waiting)
                waiting.clear()
        self.bytes_written += len(frame)

    def note(self) -> None:
        """Who can be heard shows in the frames themselves."""

    def stop(self) -> None:
        if self.leg.recordings.pop(self.path, None) is None:
            return
        self.leg.core.hear_no_more(self)
        for file, waiting in zip(self._files, self._waiting, strict=True):
            file.write(waiting)
            file.close()
        tell_end(self.leg, self.path, self.bytes_written / RATE)


def start_recording(
    leg: "Leg", path: str, variables: dict[str, str] | None = None
) -> "Recording | NativeRecording | None":
    """Begin; one that runs already goes on. None: no path, or a file that cannot be written."""
    if path in leg.recordings:
        return leg.recordings[path]
    given = variables or {}
    leg.variables |= {name: value for name, value in given.items() if name.startswith("RECORD_")}
    recording: Recording | NativeRecording
    try:
        if not path or Path(path).suffix in (".mp3", ".opus"):
            return None
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        if Path(path).suffix:
            recording = Recording(leg, path, stereo=leg.is_on("RECORD_STEREO"))
        else:
            recording = NativeRecording(
                leg, path, buffered=given.get("enable_file_write_buffering") != "false"
            )
    except OSError:
        return None
    leg.recordings[path] = recording
    told = {f"Recording-Variable-{name}": value for name, value in given.items()}
    leg.fire("RECORD_START", {"Record-File-Path": path} | told)
    return recording


def stop_recording(leg: "Leg", path: str) -> bool:
    """End one recording, or with `all` every one. False if there was none."""
    found = list(leg.recordings.values()) if path == "all" else [leg.recordings.get(path)]
    for recording in found:
        if recording is not None:
            recording.stop()
    return any(found)
