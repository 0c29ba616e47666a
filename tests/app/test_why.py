"""One contact, asked for by whatever the asker knows of it; the answer begins with when it is called next."""

from types import SimpleNamespace
from typing import Any

import pytest

from engine.app.why import why
from engine.cli.why import why_text
from engine.control import NotFound, Refused
from engine.domain.contact import Contact, Phone
from engine.domain.gate import Allowed, Blocked
from engine.store.memory import MemoryStore

CLOCK = SimpleNamespace(wall_s=lambda: 1000.0, now_s=lambda: 1000.0)
ANN = Contact("spring:17", "spring", "p-1", (Phone("+48600000001"),), zones=("Europe/Warsaw",))


def engine(*records: dict[str, Any], answer: Any = None, contacts: tuple[Contact, ...] = (ANN,)) -> Any:
    store = MemoryStore(CLOCK)
    store.add_contacts([(one, 0.0) for one in contacts], "i")
    rules = SimpleNamespace(
        phones=lambda contact, progress: list(contact.phones),
        gate=lambda *_: answer or Allowed(0),
    )
    return SimpleNamespace(
        store=store,
        clock=CLOCK,
        rules=rules,
        shop=SimpleNamespace(campaigns={"spring": object(), "autumn": object()}),
        journal=SimpleNamespace(read=lambda kinds, since_s: [one for one in records if one["kind"] in kinds]),
    )


@pytest.mark.parametrize("asked", ["spring:17", "17", "+48600000001", "+48 600-000-001"])
def test_a_contact_is_known_by_its_id_by_that_of_its_list_and_by_its_number(asked: str) -> None:
    assert why(engine(), asked)["contact_id"] == "spring:17"


def test_one_number_in_two_campaigns_is_answered_with_both_ids() -> None:
    other = Contact("autumn:5", "autumn", "p-1", (Phone("+48600000001"),))
    with pytest.raises(Refused, match=r"several contacts \(autumn:5, spring:17\)"):
        why(engine(contacts=(ANN, other)), "+48600000001")


@pytest.mark.parametrize("asked", ["18", "+48600000002", "+", ""])
def test_nobody_is_not_somebody(asked: str) -> None:
    with pytest.raises(NotFound, match="by its number with plus"):
        why(engine(), asked)


def record(kind: str, **fields: Any) -> dict[str, Any]:
    return {"kind": kind, "contact_id": "spring:17", "at_s": 900.0, **fields}


def verdict(*records: dict[str, Any], answer: Any = None) -> list[str]:
    return why_text(why(engine(*records, answer=answer), "17")).split("\n\n")[0].splitlines()


def test_before_the_first_call_it_is_due_since_the_import() -> None:
    assert verdict()[0] == "Due since the import; no call so far."
    assert verdict()[1].startswith("The gate would let it pass now")


def test_a_contact_that_the_gate_refused_says_when_and_by_what_rule() -> None:
    refused = record("blocked", rule="calling_hours", reason="outside the hours", next_due_at_s=90_000.0)
    due, gate = verdict(refused, answer=Blocked("calling_hours", "outside the hours", 90_000.0))
    assert due.startswith("Due 1970-01-02")
    assert due.endswith(": outside the hours.")
    assert "by calling_hours: outside the hours; it may pass 1970-01-02" in gate


def test_what_is_done_for_good_is_said_to_be() -> None:
    done = record("cdr", disposition="talked", next_due_at_s=None, next_reason="talked")
    assert verdict(done) == ["Not called any more: talked."]


def test_a_callback_promised_after_the_talk_counts_more_than_its_end() -> None:
    done = record("cdr", disposition="talked", next_due_at_s=None, next_reason="talked")
    promised = record("callback", reason="callback promised", next_due_at_s=90_000.0)
    assert verdict(done, promised)[0].endswith(": callback promised.")


def test_the_past_is_told_in_sentences() -> None:
    told = why_text(why(engine(
        record("intent", number="+48*01", caller_id="+4822", gateway="t", decided={"line": "gateway t"}),
        record("cdr", disposition="talked", bridged_at_s=901.0, ended_at_s=922.0, agent_id="anna",
               cause="NORMAL_CLEARING", ended_by="them", recording="/r/1.wav", next_due_at_s=None),
        record("outcome", agent_id="anna", outcome="promise_to_pay", note="on \x1b[2JFriday"),
        record("blocked", rule="attempt_limit", reason="3 today", next_due_at_s=None),
    ), "17"))  # fmt: skip
    assert "dialed +48*01 as +4822 (gateway t)" in told
    assert "talked, 21 s with anna, NORMAL_CLEARING by them, no retry, /r/1.wav" in told
    assert "anna noted promise_to_pay: on" in told
    assert "not dialed, attempt_limit: 3 today; for good" in told
    assert "\x1b" not in told, "nothing a list or an agent wrote can move the cursor"
