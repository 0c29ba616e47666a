"""The population file: read strictly, and the same seed gives the same people whatever the order."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.errors import ConfigError
from engine.sim.fates import Population
from engine.sim.population import PlannedNumber, load_population, parse_population
from engine.sim.program import DEMO_POPULATION

MIXED = """
seed: 7
default:
  shares: {answer: 0.4, no_answer: 0.3, busy: 0.2, voicemail: 0.1}
  ring_s: {lognormal: {median: 8, sigma: 0.5}}
groups:
  - {prefix: "+4822", shares: {voicemail: 1}}
  - {prefix: "+48225", shares: {fax: 1}}
"""
numbers = st.from_regex(r"\+48[1-9][0-9]{8}", fullmatch=True)


@given(st.lists(numbers, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_a_fate_depends_on_seed_number_and_attempt_and_not_on_the_order(
    calls: list[str], dice: "st.Random"
) -> None:
    file = parse_population(MIXED)
    one, other = Population(file), Population(file)
    shuffled = list(calls)
    dice.shuffle(shuffled)
    first: dict[str, list[object]] = {}
    second: dict[str, list[object]] = {}
    for number in calls:
        first.setdefault(number, []).append(one.fate(number))
    for number in shuffled:
        second.setdefault(number, []).append(other.fate(number))
    assert first == second


@given(numbers)
def test_another_seed_is_another_world_and_a_plus_makes_no_difference(number: str) -> None:
    file = parse_population(MIXED)
    assert Population(file).fate(number) == Population(file).fate(number.removeprefix("+"))
    other = file.model_copy(update={"seed": 8})
    assert Population(file).fate(number) != Population(other).fate(number)


def test_the_shares_are_met_and_the_longest_prefix_wins() -> None:
    people = Population(parse_population(MIXED))
    kinds = Counter(people.fate(f"+48600{n:06d}").kind for n in range(4000))
    assert abs(kinds["answer"] / 4000 - 0.4) < 0.03
    assert abs(kinds["busy"] / 4000 - 0.2) < 0.03
    assert people.fate("+48221110000").kind == "voicemail"
    assert people.fate("+48225550000").kind == "fax"


def test_a_median_is_where_half_of_the_rings_are() -> None:
    people = Population(parse_population(MIXED))
    rings = sorted(people.fate(f"+48600{n:06d}").ring_s for n in range(2001))
    assert 7.3 < rings[1000] < 8.7


def test_a_number_can_be_planned_while_the_switch_runs() -> None:
    people = Population(parse_population(MIXED))
    people.plan("+48 600 100 200", PlannedNumber(fate="dead"))
    assert people.fate("48600100200").refusal.sip == 404


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("default: {shares: {anwser: 1}}", "p.yaml:1:20"),
        ("seed: 1\nnumbers:\n  '+48': {fate: bussy}\n", "p.yaml:3:11"),
        ("default:\n  ring_s: {uniform: [5, 2]}\n", "low <= high"),
        ("default: {ring_s: {constant: 1, exponential: 2}}", "give one of"),
        ("default: {ring_s: -1}", "p.yaml:1:11"),
        ("gateways: {a: {}, a: {}}", "given twice"),
        ("numbers: {'+48': {ring_s: 2}}", "give fate, fates or sip"),
        ("fautls: {}", "p.yaml:1:1"),
        ("a: [", "not YAML"),
        ("faults: {event_loss: 2}", "less than or equal to 1"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as told:
        parse_population(text, "p.yaml")
    assert message in str(told.value)


def test_a_telephone_number_stays_what_it_is() -> None:
    """Unquoted, with a plus or a leading zero: no YAML 1.1 integer is made of it."""
    file = parse_population("numbers: {+48600100200: {fate: busy}, 0048: {fate: dead}}\ninbound: {to: 0123}")
    assert set(file.numbers) == {"+48600100200", "0048"}
    assert file.inbound.to == "0123"


def test_the_demo_population_can_be_read_and_has_every_kind_of_fate() -> None:
    people = Population(load_population(DEMO_POPULATION))
    kinds = {people.fate(f"+48600{n:06d}").kind for n in range(3000)}
    assert kinds >= {"answer", "voicemail", "no_answer", "busy", "unreachable", "dead", "announcement", "fax"}


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_population(tmp_path / "nosuch.yaml")
