"""The fuzzer finds what is planted for it, makes it small, and every target stands its own seeds."""

import pytest

from engine.switch.esl import EslCodec
from tests.fuzz.guided import Coverage, fuzz, smaller
from tests.fuzz.targets import TARGETS, Bytes


def planted(data: bytes) -> None:
    if b"boom" in data:
        raise KeyError("planted")


def test_a_planted_mistake_is_found_and_made_small() -> None:
    it = fuzz(planted, [b"boo is not enough for it"], [b"oom", b"b"], 20.0, seed=1, most_runs=20_000)
    (found,) = it.failures
    assert found == (b"boom", "KeyError: 'planted'")


def test_an_input_is_made_as_small_as_it_goes() -> None:
    assert smaller(planted, b"x" * 200 + b"boom" + b"y" * 300, KeyError) == b"boom"


def test_coverage_is_of_the_engine_alone_and_only_what_is_new_counts() -> None:
    coverage = Coverage()

    def target(data: bytes) -> None:
        EslCodec().receive(data)

    assert coverage.of(target, b"Content-Type: auth/request\n\n")
    assert not coverage.of(target, b"Content-Type: auth/request\n\n")
    assert coverage.of(target, b"Content-Type: api/response\nContent-Length: 3\n\n+OK")
    assert all("/engine/" in name for name, _ in coverage.seen)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_a_hundred_changes_of_its_seeds_do_no_target_harm(target: Bytes) -> None:
    it = fuzz(target.target, target.seeds[:4], target.words, 1.0, seed=7, most_runs=100)
    assert it.failures == []
    assert it.runs > 1
