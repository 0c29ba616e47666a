"""A contact's fields become values before the call, or are refused by name."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from engine.domain.contact import Contact
from engine.domain.errors import ConfigError
from engine.ivr.variables import Variable, read_fields
from tests.ivr.talks import HEAD, script

DECLARED = {
    "name": Variable(example="Ann"),
    "amount": Variable(type="money", example="1"),
    "parts": Variable(type="number", example="3", default="1"),
    "due": Variable(type="date", example="2026-12-01"),
}


def test_fields_are_read_as_people_write_them():
    fields = {"name": "  Ann\n Lee ", "amount": "12 500,5", "due": "1.12.2026".rjust(10, "0"), "other": "x"}
    assert read_fields(DECLARED, fields, "contact 17") == {
        "name": "Ann Lee",
        "amount": Decimal("12500.50"),
        "parts": 1,
        "due": date(2026, 12, 1),
    }


def test_every_field_that_does_not_fit_is_named_and_its_value_is_not():
    fields = {"name": "", "amount": "a lot", "parts": "two", "due": "2026-02-30"}
    with pytest.raises(ConfigError) as caught:
        read_fields(DECLARED, fields, "contact 17")
    assert [problem.key for problem in caught.value.problems] == ["name", "amount", "parts", "due"]
    assert "contact 17" in str(caught.value)
    assert "a lot" not in str(caught.value)


@pytest.mark.parametrize("amount", ["-1", "1.005", "NaN", "1e400", "9999999999999", "x" * 300])
def test_an_amount_nobody_can_owe_is_refused(amount: str):
    with pytest.raises(ConfigError):
        read_fields({"amount": DECLARED["amount"]}, {"amount": amount}, "contact 17")


def test_a_contact_brings_its_name_and_fields_and_the_installation_the_rest():
    nodes = "  first: {say: 'Hello {{ name }}, this is {{ company }}', next: yes}\n"
    head = HEAD.replace("vars:", "vars:\n  company: {example: Acme}")
    told = script(nodes, head)
    contact = Contact("17", "c", "p", (), name="Ann", fields={"amount": "5", "company": ""})
    values = told.values_of(contact, {"company": "Northern Credit"})
    assert (values["name"], values["amount"], values["company"]) == ("Ann", Decimal(5), "Northern Credit")
    own = replace(contact, fields={"company": "Southern Credit"})
    assert told.values_of(own, {"company": "Northern Credit"})["company"] == "Southern Credit"
