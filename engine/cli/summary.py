"""What came of campaigns, as a table whose numbers add up: dispositions by campaign, with sums both ways."""

from collections.abc import Mapping
from typing import Any

from engine.cli.tables import cell, pairs, seconds, table

UNACCOUNTED = "not accounted for"


def summary_text(summary: Mapping[str, Any]) -> str:
    """One summary, or several as {"campaigns": {id: summary}}.

    A row per disposition, the attempts as the last; should a campaign's own count of attempts differ from
    the sum of its dispositions, a row says by how much.
    """
    several = summary.get("campaigns")
    campaigns: Mapping[str, Mapping[str, Any]] = (
        several if isinstance(several, Mapping) else {str(summary.get("campaign_id", "attempts")): summary}
    )
    counts = {name: _accounted(one) for name, one in campaigns.items()}
    rows = sorted({disposition for one in counts.values() for disposition in one})
    rows = [row for row in rows if row != UNACCOUNTED] + [row for row in rows if row == UNACCOUNTED]
    names = list(counts)
    body = [_row(row, [counts[name].get(row, 0) for name in names]) for row in rows]
    body.append(_row("attempts", [sum(counts[name].values()) for name in names]))
    columns = ("disposition", *names, "total") if len(names) != 1 else ("disposition", names[0])
    parts = [table(columns, body)]
    for name, one in campaigns.items():
        rest = {key: _shown(key, value) for key, value in one.items() if _is_figure(key, value)}
        if rest:
            parts.append(f"{name}\n{pairs(rest, '  ')}")
        agents: Mapping[str, Mapping[str, Any]] = one.get("agents") or {}
        talks = [(agent, told.get("talks"), seconds(told.get("talk_s"))) for agent, told in agents.items()]
        if talks:
            parts.append(table(("agent", "talks", "talked for"), talks))
    return "\n\n".join(parts)


def _accounted(summary: Mapping[str, Any]) -> dict[str, int]:
    counts = {str(name): int(number) for name, number in (summary.get("by_disposition") or {}).items()}
    missing = int(summary.get("attempts", sum(counts.values()))) - sum(counts.values())
    if missing:
        counts[UNACCOUNTED] = missing
    return counts


def _row(name: str, numbers: list[int]) -> tuple[Any, ...]:
    return (
        (name.replace("_", " "), *numbers, sum(numbers))
        if len(numbers) != 1
        else (name.replace("_", " "), numbers[0])
    )


def _is_figure(key: str, value: Any) -> bool:
    """What is worth a line: a number that says something and stands nowhere else."""
    return key != "attempts" and type(value) in (int, float) and value != 0


def _shown(key: str, value: float) -> str:
    """Fractions as percent, durations in seconds, the rest as it is."""
    if key.endswith(("rate", "share")):
        return f"{100 * value:.1f} %"
    return f"{value:.1f} s" if key.endswith("_s") else cell(value)
