"""Line charts with bands of confidence, as SVG text. Pure: the same points give the same bytes."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 560, 320
LEFT, RIGHT, TOP, BOTTOM = 62, 16, 34, 46
# told apart by people who do not see colours as most do (Okabe, Ito), and by marker
DASH = ' stroke-dasharray="5 4"'
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")


@dataclass(frozen=True, slots=True)
class Line:
    """`points`: (x, y, half width of the interval; inf: none is drawn). `dashed`: a calculated curve,
    in the colour of the line number `like`."""

    name: str
    points: tuple[tuple[float, float, float], ...]
    dashed: bool = False
    like: int = -1

    def colour(self, own: int) -> str:
        return COLOURS[(own if self.like < 0 else self.like) % len(COLOURS)]


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers between low and high: steps of 1, 2 or 5 times a power of ten."""
    if not high > low:
        return [low]
    raw = (high - low) / most
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * one for one in (1, 2, 5, 10) if power * one >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(n * step, 10) for n in range(first, math.floor(high / step + 1e-9) + 1)]


def chart(title: str, x_name: str, y_name: str, lines: Sequence[Line], percent: bool = False) -> str:
    """One chart. `percent`: y values are fractions and are shown as percent."""
    scale = 100.0 if percent else 1.0
    xs = [x for line in lines for x, _, _ in line.points] or [0.0]
    bounds = [y * scale + side * (half * scale if math.isfinite(half) else 0.0)
              for line in lines for _, y, half in line.points for side in (-1, 1)] or [0.0]  # fmt: skip
    x_low, x_high = min(xs), max(xs)
    y_low, y_high = max(0.0, min(bounds)), max(bounds)
    pad = (y_high - y_low) * 0.08 or max(0.5, y_high * 0.1)
    y_low, y_high = max(0.0, y_low - pad), y_high + pad
    if x_low == x_high:
        x_low, x_high = x_low - 1, x_high + 1

    def px(x: float) -> float:
        return LEFT + (x - x_low) / (x_high - x_low) * (WIDTH - LEFT - RIGHT)

    def py(y: float) -> float:
        return HEIGHT - BOTTOM - (y - y_low) / (y_high - y_low) * (HEIGHT - TOP - BOTTOM)

    out = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}" '
        'xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" font-size="12">',
        f'<text x="{LEFT}" y="18" font-weight="bold" fill="currentColor">{escape(title)}</text>',
    ]
    for y in ticks(y_low, y_high):
        out.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{py(y):.1f}" y2="{py(y):.1f}" stroke="#8884"/>'
            f'<text x="{LEFT - 6}" y="{py(y) + 4:.1f}" text-anchor="end" fill="currentColor">{y:g}</text>'
        )
    for x in sorted(set(xs)) if len(set(xs)) <= 8 else ticks(x_low, x_high):
        out.append(
            f'<text x="{px(x):.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle" '
            f'fill="currentColor">{x:g}</text>'
        )
    out.append(
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - 8}" text-anchor="middle" '
        f'fill="currentColor">{escape(x_name)}</text>'
        f'<text x="14" y="{(TOP + HEIGHT - BOTTOM) / 2:.0f}" text-anchor="middle" fill="currentColor" '
        f'transform="rotate(-90 14 {(TOP + HEIGHT - BOTTOM) / 2:.0f})">{escape(y_name)}</text>'
    )
    for number, line in enumerate(lines):
        points = [(px(x), y * scale, half * scale) for x, y, half in line.points]
        out += _drawn(line, line.colour(number), points, py, y_low)
    return "\n".join([*out, "</svg>"])


def _drawn(
    line: Line,
    colour: str,
    points: list[tuple[float, float, float]],
    py: Callable[[float], float],
    floor: float,
) -> list[str]:
    out = []
    band = [(x, py(max(floor, y - half)), py(y + half)) for x, y, half in points if math.isfinite(half)]
    if band and not line.dashed:
        upper = " ".join(f"{x:.1f},{high:.1f}" for x, _, high in band)
        lower = " ".join(f"{x:.1f},{low:.1f}" for x, low, _ in reversed(band))
        out.append(f'<polygon points="{upper} {lower}" fill="{colour}" opacity="0.15"/>')
        out += [
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{low:.1f}" y2="{high:.1f}" stroke="{colour}"/>'
            for x, low, high in band
        ]
    path = " ".join(f"{x:.1f},{py(y):.1f}" for x, y, _ in points)
    dash = DASH if line.dashed else ' stroke-width="2"'
    out.append(f'<polyline points="{path}" fill="none" stroke="{colour}"{dash}/>')
    if not line.dashed:
        out += [
            f'<circle cx="{x:.1f}" cy="{py(y):.1f}" r="3" fill="{colour}"><title>{escape(line.name)}: '
            f"{y:.4g} ± {half:.2g}</title></circle>"
            for x, y, half in points
        ]
    return out


def legend(lines: Sequence[Line]) -> str:
    """One key for all charts of a page."""
    keys = (
        f'<span><svg width="30" height="10" aria-hidden="true"><line x1="0" x2="30" y1="5" y2="5" '
        f'stroke="{line.colour(n)}" stroke-width="2"'
        f"{DASH if line.dashed else ''}/></svg> {escape(line.name)}</span>"
        for n, line in enumerate(lines)
    )
    return f'<p class="legend">{" ".join(keys)}</p>'
