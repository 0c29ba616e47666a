"""The judge is judged: a run in which all is well, and for each law one in which it is broken."""

import ast
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.chaos import checker
from tests.chaos.campaign import crashes_in
from tests.chaos.checker import Contact, Evidence, Terms, calls_of, violations

TERMS = Terms(
    channels=2,
    calls_per_s=2.0,
    attempts_most=2,
    agents=2,
    robots=frozenset({"robot"}),
    answer_limit_s={},
)
ANNA, BORIS = Contact("talks:c1", "anna", "+481", "talks"), Contact("talks:c2", "boris", "+482", "talks")
Lines = list[dict[str, Any]]


def test_an_exception_in_a_log_is_found_but_not_of_an_event_that_was_spoilt(tmp_path: Path) -> None:
    log = tmp_path / "engine.log"
    spoilt = '{"message": "unreadable event", "exception": "Traceback … KeyError"}'
    log.write_text(spoilt + '\n{"message": "order failed", "exception": "Traceback … KeyError"}\n')
    assert [line.count("order failed") for line in crashes_in(log)] == [1]


def invite(uuid: str, at_s: float, number: str, fate: str = "answer") -> dict[str, Any]:
    return {
        "what": "invite",
        "at_s": at_s,
        "uuid": uuid,
        "number": number,
        "gateway": "trunk",
        "fate": fate,
    }


def seen(what: str, uuid: str, at_s: float, **more: Any) -> dict[str, Any]:
    return {"what": what, "at_s": at_s, "uuid": uuid, **more}


def end(uuid: str, at_s: float, cause: str = "NORMAL_CLEARING", sip: int = 200) -> dict[str, Any]:
    return seen("end", uuid, at_s, cause=cause, sip=sip)


def talk(uuid: str, number: str, at_s: float, agent: str = "leg-a1") -> Lines:
    """Rings for a second, is joined at once, talks for ten."""
    return [
        invite(uuid, at_s, number),
        seen("answer", uuid, at_s + 1),
        seen("bridge", uuid, at_s + 1.1, **{"with": agent}),
        seen("parted", uuid, at_s + 11, **{"with": agent}),
        end(uuid, at_s + 11),
    ]


def paper(uuid: str, number: str, disposition: str = "talked") -> dict[str, Any]:
    return {"attempt_id": uuid, "number": number, "contact_id": "", "disposition": disposition}


def well() -> Evidence:
    """Two people are called and talked to; everything is done."""
    return Evidence(
        contacts=[ANNA, BORIS],
        book=[{"what": "up", "at_s": 0.0}, *talk("u1", ANNA.number, 10), *talk("u2", BORIS.number, 30)],
        intents=[paper("u1", ANNA.number), paper("u2", BORIS.number)],
        cdrs=[paper("u1", ANNA.number), paper("u2", BORIS.number)],
        terms=TERMS,
        agents={"a1": "ready", "a2": "ready"},
        queues={"talks": {"due": 0, "later": 0, "claimed": 0, "done": 2}},
        senders={"u1": ("engine-1", 10.0), "u2": ("engine-1", 30.0)},
        owners=[(0.0, "engine-1")],
    )


def called(it: Evidence, lines: Lines, *papers: dict[str, Any]) -> Evidence:
    """With more calls, their papers in order."""
    return replace(it, book=it.book + lines, intents=[*it.intents, *papers], cdrs=[*it.cdrs, *papers])


def test_a_run_in_which_all_is_well_has_no_violations() -> None:
    assert violations(well()) == {}


def test_the_same_attempt_dialed_again_is_found() -> None:
    it = well()
    it.book += talk("u1", ANNA.number, 60)
    assert "attempt u1 was dialed 2 times" in violations(it)["no_double_dial"]


def test_a_contact_dialed_again_after_an_end_that_nobody_knows_is_found() -> None:
    it = called(well(), talk("u3", ANNA.number, 60), paper("u3", ANNA.number))
    it.cdrs[0]["disposition"] = "unknown"
    assert violations(it)["no_double_dial"] == [f"{ANNA.number} was dialed again after unknown (u1, u3)"]


def test_a_contact_dialed_again_after_a_busy_tone_is_as_it_should_be() -> None:
    it = well()
    it.book = [*talk("u2", BORIS.number, 30)]
    it.book += [invite("u1", 60, ANNA.number, "busy"), end("u1", 60.1, "USER_BUSY", 486)]
    it.cdrs[0] = paper("u1", ANNA.number, "busy")
    assert violations(called(it, talk("u3", ANNA.number, 80), paper("u3", ANNA.number))) == {}


