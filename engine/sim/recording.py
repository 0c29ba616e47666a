"""Recordings: stereo wav files in which each party is a tone of its own, so that a test can hear who spoke.

left = the leg that is recorded (1000 Hz while it speaks), right = what that leg hears: the other leg of the
bridge (700 Hz) or our own prompt (440 Hz). The file is written when the recording stops.
"""

import wave
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from engine.sim.leg import Leg

RATE = 8000
CUSTOMER_HZ, AGENT_HZ, PROMPT_HZ = 1000, 700, 440
LEVEL = 8000

Samples = npt.NDArray[np.int16]


class Recording:
    """One recording of one leg. `path`: as the command named it. Times: microseconds of the wall clock."""

    def __init__(self, leg: "Leg", path: str, *, stereo: bool) -> None:
        self.leg = leg
        self.path = path
        self.stereo = stereo
        self.masked = False
        self.paused = False
        self._began_us = leg.core.clock.wall_us()
        # (from when, tone on the left, tone on the right, is the time kept)
        self._score: list[tuple[int, int, int, bool]] = []
        self.note()

    def note(self) -> None:
        """Something changed in who can be heard."""
        leg = self.leg
        bridged = leg.talking_to is not None
        left = CUSTOMER_HZ if leg.answered and (bridged or not leg.playing) else 0
        right = AGENT_HZ if bridged else PROMPT_HZ if leg.playing else 0
        if self.masked:
            left = right = 0
        self._score.append((leg.core.clock.wall_us(), left, right, not self.paused))

    def stop(self) -> None:
        leg = self.leg
        if leg.recordings.pop(self.path, None) is None:
            return
        self._score.append((leg.core.clock.wall_us(), 0, 0, False))
        seconds = self._write()
        leg.variables |= {
            "record_samples": str(round(seconds * RATE)),
            "record_seconds": str(int(seconds)),
            "record_ms": str(round(seconds * 1000)),
            "record_completion_cause": "success-maxtime",
        }
        told = {"Record-File-Path": self.path, "Record-Completion-Cause": "success-maxtime"}
        leg.fire("RECORD_STOP", told)

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
        path = Path(self.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        with wave.open(str(path), "wb") as file:
            file.setnchannels(2 if self.stereo else 1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            mixed = np.stack(channels, axis=1) if self.stereo else channels[0] // 2 + channels[1] // 2
            file.writeframes(mixed.astype("<i2").tobytes())
        return at / RATE


def _tone(hz: int, at: int, count: int) -> Samples:
    """`count` samples of a tone whose phase runs through from sample `at` on; 0 Hz is silence."""
    if not hz or count <= 0:
        return np.zeros(max(0, count), np.int16)
    period = RATE * hz // np.gcd(RATE, hz) // hz
    once = np.round(LEVEL * np.sin(2 * np.pi * hz * np.arange(period) / RATE)).astype(np.int16)
    return np.resize(np.roll(once, -(at % period)), count)


def start_recording(leg: "Leg", path: str, variables: dict[str, str] | None = None) -> Recording | None:
    """Begin; one that runs already goes on. None: no path, or a kind of file that cannot be written."""
    if not path or Path(path).suffix in (".mp3", ".opus"):
        return None
    if path in leg.recordings:
        return leg.recordings[path]
    leg.variables |= {name: value for name, value in (variables or {}).items() if name.startswith("RECORD_")}
    recording = Recording(leg, path, stereo=leg.is_on("RECORD_STEREO"))
    leg.recordings[path] = recording
    leg.fire("RECORD_START", {"Record-File-Path": path})
    return recording


def stop_recording(leg: "Leg", path: str) -> bool:
    """End one recording, or with `all` every one. False if there was none."""
    found = list(leg.recordings.values()) if path == "all" else [leg.recordings.get(path)]
    for recording in found:
        if recording is not None:
            recording.stop()
    return any(found)
