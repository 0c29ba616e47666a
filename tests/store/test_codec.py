"""Records come back as they were packed, and nothing else is taken for one."""

from dataclasses import fields
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.attempt import Cdr, Intent
from engine.domain.contact import Contact, Phone, Progress, Touch, TouchPhase
from engine.domain.errors import StoreError
from engine.store import codec

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
seconds = st.floats(0, 4e9) | st.integers(0, 10**9)
phones = st.builds(Phone, text, text, st.tuples(text) | st.just(()))

RECORDS: list[tuple[codec.Record[Any], type]] = [
    (codec.CONTACT, Contact),
    (codec.PROGRESS, Progress),
    (codec.TOUCH, Touch),
    (codec.INTENT, Intent),
    (codec.CDR, Cdr),
]
ORDER = {
    Contact: "contact_id campaign_id person_id phones name language zones zone_source priority fields",
    Phone: "number kind zones",
    Progress: "attempts tries by_outcome last_outcome last_attempt_at_s guaranteed",
    Touch: "attempt_id at_s phase number connected_s outcome",
    Intent: "attempt_id contact_id person_id campaign_id team mode number caller_id gateway switch made_at_s "
    "person_version agent_id decided",
    Cdr: "attempt_id contact_id person_id campaign_id team mode number caller_id gateway switch disposition "
    "made_at_s originated_at_s created_at_s ringing_at_s answered_at_s bridged_at_s ended_at_s cause q850 "
    "sip_code ended_by amd agent_id wait_s recording outcome script_path digits decided",
}


@pytest.mark.parametrize("kind", ORDER)
def test_fields_of_stored_records_keep_their_order_and_new_ones_go_to_the_end(kind: Any) -> None:
    names = [field.name for field in fields(kind)]
    assert names[: len(ORDER[kind].split())] == ORDER[kind].split()


@given(
    st.builds(
        Contact,
        text,
        text,
        text,
        st.lists(phones, max_size=3).map(tuple),
        zones=st.lists(text, max_size=3).map(tuple),
        priority=st.integers(-(2**31), 2**31),
        fields=st.dictionaries(text, text, max_size=4),
    )
)
def test_a_contact_comes_back_as_it_was(contact: Contact) -> None:
    assert codec.CONTACT.unpack(codec.CONTACT.pack(contact)) == contact


@given(st.builds(Touch, text, seconds, st.sampled_from(TouchPhase), text, seconds, text))
def test_a_touch_comes_back_as_it_was(touch: Touch) -> None:
    history = codec.history_of("p", {b"t:1": codec.TOUCH.pack(touch), b"v": b"7", b"claim": b"c"})
    assert history.touches == (touch,)
    assert type(history.touches[0].phase) is TouchPhase
    assert history.version == 7


@pytest.mark.parametrize(("record", "kind"), RECORDS)
@given(junk=st.binary(max_size=60))
def test_junk_is_a_store_error_and_never_a_record(record: codec.Record[Any], kind: type, junk: bytes) -> None:
    with pytest.raises(StoreError):
        record.unpack(junk)


@pytest.mark.parametrize(("record", "kind"), RECORDS)
def test_another_version_or_another_shape_is_refused(record: codec.Record[Any], kind: type) -> None:
    size = len(fields(kind))
    for row in ([2] + ["x"] * size, [], [1, *[None] * size], [1] + ["x"] * 40, {"a": 1}, "text"):
        with pytest.raises(StoreError, match=f"stored {kind.__name__}"):
            record.unpack(msgpack.packb(row))


def test_a_record_from_before_a_field_was_added_takes_its_default() -> None:
    old = msgpack.packb([1, "a", 5.0, "attempted"])
    assert codec.TOUCH.unpack(old) == Touch("a", 5.0, TouchPhase.ATTEMPTED)


def test_instants_without_an_end_mean_never() -> None:
    assert codec.epoch_ms(None) is None
    assert codec.epoch_ms(float("inf")) is None
    assert codec.epoch_ms(-5.0) == 0
    assert codec.epoch_ms(1.0005) == 1000
    assert (codec.instant(1.0005), codec.instant(float("inf"))) == (1.0, None)
