"""What came of campaigns, as a table whose numbers add up: dispositions by campaign, with sums both ways."""

from collections.abc import Iterator, Mapping
from typing import Any

from engine.cli.tables import cell, seconds, table

UNACCOUNTED = "not accounted for"
FIGURES = {
    "answered": "picked up by anyone",
    "live": "answered by people",
    "talked": "talked with an agent",
    "robot": "talked with the robot",
    "hung_up": "hung up before either",
    "abandoned": "abandoned by us",
    "abandon_rate": "abandoned of people",
    "average_wait_s": "average wait",
    "average_talk_s": "average talk",
    "talk_s": "talks in all",
}
"""Keys of a summary, and what they are called."""


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
    parts = [table(columns, body), *_figures(campaigns)]
    talks = sorted(
        (agent, name, int(told.get("talks") or 0), seconds(told.get("talk_s")))
        for name, one in campaigns.items()
        for agent, told in (one.get("agents") or {}).items()
    )
    if talks:
        parts.append(table(("agent", "campaign", "talks", "talked for"), talks))
    return "\n\n".join(parts)


def _figures(campaigns: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """What the dispositions come to, side by side; a row that says nothing of any campaign is left out."""
    rows = []
    for key, words in FIGURES.items():
        values = [one.get(key) for one in campaigns.values()]
        if any(values) or (key == "abandon_rate" and any(one.get("live") for one in campaigns.values())):
            rows.append((words, *(_shown(key, value) for value in values)))
    if rows:
        yield table(("of these", *campaigns), rows)


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


def _shown(key: str, value: Any) -> str:
    """Fractions as percent, averages in seconds with a tenth, sums of talk as a clock would."""
    if not isinstance(value, (int, float)):
        return ""
    if key == "abandon_rate":
        return f"{100 * value:.1f} %"
    if key == "talk_s":
        return seconds(value)
    return f"{value:.1f} s" if key.endswith("_s") else cell(value)