def test_a_second_call_while_the_first_lives_is_found() -> None:
    it = called(well(), [invite("u3", 12, ANNA.number, "busy"), end("u3", 13, "USER_BUSY", 486)])
    it.book.sort(key=lambda line: line["at_s"])
    assert any("while call u1 lived" in found for found in violations(it)["no_double_dial"])


def test_two_telephones_of_one_person_ringing_together_are_found() -> None:
    it = well()
    it.contacts[1] = replace(BORIS, person="anna")
    it.book = sorted(
        talk("u1", ANNA.number, 10) + talk("u2", BORIS.number, 12, "leg-a2"), key=lambda x: x["at_s"]
    )
    assert "nobody_is_called_twice_at_once" in violations(it)


def test_a_person_called_more_often_than_the_limit_is_found_but_what_the_trunk_refused_does_not_count() -> (
    None
):
    it = well()
    it.contacts = [ANNA, replace(BORIS, person="anna"), Contact("talks:c3", "anna", "+483", "talks")]
    it.queues["talks"]["done"] = 3
    refused = [invite("u3", 60, "+483", "congestion"), end("u3", 60.1, "NORMAL_TEMPORARY_FAILURE", 503)]
    fine = called(it, refused, paper("u3", "+483", "congestion"))
    assert violations(fine) == {}
    assert "limits_hold" in violations(called(it, talk("u3", "+483", 60), paper("u3", "+483")))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda it: it.intents.pop(0), "has no stored intent"),
        (lambda it: it.cdrs.pop(0), "call u1 to +481 has no outcome"),
        (lambda it: it.cdrs.append(it.cdrs[0]), "attempt u1 was settled 2 times"),
        (lambda it: it.intents[0].update(number="+489"), "its intent says +489"),
        (lambda it: it.intents.append(paper("u9", "+489")), "intent u9 has no outcome"),
    ],
)
def test_a_call_without_its_papers_is_found(spoil: Callable[[Evidence], object], said: str) -> None:
    it = well()
    spoil(it)
    assert any(said in found for found in violations(it)["every_call_has_its_papers"])


@pytest.mark.parametrize(
    ("said", "lines"),
    [
        ("busy", talk("u1", ANNA.number, 10)),
        ("dead_number", talk("u1", ANNA.number, 10)),
        ("failed", talk("u1", ANNA.number, 10)),
        ("talked", [invite("u1", 10, ANNA.number, "busy"), end("u1", 10.1, "USER_BUSY", 486)]),
        ("talked", [invite("u1", 10, ANNA.number), seen("answer", "u1", 11), end("u1", 12)]),
        ("dead_number", [invite("u1", 10, ANNA.number, "busy"), end("u1", 10.1, "USER_BUSY", 486)]),
        ("talked", []),
    ],
)
def test_an_outcome_that_the_switch_did_not_see_is_found(said: str, lines: Lines) -> None:
    it = well()
    it.book = lines + talk("u2", BORIS.number, 30)
    it.cdrs[0]["disposition"] = said
    assert any("u1" in found for found in violations(it)["outcomes_are_true"])


def test_an_end_that_nobody_knows_is_no_lie() -> None:
    it = well()
    it.cdrs[0]["disposition"] = "unknown"
    assert violations(it) == {}


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda it: it.queues["talks"].update(done=1), "has 1 contacts, 2 were given"),
        (lambda it: it.queues["talks"].update(done=1, claimed=1), "1 claimed"),
        (lambda it: it.open_attempts.append("u7"), "attempt u7 is open"),
        (lambda it: it.claimed.append("talks:c1"), "talks:c1 is claimed"),
        (lambda it: it.contacts.__setitem__(1, replace(BORIS, number="+489")), "never called, e.g. talks:c2"),
    ],
)
def test_somebody_who_is_lost_is_found(spoil: Callable[[Evidence], object], said: str) -> None:
    it = well()
    spoil(it)
    assert any(said in found for found in violations(it)["nobody_is_lost"])


def test_an_agent_who_is_not_ready_at_the_end_is_found() -> None:
    it = well()
    it.agents["a2"] = "reserved"
    assert violations(it) == {"nobody_is_stuck": ["agent a2 is stuck: reserved"]}


def test_a_leg_that_lives_on_and_one_that_rings_too_long_are_found() -> None:
    it = well()
    it.legs.append("u8")
    it.book[1]["at_s"] = 1.0
    found = violations(it)["nobody_is_stuck"]
    assert found == ["leg u8 lives on, and nobody knows of it", "call u1 rang for 10.0 s"]


def test_the_time_in_which_the_switch_stood_still_is_nobodys_ringing() -> None:
    it = well()
    it.book[1]["at_s"] = 1.0
    it.blind.append((2.0, 9.0))
    assert violations(it) == {}


