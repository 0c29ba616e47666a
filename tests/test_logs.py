"""The log: masked, one line each, and never in the way."""

import json
import logging
import os
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.logs import (
    JsonFormatter,
    PatientHandler,
    PlainFormatter,
    masked,
    masked_name,
    start,
    without_numbers,
)


def record(message: str, *args: object, **fields: object) -> logging.LogRecord:
    made = logging.LogRecord("engine.switch.link", logging.WARNING, "f.py", 1, message, args, None)
    made.__dict__.update(fields)
    return made


def as_json(message: str, *args: object, **fields: object) -> dict[str, object]:
    return json.loads(JsonFormatter().format(record(message, *args, **fields)))


@pytest.mark.parametrize(
    ("number", "left"),
    [
        ("+14155550123", "+1415*****23"),
        ("48600100200", "4860*****00"),
        ("1001", "****"),
        ("+4812345", "+*****45"),
        ("", ""),
    ],
)
def test_enough_of_a_number_is_left_to_find_the_call_and_not_to_dial_it(number, left):
    assert masked(number) == left


@given(st.from_regex(r"\+?[0-9]{0,15}", fullmatch=True))
def test_masking_keeps_the_length_and_at_most_six_digits(number):
    assert len(masked(number)) == len(number)
    assert len(re.sub(r"\D", "", masked(number))) <= 6


@given(
    st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True),
    st.sampled_from(["{}", "sip:{}@10.0.0.1", "to {}, busy", "x/{}"]),
)
def test_no_number_in_e164_survives_in_a_text(number, around):
    assert number[1:] not in without_numbers(around.format(number))


@pytest.mark.parametrize(
    "text",
    [
        "0d2a7f3e-1c5b-4e7a-9f00-123456789012",
        "took 1234.5678901234 s",
        "1763769600.123",
        "port 8021",
        "x1234567890123",
    ],
)
def test_what_is_no_number_is_left_alone(text):
    assert without_numbers(text) == text


def test_a_name_keeps_its_initials():
    assert masked_name("Anna Maria Nowak") == "A*** M*** N***"


def test_a_line_of_json_has_the_constant_message_and_the_values_as_fields():
    line = as_json("leg ended", attempt="0d2a7f3e", cause="USER_BUSY", ring_s=3.5, ok=True, gateway=None)
    assert line | {"at": ""} == {
        "at": "",
        "level": "warning",
        "room": "switch.link",
        "message": "leg ended",
        "attempt": "0d2a7f3e",
        "cause": "USER_BUSY",
        "ring_s": 3.5,
        "ok": True,
        "gateway": None,
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", str(line["at"]))


def test_people_stay_private_whatever_the_caller_wrote():
    line = as_json(
        "calling %s",
        "+48600100200",
        number="+48600100201",
        to=48600100202,
        contact_name="Anna Nowak",
        leg={"caller_id": "+48220000101", "note": "rang +48600100203 twice"},
        tried=["+48600100204"],
        error=ValueError("bad number +48600100205"),
    )
    text = json.dumps(line)
    assert "Nowak" not in text
    assert re.findall(r"\d{7,}", text.replace(str(line["at"]), "")) == []
    assert "+4860*****00" in line["message"]


def test_a_traceback_is_part_of_the_line_and_masked():
    try:
        raise ValueError("+48600100200 is taken")
    except ValueError:
        info = sys.exc_info()
    made = record("handler failed")
    made.exc_info = info
    assert "ValueError: +4860*****00 is taken" in json.loads(JsonFormatter().format(made))["exception"]
    assert PlainFormatter().format(made).endswith("ValueError: +4860*****00 is taken")


def test_a_field_cannot_forge_the_lines_own_keys():
    assert as_json("m", level="debug")["level"] == "warning"


def test_a_plain_line_is_for_people_and_one_line_whatever_the_fields_hold():
    line = PlainFormatter().format(record("event lost", lost=3, switch="fs 1", text="a\nb", empty=""))
    assert (
        re.sub(r"^\S+ ", "", line)
        == 'warning  switch.link: event lost  lost=3 switch="fs 1" text="a\\nb" empty=""'
    )


def test_a_reader_that_stops_reading_stops_nobody_and_what_was_lost_is_counted():
    reading, writing = os.pipe()
    handler = PatientHandler(writing, most=100)
    handler.setFormatter(PlainFormatter())
    emitted = 0
    while emitted < 5_000 or not handler.lost:  # about 10 times what a pipe holds
        handler.emit(record("x" * 100))
        emitted += 1
    lines = []
    with os.fdopen(reading, "rb") as reader:
        while handler._lines.qsize() >= 100:
            lines.append(reader.readline())
        handler.emit(record("room again"))
        while b"room again" not in (line := reader.readline()):
            lines.append(line)
        handler.close()
    lost = sum(int(found[1]) for line in lines if (found := re.search(rb"lost=(\d+)", line)))
    assert lost + sum(b"xxx" in line for line in lines) == emitted
    os.close(writing)


UNDER_GEVENT = """
from gevent import monkey; monkey.patch_all()
import gevent, logging, sys, time
from engine import logs
logs.start(form="json", queue=100)
log = logging.getLogger("engine.test")
def ticks():
    for _ in range(20):
        gevent.sleep(0.005)
    return "hub alive"
ticker = gevent.spawn(ticks)
for _ in range(5000):
    log.info("y" * 100)
    if _ % 100 == 0:
        gevent.sleep(0)
print(ticker.get(timeout=10), flush=True)
sys.stdin.readline()
"""


def test_under_gevent_a_full_pipe_behind_standard_error_does_not_stop_the_hub():
    child = subprocess.Popen(
        [sys.executable, "-c", UNDER_GEVENT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"hub alive\n"  # nobody has read standard error yet
    _, errors = child.communicate(b"\n", timeout=30)
    assert child.returncode == 0
    assert all(json.loads(line) for line in errors.splitlines())


def test_what_was_logged_before_the_end_is_in_the_file(tmp_path):
    root = logging.getLogger()
    level = root.level
    handler = start("info", "auto", tmp_path / "engine.log")
    try:
        logging.getLogger("engine.x").info("first")
        logging.getLogger("engine.x").debug("not written")
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        handler.close()
    lines = (tmp_path / "engine.log").read_text().splitlines()
    assert [json.loads(line)["message"] for line in lines] == ["first"]
