"""How long a thing to be played takes, without playing it."""

import re
import wave
from pathlib import Path

_TONE = re.compile(r"%\((\d+)\s*,\s*(\d+)\s*,")
_LOOPS = re.compile(r";?loops=(-?\d+)")
SPEECH_CHARS_PER_S = 14.0


def duration_s(target: str, planned: dict[str, float]) -> float | None:
    """Seconds of what `playback` was given; None if there is nothing that can be played.

    `silence_stream://MS[,…]`, `tone_stream://…`, `say:…`, a PCM wav on this machine, or a path in `planned`
    (files that only a real switch would have). A `{vars}` prefix and `file_string://` are understood.
    """
    if target.startswith("{") and "}" in target:
        target = target[target.index("}") + 1 :]
    if target.startswith("file_string://"):
        parts = [duration_s(part, planned) for part in target[len("file_string://") :].split("!")]
        known = [part for part in parts if part is not None]
        return sum(known) if known else None
    if target.startswith("silence_stream://"):
        ms = target[len("silence_stream://") :].split(",")[0].strip()
        return max(0.0, float(ms)) / 1000 if re.fullmatch(r"\d+", ms) else (None if ms != "-1" else 86_400.0)
    if target.startswith("tone_stream://"):
        return _tone_s(target)
    if target.startswith("say:"):
        return spoken_s(target.rsplit(":", 1)[-1])
    if target in planned:
        return planned[target]
    return _wav_s(Path(target))


def spoken_s(text: str) -> float:
    """Seconds a synthesiser would take for the text, roughly."""
    return max(0.3, len(text) / SPEECH_CHARS_PER_S)


def _tone_s(target: str) -> float | None:
    tones = _TONE.findall(target)
    if not tones:
        return None
    loops = _LOOPS.search(target)
    times = int(loops.group(1)) if loops else 1
    once_s = sum(int(on) + int(off) for on, off in tones) / 1000
    return 86_400.0 if times < 0 else once_s * times


def _wav_s(path: Path) -> float | None:
    try:
        with wave.open(str(path), "rb") as sound:
            frames, rate = sound.getnframes(), sound.getframerate()
    except (OSError, EOFError, wave.Error):
        return None
    return frames / rate if frames and rate else None
