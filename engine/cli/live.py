"""The live view of an engine in a terminal, and its plain twin for logs and pipes.

What is shown is the plain data of `Control.status()`; nothing here knows how to dial.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TextIO

from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from engine import greenlets
from engine.cli.tables import cell, local_time, seconds, table

Status = Mapping[str, Any]
Event = Mapping[str, Any]

REFRESH_S = 0.5
PLAIN_EVERY_S = 5.0
EVENTS_SHOWN = 8
AGENTS_SHOWN = 24
NARROW = 78
"""Columns of a terminal below which the page leaves out what can be done without."""
SERVED = ("talked", "robot_done", "robot_partial")
LIVE_ANSWERS = (*SERVED, "abandoned", "hung_up")
STATE_STYLE = {
    "running": "green", "ready": "green", "talking": "bold cyan", "reserved": "cyan", "preview": "cyan",
    "wrap_up": "yellow", "paused": "yellow", "calling": "yellow", "stopped": "red", "offline": "dim",
}  # fmt: skip
SAID = {"campaign", "switch", "team", "gateway_rests", "agent_phone_down", "adopted"}


class Source(Protocol):
    """The part of `Control` that is shown; a `RemoteEngine` has it as well."""

    def status(self) -> dict[str, Any]: ...
    def events(self, after: int = 0) -> Iterator[dict[str, Any]]: ...


def run_view(control: Source, until: Callable[[], bool], stdout: TextIO) -> None:
    """Show the engine until `until()`. A terminal gets a live page, anything else plain lines: one every few
    seconds and one at each change of state. What came of it is for `summary_text` to tell afterwards."""
    events: deque[Event] = deque(maxlen=200)
    follower = greenlets.start("live view", _follow, control, events)
    try:
        if stdout.isatty():
            _live(control, until, stdout, events)
        else:
            _lines(control, until, stdout, events)
    finally:
        greenlets.kill(follower)
    if not stdout.isatty():
        _say(stdout, progress_line(control.status()))


def _follow(control: Source, events: deque[Event]) -> None:
    for event in control.events():
        if event.get("kind") not in (None, "beat"):
            events.append(event)


def _live(control: Source, until: Callable[[], bool], stdout: TextIO, events: deque[Event]) -> None:
    console = Console(file=stdout)
    with Live(console=console, auto_refresh=False, screen=True) as page:
        while not until():
            shown = [event for event in list(events) if not _is_told(event)][-EVENTS_SHOWN:]
            page.update(render(control.status(), shown, console.width < NARROW), refresh=True)
            greenlets.sleep(REFRESH_S)


def _is_told(event: Event) -> bool:
    """Pacing and cards are on the page as a state; that a call has ended is told by `end`, with more."""
    return event["kind"] in ("pacing", "card") or (event["kind"] == "call" and event.get("state") == "ended")


def _lines(control: Source, until: Callable[[], bool], stdout: TextIO, events: deque[Event]) -> None:
    said_at_s = float("-inf")
    while not until():
        while events:
            event = events.popleft()
            if event["kind"] in SAID:
                _say(stdout, event_text(event))
        if time.monotonic() - said_at_s >= PLAIN_EVERY_S:
            said_at_s = time.monotonic()
            _say(stdout, progress_line(control.status()))
        greenlets.sleep(REFRESH_S)


def _say(stdout: TextIO, text: str) -> None:
    stdout.write(text + "\n")
    stdout.flush()


# --- a status as something to look at ------------------------------------------------------------


def render(status: Status, events: Sequence[Event] = (), narrow: bool = False) -> RenderableType:
    """The page, what matters most on top, because a low window shows no more: header with what is down,
    totals, campaigns, agents, last events."""
    campaigns = [_campaign(one) for one in _campaigns(status)]
    agents: Sequence[Mapping[str, Any]] = status.get("agents", ())
    parts: list[RenderableType] = [
        _header(status),
        Text(_totals(status), style="bold"),
        _grid(CAMPAIGN_COLUMNS, campaigns, LEFT_OUT if narrow else ()),
        *map(Text, _details(status)),
    ]
    if agents:
        parts.append(_grid(AGENT_COLUMNS, map(_agent, agents[:AGENTS_SHOWN]), LEFT_OUT if narrow else ()))
    if len(agents) > AGENTS_SHOWN:
        parts.append(Text(f" and {len(agents) - AGENTS_SHOWN} more: prozvon agent list"))
    if events:
        lines = (Text(event_text(event), style="dim", no_wrap=True, overflow="ellipsis") for event in events)
        parts += lines
    return Group(*parts)


def plain(status: Status) -> str:
    """The same for a command that answers once: what a script would not read, and a person can."""
    parts = [
        f"{_header(status).plain}\n{_totals(status)}",
        table(CAMPAIGN_COLUMNS, map(_campaign, _campaigns(status)), "no campaigns"),
        "\n".join(_details(status)),
        table(AGENT_COLUMNS, map(_agent, status.get("agents", ())), "no agents"),
    ]
    return "\n\n".join(part for part in parts if part)


def progress_line(status: Status) -> str:
    """All that moves, on one line."""
    campaigns = "; ".join(
        f"{one.get('campaign_id')} {one.get('state')}: {_due(one)} due, "
        f"{_queue(one, 'later')} later, {_queue(one, 'done')} done, "
        f"{sum((one.get('calls') or {}).values())} calls"
        for one in _campaigns(status)
    )
    return f"[{_clock(status)}] {campaigns or 'no campaigns'} | {_totals(status)}"


def event_text(event: Event) -> str:
    """One live event as a line: "agent anna: state ready"."""
    kind = str(event.get("kind"))
    hidden = ("id", "at_s", "kind", "card", "attempt", kind)
    fields = ", ".join(f"{key} {cell(value)}" for key, value in event.items() if key not in hidden and value)
    about = f"{kind} {cell(event[kind])}" if event.get(kind) else kind
    return f"[{local_time(float(event.get('at_s') or 0))[11:19]}] {about}: {fields}"


def _clock(status: Status) -> str:
    return local_time(float(status.get("wall_s") or 0))[11:19]


def _header(status: Status) -> Text:
    text = Text("Prozvon ")
    text.append(str(status.get("version", "")), style="bold")
    text.append(f"  up {seconds(status.get('uptime_s', 0))}  {_clock(status)}")
    speed = status.get("speed") or 1.0
    if speed != 1.0:
        text.append(f"  clock x{speed:g}", style="yellow")
    for switch in status.get("switches", ()):
        up = bool(switch.get("up"))
        name = "virtual switch" if switch.get("virtual") else f"switch {switch.get('name')}"
        state = "up" if up else f"DOWN {cell(switch.get('why'))}".rstrip()
        text.append(f"  {name} {state}", style="green" if up else "bold red")
    store = status.get("store") or {}
    text.append(f"  store {'embedded' if store.get('embedded') else 'redis'}", style="green")
    if store.get("late"):
        text.append(f", {store['late']} settlements wait for it", style="bold red")
    return text


CAMPAIGN_COLUMNS = ("campaign", "state", "due/later/done", "calls", "ended", "people", "served", "aband.")
FIGURES = frozenset(CAMPAIGN_COLUMNS[2:])
AGENT_COLUMNS = ("agent", "name", "state", "for", "with")
LEFT_OUT = ("ended", "people", "served", "name")


def _campaigns(status: Status) -> Sequence[Mapping[str, Any]]:
    return status.get("campaigns") or ()


def _campaign(one: Mapping[str, Any]) -> tuple[Any, ...]:
    """`ended`: attempts since the start; `people`: live answers; `served`: by an agent or the robot."""
    results: Mapping[str, int] = one.get("results") or {}
    return (
        one.get("campaign_id"),
        one.get("state"),
        f"{_due(one)}/{_queue(one, 'later')}/{_queue(one, 'done')}",
        sum((one.get("calls") or {}).values()),
        sum(results.values()),
        _count(results, LIVE_ANSWERS),
        _count(results, SERVED),
        _share(results),
    )


def _details(status: Status) -> Iterator[str]:
    """What does not fit a column: the states of a campaign's calls, and why pacing decided as it did."""
    for one in _campaigns(status):
        calls = ", ".join(f"{number} {state}" for state, number in (one.get("calls") or {}).items())
        decision = one.get("decision") or {}
        launch, reason = decision.get("launch") or "none", cell(decision.get("reason"))
        if decision and _due(one) == 0:  # the policy is asked all the same, and would dial if it could
            launch, reason = "none", f"nobody is due{_before(one)}"
        pacing = f"dials {launch}: {reason}" if decision else ""
        told = "; ".join(part for part in (calls, pacing) if part)
        yield f"{one.get('campaign_id')} ({one.get('mode')}) {told}".rstrip()


