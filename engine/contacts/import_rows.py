"""A list of debtors → contacts. Good rows go in; each bad one says where it is wrong and how to mend it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b

from phonenumbers import SUPPORTED_REGIONS

from engine.contacts.columns import Columns, map_columns
from engine.contacts.csv_records import Record, Records
from engine.contacts.numbers import BadNumber, Number, read_number
from engine.contacts.zones import ZoneRanges, is_zone, is_zone_of, zones_of_place
from engine.domain.contact import Contact, Phone, RowError
from engine.domain.errors import ConfigError

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")
_ID = re.compile(r"[\w.:/@+-]{1,64}")
_PRIORITY = re.compile(r"[+-]?[0-9]{1,4}")
_ZONE_FIX = "Write an IANA name such as Europe/Moscow, or leave it empty."


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """`region`: ISO country of numbers written without country code. `default_zone`: the campaign's, an
    assumption. `mapping`: column name → meaning (columns.py). `encoding`, `delimiter`: "" are found."""

    campaign_id: str
    region: str
    default_zone: str = ""
    language: str = ""
    mapping: Mapping[str, str] = field(default_factory=dict)
    ranges: ZoneRanges = field(default_factory=ZoneRanges)
    encoding: str = ""
    delimiter: str = ""


class ImportRows:
    """One file, read once, as a stream: iterate for `Contact | RowError` in the order of the rows.

    A RowError with `went_in` is a remark: the contact stands before it, without the value. `header` and
    `delimiter` are known once the first row has come; `rows` counts those read so far.
    """

    def __init__(self, chunks: Iterable[bytes], options: ImportOptions) -> None:
        """ConfigError: the options cannot be meant."""
        if options.region not in SUPPORTED_REGIONS:
            raise ConfigError(f"unknown country {options.region[:10]!r}", "region", "Such as PL or RU.")
        if options.default_zone and not is_zone(options.default_zone):
            raise ConfigError(f"unknown time zone {options.default_zone[:40]!r}", "default_zone", _ZONE_FIX)
        self._records = Records(chunks, options.encoding, options.delimiter)
        self._options = options
        self._seen: dict[int, int] = {}
        self._columns = Columns()
        self.header: list[str] = []
        self.rows = 0

    @property
    def delimiter(self) -> str:
        return self._records.delimiter or ","

    @property
    def encoding(self) -> str:
        return self._records.text.encoding

    def __iter__(self) -> Iterator[Contact | RowError]:
        records = iter(self._records)
        problem = self._read_header(next(records, None))
        if problem:
            yield problem
            return
        for record in records:
            if any(cell and not cell.isspace() for cell in record.cells):
                self.rows += 1
                yield from self._row(record)

    def _read_header(self, record: Record | None) -> RowError | None:
        if record is None:
            return RowError(1, "", "", "the file is empty", "Give a header line and rows below it.")
        if record.problem:
            return RowError(record.line, "", "", record.problem, record.fix, row=tuple(record.cells))
        self.header = [cell.strip() for cell in record.cells]
        titles = {title.casefold() for title in self.header}
        for said in self._options.mapping:
            if said.strip().casefold() not in titles:
                fix = f"The first line has: {', '.join(filter(None, self.header))[:200]}."
                return RowError(record.line, said[:200], "", "mapped, but there is no such column", fix)
        self._columns = map_columns(self.header, self._options.mapping)
        if self._columns.phones:
            return None
        shown = ", ".join(title for title in self.header if title)[:200]
        fix = f"Name a column 'phone' or give a mapping. The first line has: {shown}."
        return RowError(record.line, "", "", "no column with telephone numbers", fix, row=tuple(record.cells))

    def _row(self, record: Record) -> Iterator[Contact | RowError]:
        try:
            contact, remarks = self._contact(record)
        except _Refused as refused:
            yield refused.error
            return
        yield contact
        yield from remarks

    def _contact(self, record: Record) -> tuple[Contact, list[RowError]]:
        cells = record.cells
        if record.problem:
            raise _Refused(record, "", "", record.problem, record.fix)
        if len(cells) > len(self.header):
            fix = f"Put texts that contain {self.delimiter!r} between quotes."
            problem = f"{len(cells)} columns, the header has {len(self.header)}"
            raise _Refused(record, "", cells[len(self.header)], problem, fix)
        cells = [*cells, *[""] * (len(self.header) - len(cells))]
        numbers, remarks = self._numbers(record, cells)
        phones = tuple(Phone(n.e164, n.kind, _zones_of(n, self._options.ranges)) for n in numbers)
        zones, source = self._zones(record, cells, numbers, phones)
        person_id = self._id(record, cells, "person_id") or "p-" + _hash(phones[0].number)
        language, priority = self._language(record, cells), self._priority(record, cells)
        contact = Contact(
            self._contact_id(record, cells, person_id, phones),
            self._options.campaign_id,
            person_id,
            phones,
            self._cell(cells, "name"),
            language,
            zones,
            source,
            priority,
            {name: cells[place].strip() for place, name in self._columns.fields},
        )
        return contact, remarks

    def _cell(self, cells: list[str], name: str) -> str:
        place = self._columns.own.get(name)
        return "" if place is None else cells[place].strip()

    def _title(self, name: str) -> str:
        return self.header[self._columns.own[name]]

    def _numbers(self, record: Record, cells: list[str]) -> tuple[list[Number], list[RowError]]:
        """Every number of the row, each once. A bad one beside a good one is a remark."""
        found: dict[str, Number] = {}
        refused: list[_Refused] = []
        for place, title in self._columns.phones:
            text = cells[place].strip()
            if not text:
                continue
            try:
                number = read_number(text, self._options.region)
            except BadNumber as bad:
                refused.append(_Refused(record, title, text, str(bad), bad.fix))
            else:
                found.setdefault(number.e164, number)
        if found:
            return list(found.values()), [one.as_remark() for one in refused]
        if refused:
            raise refused[0]
        raise _Refused(record, self._columns.phones[0][1], "", "no telephone number", "Give at least one.")

    def _zones(
        self, record: Record, cells: list[str], numbers: list[Number], phones: tuple[Phone, ...]
    ) -> tuple[tuple[str, ...], str]:
        """Candidate zones of the person, from the best source there is, and its name.

        The row's own; ranges of numbers that the user supplied; the area of a number that tells one; the
        campaign's default (an assumption, so only within the country); whatever the country has.
        """
        own = self._cell(cells, "zone")
        if own:
            zones = tuple(own.replace(",", " ").replace("|", " ").split())
            unknown = [zone for zone in zones if not is_zone(zone)]
            if unknown or not zones:
                problem = f"unknown time zone {(unknown or [own])[0][:40]!r}"
                raise _Refused(record, self._title("zone"), own, problem, _ZONE_FIX)
            return zones, "contact"
        options = self._options
        ranged = [zone for phone in phones if (zone := options.ranges.zone_of(phone.number))]
        if ranged:
            return tuple(dict.fromkeys(ranged)), "numbering"
        sure = [
            phone.zones[0]
            for number, phone in zip(numbers, phones, strict=True)
            if len(phone.zones) == 1 and len(number.place) == len(number.e164) - 1
        ]
        if sure:
            return tuple(dict.fromkeys(sure)), "phonenumbers"
        if options.default_zone and is_zone_of(options.default_zone, numbers[0].region):
            return (options.default_zone,), "campaign_default"
        every = tuple(dict.fromkeys(zone for phone in phones for zone in phone.zones))
        return every, "phonenumbers" if every else ""

    def _language(self, record: Record, cells: list[str]) -> str:
        language = self._cell(cells, "language")
        if language and not _LANGUAGE.fullmatch(language):
            fix = "Write a code such as ru, pl or en-GB, or nothing."
            raise _Refused(record, self._title("language"), language, "no code of a language", fix)
        return language.lower() or self._options.language

    def _priority(self, record: Record, cells: list[str]) -> int:
        text = self._cell(cells, "priority")
        if not text:
            return 0
        if not _PRIORITY.fullmatch(text):
            fix = "A whole number from -9999 to 9999, higher first, or nothing."
            raise _Refused(record, self._title("priority"), text, "no priority", fix)
        return int(text)

    def _id(self, record: Record, cells: list[str], name: str) -> str:
        text = self._cell(cells, name)
        if text and not _ID.fullmatch(text):
            fix = "At most 64 letters, digits or . : / @ + - _, without spaces."
            raise _Refused(record, self._title(name), text, "cannot be an identifier", fix)
        return text

    def _contact_id(self, record: Record, cells: list[str], person_id: str, phones: tuple[Phone, ...]) -> str:
        """Stable: the same row imported again is the same contact. Refuses a second one in this file."""
        campaign, given = self._options.campaign_id, self._id(record, cells, "contact_id")
        what = given or "\0".join((person_id, *(phone.number for phone in phones)))
        key = _hash(f"{campaign}\0{what}")
        first = self._seen.setdefault(int(key, 16), record.line)
        if first != record.line:
            column = self._title("contact_id") if given else self._columns.phones[0][1]
            problem = f"the same contact as in line {first}"
            raise _Refused(record, column, given or phones[0].number, problem, "Remove one of them.")
        return f"{campaign}:{given}" if given else f"c-{key}"


class _Refused(Exception):
    def __init__(self, record: Record, column: str, value: str, problem: str, fix: str) -> None:
        super().__init__(problem)
        self.error = RowError(record.line, column, value[:200], problem, fix, tuple(record.cells))

    def as_remark(self) -> RowError:
        told = f"{self.error.problem}; the contact went in without it"
        return replace(self.error, problem=told, went_in=True)


def _zones_of(number: Number, ranges: ZoneRanges) -> tuple[str, ...]:
    zone = ranges.zone_of(number.e164)
    return (zone,) if zone else zones_of_place(number.place, number.region)


def _hash(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
