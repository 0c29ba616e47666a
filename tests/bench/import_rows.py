"""Rows a second through the CSV importer, one core: `python -m tests.bench.import_rows [ROWS]`."""

import random
import sys
import time
from collections.abc import Iterator

from engine.contacts.import_rows import ImportOptions, ImportRows
from engine.domain.contact import Contact
from tests.bench.figures import tell

LEAST_ROWS_S = 8_000


def a_list(rows: int, country: str) -> bytes:
    """Random numbers, two a row, written with and without punctuation; one row in fifty is bad."""
    dice = random.Random(7)
    lines = ["contact_id;ФИО;телефон;телефон 2;сумма;договор;срок платежа;город"]
    for number in range(rows):
        if country == "RU":
            first = f"8 (9{dice.randrange(16, 20)}) {dice.randrange(10**3):03d}-{dice.randrange(10**4):04d}"
            second = f"+7495{dice.randrange(10**7):07d}"
        else:
            first = f"{dice.randrange(50, 54)}{dice.randrange(10**7):07d}"
            second = f"+4822{dice.randrange(10**7):07d}"
        if number % 50 == 0:
            first, second = "нет", ""
        cells = (
            f"k-{number}",
            f"Иванов Иван {number}",
            first,
            second,
            "1500,50",
            f"Д-{number}",
            "01.12.2026",
            "Омск",
        )
        lines.append(";".join(cells))
    return ("\r\n".join(lines) + "\r\n").encode("cp1251")


def pieces(data: bytes) -> Iterator[bytes]:
    for at in range(0, len(data), 65_536):
        yield data[at : at + 65_536]


def main(rows: int = 100_000) -> int:
    slowest = float("inf")
    for country, zone in (("RU", ""), ("PL", "Europe/Warsaw")):
        data = a_list(rows, country)
        began = time.process_time()
        good = sum(
            isinstance(row, Contact) for row in ImportRows(pieces(data), ImportOptions("c", country, zone))
        )
        spent_s = time.process_time() - began
        slowest = min(slowest, rows / spent_s)
        print(f"{country}: {rows} rows, {good} contacts")
        tell(
            f"rows read, checked and made contacts, one core, {country}",
            rows / spent_s,
            "/s",
            at_least=LEAST_ROWS_S,
        )
    return 0 if slowest >= LEAST_ROWS_S else 1


if __name__ == "__main__":
    raise SystemExit(main(*map(int, sys.argv[1:2])))