def _before(one: Mapping[str, Any]) -> str:
    next_s = (one.get("queue") or {}).get("next_due_at_s")
    return f" before {local_time(next_s)[:16]}" if next_s else ""


def _agent(one: Mapping[str, Any]) -> tuple[Any, ...]:
    return (
        one.get("agent_id"),
        one.get("name"),
        one.get("state"),
        seconds(one.get("since_s")),
        one.get("with") or one.get("why"),
    )


def _queue(one: Mapping[str, Any], name: str) -> Any:
    return (one.get("queue") or {}).get(name, "?")


def _due(one: Mapping[str, Any]) -> Any:
    """With those taken from the queue and not dialed yet, so that due, later, done and calls add up to all
    contacts of the campaign."""
    due, claimed = _queue(one, "due"), (one.get("queue") or {}).get("claimed", 0)
    calls = sum((one.get("calls") or {}).values())
    return due + max(0, claimed - calls) if isinstance(due, int) else due


def _count(results: Mapping[str, int], dispositions: Sequence[str]) -> int:
    return sum(results.get(disposition, 0) for disposition in dispositions)


def _share(results: Mapping[str, int]) -> str:
    """Abandoned out of live answers, percent; a dash while nobody answered."""
    answers = _count(results, LIVE_ANSWERS)
    return f"{100 * results.get('abandoned', 0) / answers:.1f} %" if answers else "-"


