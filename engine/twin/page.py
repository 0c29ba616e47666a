"""The what-if page: charts and the numbers behind them, in one HTML file that needs nothing else. Pure."""

from html import escape

from engine.twin.charts import Line, chart, legend
from engine.twin.measures import MEASURES
from engine.twin.whatif import SHOWN, Grid

PERCENT = frozenset({"occupancy", "abandonment", "trunk_use", "cancelled"})
TITLES = {
    "occupancy": ("Occupancy", "% of staffed time"),
    "abandonment": ("Abandonment", "% of live answers"),
    "wait_s": ("Wait for an operator", "seconds from the answer"),
    "talks_per_operator_h": ("Talks per operator and hour", "talks"),
    "channels": ("Trunk use", "channels in use, mean"),
}
STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 sans-serif; max-width: 1180px; margin: 2rem auto; padding: 0 1rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(420px, 1fr)); gap: 1.2rem; }
svg { width: 100%; height: auto; } .legend span { margin-right: 1.2rem; } .legend svg { width: 30px; }
table { border-collapse: collapse; } td, th { padding: .2rem .7rem; text-align: right; }
tr:nth-child(even) { background: #8881; } th { border-bottom: 1px solid #888; } .note { opacity: .8; }
"""


def page(grid: Grid) -> str:
    """The whole file."""
    world = grid.world
    lines = {name: _lines(grid, name) for name in SHOWN}
    drawn = "\n".join(f"<figure>{_chart(name, lines[name])}</figure>" for name in SHOWN)
    runs = grid.outcomes[0][0].runs
    facts = (
        f"World {world.name}: mode {world.campaign.mode}, {world.hours:g} h from "
        f"{world.start:%Y-%m-%d %H:%M}, {runs} run{'s' * (runs > 1)} for each point from seed {world.seed}. "
        f"Mean talk and wrap-up as played: {grid.handle_s:.0f} s. "
        f"Trunk: {world.trunk.channels} channels, {world.trunk.calls_per_s:g} calls/s."
    )
    if not grid.knows_caps:
        facts += f" Mode {world.campaign.mode} knows no cap: the lines of all caps are the same."
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>What if: {escape(world.name)}</title><style>{STYLE}</style></head><body>
<h1>What if: {escape(world.name)}</h1>
<p>{escape(facts)}</p>
{legend(lines["occupancy"])}
<div class="charts">
{drawn}
</div>
<p class="note">Bands and bars: 95 % confidence intervals; every point has the same seeds, so that lines
differ by less chance than their bands tell. Dashed in abandonment: the caps. Dashed in occupancy: that at
which a dialer that knows rates alone would abandon the share of the cap (Poisson answers, everybody leaves at
the limit of {world.campaign.answer_limit_s:g} s). A policy that sees who rings and who is about to be free
can lie above it; a point far from it wants an explanation.</p>
{_table(grid)}
</body></html>
"""


def _chart(name: str, lines: list[Line]) -> str:
    title, unit = TITLES[name]
    return chart(title, "operators", unit, lines, name in PERCENT)


def _lines(grid: Grid, name: str) -> list[Line]:
    found = []
    for row, cap in enumerate(grid.caps):
        points = []
        for column, agents in enumerate(grid.agents):
            figure = grid.figure(name, row, column)
            points.append((float(agents), figure.value, figure.half))
        found.append(Line(f"cap {100 * cap:g} %", tuple(points)))
    if name == "abandonment" and grid.knows_caps:
        for row, cap in enumerate(grid.caps):
            level = tuple((float(n), cap, float("inf")) for n in grid.agents)
            found.append(Line(f"the cap of {100 * cap:g} %", level, dashed=True, like=row))
    if name == "occupancy":
        for row in sorted({0, len(grid.caps) - 1}):
            cap, curve = grid.caps[row], grid.long_run(grid.caps[row])
            points = [(float(n), y, float("inf")) for n, y in zip(grid.agents, curve, strict=False)]
            found.append(Line(f"rates alone at {100 * cap:g} %", tuple(points), dashed=True, like=row))
    return found


def _table(grid: Grid) -> str:
    head = "".join(f"<th>{escape(name.replace('_', ' '))}</th>" for name in ("cap", "operators", *SHOWN))
    rows = []
    for row, cap in enumerate(grid.caps):
        for column, agents in enumerate(grid.agents):
            cells = [f"{100 * cap:g} %", str(agents)]
            for name in SHOWN:
                figure, scale = grid.figure(name, row, column), 100.0 if name in PERCENT else 1.0
                half = "?" if figure.half == float("inf") else f"{figure.half * scale:.2f}"
                cells.append(f"{figure.value * scale:.2f} ± {half}{' %' if name in PERCENT else ''}")
            rows.append(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    told = "; ".join(f"{name.replace('_', ' ')}: {MEASURES[name][0]}" for name in SHOWN)
    body = "\n".join(rows)
    return f'<table><tr>{head}</tr>\n{body}\n</table>\n<p class="note">{escape(told)}.</p>'
