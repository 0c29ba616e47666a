"""The two tables of engine/calls as a person reads them: diagrams and rows for docs/calls.md.

`python -m tests.calls.tables` writes the page anew; a test holds it to the code.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path
from types import ModuleType

from engine.calls import agent, attempt
from engine.domain import agent as agent_facts
from engine.domain import facts
from engine.domain.commands import Command, HangUp, ReleaseAgent

PAGE = Path(__file__).parents[2] / "docs" / "calls.md"

Arrow = tuple[Enum, type, Enum, tuple[Command, ...]]


def kinds(module: ModuleType, base: type) -> list[type]:
    """Every fact that `module` defines, in the order it does."""
    return [k for k in vars(module).values() if isinstance(k, type) and issubclass(k, base) and k is not base]


ATTEMPT_FACTS = kinds(facts, facts.Fact)
AGENT_FACTS = kinds(agent_facts, agent_facts.AgentFact)
ATTEMPT: list[Arrow] = [(s, fact, after, asks) for (s, fact), (after, asks) in attempt.TABLE.items()]
AGENT: list[Arrow] = [(s, fact, after, ()) for (s, fact), after in agent.TABLE.items()]


def _title(state: Enum) -> str:
    return state.name


def _words(command: Command) -> str:
    cause = f" ({command.cause})" if isinstance(command, HangUp) else ""
    return f"{type(command).__name__}{cause}"


def _diagram(arrows: Iterable[Arrow], start: Enum, end: Enum | None) -> Iterator[str]:
    """Arrows from state to state; several facts on the same way share one."""
    ways: dict[tuple[str, str], list[str]] = defaultdict(list)
    for state, fact, after, _ in arrows:
        if state is not after:
            ways[_title(state), _title(after)].append(fact.__name__)
    yield "```mermaid"
    yield "stateDiagram-v2"
    yield f"    [*] --> {_title(start)}"
    for (state, after), by in ways.items():
        yield f"    {state} --> {after}: {', '.join(by)}"
    if end is not None:
        yield f"    {_title(end)} --> [*]"
    yield "```"


def _rows(arrows: Iterable[Arrow], states: Iterable[Enum]) -> Iterator[str]:
    """One row per state and way out of it or command asked for, in the order of life."""
    by_state: dict[Enum, list[Arrow]] = defaultdict(list)
    for arrow in arrows:
        if arrow[2] is not arrow[0] or arrow[3]:
            by_state[arrow[0]].append(arrow)
    for state in states:
        for _, fact, after, asks in by_state[state]:
            stays = "stays" if after is state else _title(after)
            yield f"| {_title(state)} | {fact.__name__} | {stays} | {', '.join(map(_words, asks))} |".replace(
                "|  |", "| |"
            )


def everywhere(arrow: Arrow) -> bool:
    """Arrows that are told once in words, because they stand in every state."""
    _, fact, _, asks = arrow
    stray = fact is facts.AgentReserved and asks == (ReleaseAgent(),)
    return stray or fact in (facts.LegEnded, facts.AnswerOverdue)


def attempt_part() -> str:
    arrows = [arrow for arrow in ATTEMPT if not everywhere(arrow)]
    return "\n".join(
        [
            *_diagram((a for a in arrows if a[1] is not facts.EndWanted), attempt.S.DIALING, attempt.S.ENDED),
            "",
            "In every state but ENDED, and therefore not drawn:",
            "- LegEnded leads to ENDED and asks for ReleaseAgent, Settle;",
            "- AnswerOverdue stays and asks for AskSwitch: an end that the switch owes us is late;",
            "- AgentReserved, where nobody waits for an agent any more (in ENDED too), stays and asks for "
            "ReleaseAgent;",
            "- EndWanted leads to CLOSING (in the rows below, not in the picture).",
            "",
            "| state | fact | next | asks for |",
            "| --- | --- | --- | --- |",
            *_rows(arrows, attempt.S),
        ]
    )


def agent_part() -> str:
    ends = (agent_facts.PhoneDown, agent_facts.LogoutWanted)
    return "\n".join(
        [
            *_diagram((a for a in AGENT if a[1] not in ends), agent.S.OFFLINE, None),
            "",
            "Not drawn: PhoneDown leads from every state to OFFLINE; so does LogoutWanted, but from RESERVED "
            "and TALKING only when the call is over.",
            "",
            "| state | fact | next | |",
            "| --- | --- | --- | --- |",
            *_rows(AGENT, agent.S),
        ]
    )


PARTS = {"attempt": attempt_part, "agent": agent_part}


def filled(page: str) -> str:
    """The page with everything between `<!-- NAME -->` and `<!-- /NAME -->` drawn from the tables."""
    for name, draw in PARTS.items():
        block = re.compile(f"(<!-- {name} -->\n).*(\n<!-- /{name} -->)", re.DOTALL)
        assert block.search(page), f"docs/calls.md has lost its marks <!-- {name} --> … <!-- /{name} -->."
        drawn = draw()
        page = block.sub(lambda found, drawn=drawn: found[1] + drawn + found[2], page)
    return page


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