def _totals(status: Status) -> str:
    campaigns = _campaigns(status)
    everything: dict[str, int] = {}
    for one in campaigns:
        for disposition, number in (one.get("results") or {}).items():
            everything[disposition] = everything.get(disposition, 0) + number
    states: dict[str, int] = {}
    for agent in status.get("agents", ()):
        states[str(agent.get("state"))] = states.get(str(agent.get("state")), 0) + 1
    agents = ", ".join(f"{number} {state}" for state, number in sorted(states.items()))
    return (
        f"{status.get('calls', 0)} live calls"
        + (f" | agents: {agents}" if agents else "")
        + f" | since the start: {sum(everything.values())} attempts ended, "
        f"{_count(everything, LIVE_ANSWERS)} answered by people, {_count(everything, SERVED)} served, "
        f"abandoned {_share(everything)}"
    )


def _grid(columns: Sequence[str], rows: Iterable[tuple[Any, ...]], left_out: Sequence[str] = ()) -> Table:
    grid = Table(
        box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True, header_style="bold", expand=False
    )
    shown = [at for at, column in enumerate(columns) if column not in left_out]
    for at in shown:
        grid.add_column(columns[at], no_wrap=True, justify="right" if columns[at] in FIGURES else "left")
    for row in rows:
        grid.add_row(*(Text(cell(row[at]), style=STATE_STYLE.get(str(row[at]), "")) for at in shown))
    return grid
