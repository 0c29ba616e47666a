"""docs/calls.md tells what the tables do, arrow by arrow."""

from tests.calls.tables import PAGE, filled


def test_the_page_on_the_two_lives_is_drawn_from_the_tables() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == filled(page), "Draw it anew: .venv/bin/python -m tests.calls.tables"