def test_an_agent_given_to_two_people_at_once_is_found() -> None:
    it = well()
    it.book = sorted(talk("u1", ANNA.number, 10) + talk("u2", BORIS.number, 12), key=lambda x: x["at_s"])
    assert violations(it) == {"one_agent_one_call": ["agent leg leg-a1 was given to u2 while u1 talked"]}


def test_silence_after_an_answer_is_found_and_a_notice_in_time_is_enough() -> None:
    it = well()
    it.cdrs[0]["disposition"] = "abandoned"
    lines = [invite("u1", 10, ANNA.number), seen("answer", "u1", 11)]
    quiet, told = [*lines, end("u1", 20)], [*lines, seen("hears", "u1", 12.8, sound="n.wav"), end("u1", 20)]
    it.book = quiet + talk("u2", BORIS.number, 30)
    assert violations(it) == {"who_answers_is_served": ["the person of u1 heard nothing for 9.0 s"]}
    it.book = told + talk("u2", BORIS.number, 30)
    assert violations(it) == {}


def test_a_trunk_that_carries_more_than_its_contract_is_found() -> None:
    it = well()
    it.terms = replace(TERMS, channels=1)
    it.book = sorted(
        talk("u1", ANNA.number, 10) + talk("u2", BORIS.number, 12, "leg-a2"), key=lambda x: x["at_s"]
    )
    assert "trunk trunk carried 2 calls at once" in violations(it)["trunks_keep_their_contract"][0]


def test_a_burst_above_the_contract_is_found() -> None:
    it = well()
    it.terms = replace(TERMS, channels=9)
    more = [
        line
        for n in range(3)
        for line in (invite(f"b{n}", 60 + n / 10, f"+49{n}", "busy"), end(f"b{n}", 61, "USER_BUSY", 486))
    ]
    more.sort(key=lambda line: line["at_s"])
    it = called(it, more, *(paper(f"b{n}", f"+49{n}", "busy") for n in range(3)))
    assert "hard_stop" in violations(it)
    assert "trunks_keep_their_contract" not in violations(it), "three in a second are the blur of the clocks"
    it = called(
        it, [invite("b9", 60.3, "+499", "busy"), end("b9", 61, "USER_BUSY", 486)], paper("b9", "+499", "busy")
    )
    assert "trunk trunk got 4 calls in a second" in violations(it)["trunks_keep_their_contract"][0]


def test_more_calls_ringing_than_there_are_agents_are_found_but_a_robot_needs_none() -> None:
    it = well()
    it.terms = replace(TERMS, agents=0, channels=9)
    assert "hard_stop" in violations(it)
    it.contacts = [replace(one, campaign="robot") for one in it.contacts]
    it.queues = {"robot": it.queues["talks"]}
    assert violations(it) == {}


def test_an_engine_that_dials_for_a_team_it_has_lost_is_found() -> None:
    it = well()
    it.owners.append((20.0, "engine-2"))
    assert violations(it) == {
        "the_owner_dials": ["engine-1 dialed u2 10.0 s after engine-2 had taken the team over"]
    }


def test_what_the_runner_met_is_told() -> None:
    it = well()
    it.troubles.append("no engine fit to dial within 60 s")
    assert violations(it) == {"nothing_fell_over": ["no engine fit to dial within 60 s"]}


def test_the_death_of_the_switch_ends_its_calls() -> None:
    lines = [invite("u1", 10, "+481"), seen("answer", "u1", 11), {"what": "up", "at_s": 15.0}]
    (call,) = calls_of(lines)
    assert (call.ended_at_s, call.cause) == (15.0, "CRASH")


def test_every_law_of_the_checker_has_a_run_here_that_breaks_it() -> None:
    told = Path(__file__).read_text()
    assert [law.__name__ for law in checker.LAWS if f'"{law.__name__}"' not in told] == []


def test_the_checker_shares_no_code_with_the_engine() -> None:
    tree = ast.parse(Path(checker.__file__).read_text())
    roots = {
        alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    roots |= {str(node.module).split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert roots <= {"bisect", "collections", "dataclasses", "itertools", "typing"}


def test_an_owner_who_dials_before_the_sampler_has_looked_is_no_thief() -> None:
    """The next look at the store, a moment later, shows them as the owner."""
    evidence = replace(
        well(), senders={"u2": ("engine-2", 20.0)}, owners=[(0.0, "engine-1"), (20.05, "engine-2")]
    )
    assert "the_owner_dials" not in violations(evidence)
    late = replace(evidence, owners=[(0.0, "engine-1"), (20.5, "engine-2")])
    assert "the_owner_dials" in violations(late)
