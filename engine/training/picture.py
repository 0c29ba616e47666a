"""A recording as the detector heard it, drawn: level, speech, tones, probability over time, verdict."""

from dataclasses import dataclass, field
from html import escape

from engine.amd.audio import FRAME_BYTES, FRAME_S
from engine.amd.classifier import Detector
from engine.amd.heard import Beep, Heard

WIDTH, LEFT, RIGHT = 960, 60, 20
_LEVEL_TOP, _LEVEL_HIGH = 50, 150
_ODDS_TOP, _ODDS_HIGH = 240, 150
_HEIGHT = 440
_FLOOR_DBFS = -80.0
_STYLE = (
    "text{font:12px sans-serif;fill:#333}.axis{stroke:#bbb}.level{fill:none;stroke:#888}"
    ".odds{fill:none;stroke:#b00;stroke-width:2}.speech{fill:#9c6;opacity:.35}.tone{fill:#69f;opacity:.4}"
    ".mark{stroke:#000;stroke-dasharray:4 3}"
)


@dataclass(slots=True)
class Trace:
    """Frame by frame. `machine`: the probability, -1 where there was none yet."""

    level_dbfs: list[float] = field(default_factory=list)
    machine: list[float] = field(default_factory=list)
    speech: list[tuple[int, int]] = field(default_factory=list)
    tone: list[bool] = field(default_factory=list)
    heard: list[tuple[float, Heard]] = field(default_factory=list)


def trace(pcm: bytes, detector: Detector) -> Trace:
    """All of a recording through a detector."""
    found = Trace()
    for at in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES):
        told = detector.listen(pcm[at : at + FRAME_BYTES])
        found.level_dbfs.append(detector.level_dbfs)
        found.machine.append(detector.machine if detector.verdict is None or told else -1.0)
        found.tone.append(detector.in_tone)
        found.heard += [((at + FRAME_BYTES) / 16_000, one) for one in told]
    found.speech = detector.speech
    return found


def draw(seen: Trace, title: str) -> str:
    """As SVG."""
    frames = max(1, len(seen.level_dbfs))
    span = WIDTH - LEFT - RIGHT

    def x(frame: float) -> float:
        return round(LEFT + span * frame / frames, 1)

    def level(dbfs: float) -> float:
        share = (max(_FLOOR_DBFS, dbfs) - _FLOOR_DBFS) / -_FLOOR_DBFS
        return round(_LEVEL_TOP + _LEVEL_HIGH * (1 - share), 1)

    def odds(probability: float) -> float:
        return round(_ODDS_TOP + _ODDS_HIGH * (1 - probability), 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {_HEIGHT}" width="{WIDTH}">',
        f"<style>{_STYLE}</style>",
        f'<rect width="{WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="20">{escape(title)}</text>',
        f'<text x="{LEFT}" y="40">level, dBFS; green: speech, blue: tone</text>',
        f'<text x="{LEFT}" y="{_ODDS_TOP - 8}">probability of a machine</text>',
    ]
    for begin, end in seen.speech:
        parts.append(_box("speech", x(begin), x(end), _LEVEL_TOP, _LEVEL_HIGH))
    for frame, sounds in enumerate(seen.tone):
        if sounds:
            parts.append(_box("tone", x(frame), x(frame + 1), _LEVEL_TOP, _LEVEL_HIGH))
    points = " ".join(f"{x(frame)},{level(value)}" for frame, value in enumerate(seen.level_dbfs))
    parts.append(f'<polyline class="level" points="{points}"/>')
    known = [(frame, value) for frame, value in enumerate(seen.machine) if value >= 0.0]
    points = " ".join(f"{x(frame)},{odds(value)}" for frame, value in known)
    parts.append(f'<polyline class="odds" points="{points}"/>')
    for dbfs in (0, -20, -40, -60, -80):
        parts.append(f'<text x="8" y="{level(dbfs) + 4}">{dbfs}</text>')
    for share in (0.0, 0.5, 1.0):
        y = odds(share)
        parts.append(f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text x="8" y="{y + 4}">{share:.0%}</text>')
    for second in range(int(frames * FRAME_S) + 1):
        parts.append(f'<text x="{x(second / FRAME_S)}" y="{_HEIGHT - 12}">{second} s</text>')
    for number, (at_s, one) in enumerate(seen.heard):
        at, y = x(at_s / FRAME_S), _ODDS_TOP + 14 + 14 * (number % 9)
        parts.append(f'<line class="mark" x1="{at}" x2="{at}" y1="{_LEVEL_TOP}" y2="{_HEIGHT - 40}"/>')
        anchor = "end" if at > WIDTH / 2 else "start"
        parts.append(f'<text x="{at}" y="{y}" text-anchor="{anchor}">{escape(words(one))}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def words(one: Heard) -> str:
    """What was heard, for people."""
    if isinstance(one, Beep):
        when = "beep is over" if one.ended_ms >= 0 else f"beep of {one.hz:.0f} Hz"
        return f"{when} ({one.ended_ms if one.ended_ms >= 0 else one.began_ms} ms)"
    after = f", no longer {one.revises}" if one.revises else ""
    return f"{one.what}: {one.why}{after}"


def _box(kind: str, left: float, right: float, top: float, high: float) -> str:
    return f'<rect class="{kind}" x="{left}" y="{top}" width="{round(right - left, 1)}" height="{high}"/>'
