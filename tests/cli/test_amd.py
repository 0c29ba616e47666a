"""`prozvon amd errors` and `allow`: what AMD costs, and the way back."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.cli.conftest import Ran
from tests.web.fake import FakeControl

Prozvon = Callable[..., Ran]


def answering(control: FakeControl, amd: dict[str, Any] | None) -> None:
    control.campaign_status = lambda campaign_id: {"amd": amd}  # type: ignore[attr-defined]


@pytest.mark.parametrize(("off", "code"), [("", 0), ("up to 4.1% of live answers", 1)])
def test_the_errors_of_amd_are_told_and_that_it_is_off_is_an_exit_code(
    prozvon: Prozvon, control: FakeControl, off: str, code: int
):
    answering(control, {"audits": 240, "rate": 0.018, "off": off})
    ran = prozvon("amd", "errors", "autumn", "--json")
    assert (ran.code, json.loads(ran.out)["audits"]) == (code, 240)


def test_a_campaign_that_does_not_screen_says_so(prozvon: Prozvon, control: FakeControl):
    answering(control, None)
    ran = prozvon("amd", "errors", "autumn")
    assert ran.code == 1
    assert "does not screen" in ran.out


def test_amd_is_allowed_again_by_name(prozvon: Prozvon, control: FakeControl):
    assert prozvon("amd", "allow", "autumn").code == 0
    assert ("campaign_allow_amd", ("autumn",)) in control.asked
