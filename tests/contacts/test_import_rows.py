import csv

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.contacts.csv_records import guess_encoding
from engine.contacts.import_rows import ImportOptions, ImportRows
from engine.contacts.rejects import EXTRA, reject_lines
from engine.contacts.zones import read_zone_ranges
from engine.domain.contact import Contact, RowError
from engine.domain.errors import ConfigError

RU = ImportOptions("spring", "RU", default_zone="Europe/Moscow", language="ru")
PL = ImportOptions("wiosna", "PL", language="pl")


def read(
    data: bytes, options: ImportOptions = RU, size: int = 65_536
) -> tuple[list[Contact], list[RowError]]:
    rows = list(ImportRows((data[at : at + size] for at in range(0, len(data), size)), options))
    return [r for r in rows if isinstance(r, Contact)], [r for r in rows if isinstance(r, RowError)]


def one(text: str, options: ImportOptions = RU) -> Contact:
    contacts, errors = read(text.encode(), options)
    assert not errors, errors
    (contact,) = contacts
    return contact


def wrong(text: str, options: ImportOptions = RU) -> RowError:
    contacts, errors = read(text.encode(), options)
    assert not contacts
    (error,) = errors
    return error


def test_a_russian_list_as_excel_saves_it():
    text = "ФИО;Телефон;Телефон 2;Сумма долга;Город\r\n"
    text += "Иванов Иван;8 (916) 123-45-67;84951234567;1500,50;Тверь\r\n"
    contacts, errors = read(text.encode("cp1251"))
    assert not errors
    (contact,) = contacts
    assert contact.name == "Иванов Иван"
    assert [phone.number for phone in contact.phones] == ["+79161234567", "+74951234567"]
    assert [phone.kind for phone in contact.phones] == ["mobile", "landline"]
    assert contact.fields == {"amount": "1500,50", "Город": "Тверь"}
    assert contact.language == "ru"


def test_a_polish_list_as_excel_saves_it():
    text = "Imię i nazwisko;Nr telefonu;Kwota\r\n"
    text += "Łukasz Żółć;600 100 200;99,00\r\nZofia Bąk;22 123 45 67;1,00\r\n"
    contacts, errors = read(text.encode("cp1250"), PL)
    assert not errors
    assert [contact.name for contact in contacts] == ["Łukasz Żółć", "Zofia Bąk"]
    assert contacts[0].phones[0].number == "+48600100200"
    assert contacts[0].zones == ("Europe/Warsaw",)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("size", [1, 7, 65_536])
def test_encoding_and_delimiter_are_found_however_the_bytes_arrive(encoding: str, delimiter: str, size: int):
    if encoding == "cp1251" and size < 65_536:
        return  # a single letter says nothing of the language; files are read in large pieces
    text = delimiter.join(["имя", "телефон"]) + "\n" + delimiter.join(["Пётр Ёлкин", "+79161234567"]) + "\n"
    contacts, errors = read(text.encode(encoding), size=size)
    assert not errors
    assert contacts[0].name == "Пётр Ёлкин"


def test_letters_that_come_late_in_a_file_still_decide_the_encoding():
    rows = "".join(f"+7916{n:07d},\n" for n in range(3_000))
    data = ("phone,name\n" + rows + "+79171234567,Пётр Ильич\n").encode("cp1251")
    contacts, errors = read(data, size=4_096)
    assert not errors
    assert contacts[-1].name == "Пётр Ильич"


def test_excels_own_hint_of_the_delimiter_is_believed():
    assert one("sep=;\nphone;name\n+79161234567;a,b,c,d\n").name == "a,b,c,d"


def test_the_header_may_be_mapped_by_hand():
    mapping = {"Тел. моб.": "phone2", "Осн": "phone", "X": "-", "Прим": "note"}
    options = ImportOptions("spring", "RU", mapping=mapping)
    contact = one("Тел. моб.,Осн,X,Прим\n+79161234567,+74951234567,secret,hi\n", options)
    assert [phone.number for phone in contact.phones] == ["+74951234567", "+79161234567"]
    assert contact.fields == {"note": "hi"}


def test_the_same_row_is_the_same_contact_and_the_same_number_the_same_person():
    text = "phone,name,contact_id\n+79161234567,A,\n"
    contact = one(text)
    assert contact == one(text)
    other = one(text, ImportOptions("autumn", "RU"))
    assert other.person_id == contact.person_id
    assert other.contact_id != contact.contact_id
    assert one("phone,person_id,id\n+79161234567,p77,case-5\n").person_id == "p77"
    assert one("phone,person_id,id\n+79161234567,p77,case-5\n").contact_id == "spring:case-5"


def test_a_contact_that_comes_twice_in_a_file_goes_in_once():
    contacts, errors = read(b"phone\n+79161234567\n8 916 123-45-67\n")
    assert len(contacts) == 1
    assert errors[0].line == 3
    assert errors[0].problem == "the same contact as in line 2"


def test_the_row_that_was_refused_does_not_stand_in_the_way_of_its_mended_copy():
    contacts, errors = read(b"phone,priority\n+79161234567,high\n+79161234567,5\n")
    assert [contact.priority for contact in contacts] == [5]
    assert [error.problem for error in errors] == ["no priority"]


def test_zones_come_from_the_best_source_there_is():
    own = one("phone,zone\n+79161234567,Asia/Omsk\n")
    assert (own.zones, own.zone_source) == (("Asia/Omsk",), "contact")
    ranges = read_zone_ranges(["+79160000000,+79169999999,Asia/Chita"], "ranges")
    ranged = one("phone\n+79161234567\n", ImportOptions("spring", "RU", "Europe/Moscow", ranges=ranges))
    assert (ranged.zones, ranged.zone_source) == (("Asia/Chita",), "numbering")
    landline = one("phone\n+74232123456\n")  # evidence is better than the campaign's assumption
    assert (landline.zones, landline.zone_source) == (("Asia/Vladivostok",), "phonenumbers")
    assumed = one("phone\n+79161234567\n")
    assert (assumed.zones, assumed.zone_source) == (("Europe/Moscow",), "campaign_default")
    anywhere = one("phone\n+79161234567\n", ImportOptions("spring", "RU"))
    assert len(anywhere.zones) == 11
    abroad = one("phone\n+48600100200\n")  # the assumption of a Russian campaign says nothing of Poland
    assert (abroad.zones, abroad.zone_source) == (("Europe/Warsaw",), "phonenumbers")


@pytest.mark.parametrize(
    ("row", "column", "told"),
    [
        ("123,,,,", "phone", "too short"),
        (",,,,", None, None),
        (",Anna,,,", "phone", "no telephone number"),
        ("+79161234567,,Europe/Moskau,,", "zone", "unknown time zone 'Europe/Moskau'"),
        ("+79161234567,,,русский,", "language", "no code of a language"),
        ("+79161234567,,,,first", "priority", "no priority"),
        ("+79161234567,,,,,,", "", "7 columns, the header has 5"),
        ("+79161234567,a\0b,,,", "", "NUL"),
        ('"+7916123"4567,,,,', "", "not a row of a CSV file"),
        (f"+79161234567,{'x' * 20_000},,,", "", "a field is too long"),
        (f"+79161234567,{'x' * 200_000},,,", "", "a field is too long"),
    ],
)
def test_a_bad_row_says_line_column_problem_and_fix_and_harms_no_other(
    row: str, column: str | None, told: str
):
    text = f"phone,name,zone,language,priority\n+79160000001,,,,\n{row}\n+79160000002,,,,\n"
    contacts, errors = read(text.encode())
    assert [contact.phones[0].number[-1] for contact in contacts] == ["1", "2"]
    if column is None:
        assert not errors  # an empty line is no row
        return
    (error,) = errors
    assert (error.line, error.column) == (3, column)
    assert told in error.problem
    assert error.fix


def test_a_bad_number_beside_a_good_one_is_a_remark():
    contacts, errors = read("phone,phone2\n+79161234567,нет\n".encode())
    assert len(contacts) == 1
    assert errors[0].went_in
    assert errors[0].column == "phone2"


def test_lines_are_counted_through_quoted_line_breaks():
    error = read(b'phone,name\n+79161234567,"a\nb\r\nc"\n12,x\n')[1][0]
    assert error.line == 5


@pytest.mark.parametrize("filler", [3, 500])
def test_a_quote_that_is_never_closed_costs_one_row(filler: int):
    good = "".join(f"+7916{n:07d},x\n" for n in range(filler))
    contacts, errors = read(f'phone,name\n+79170000000,"open\n{good}'.encode())
    assert len(contacts) == filler
    assert [(error.line, error.problem) for error in errors] == [(2, "a quote is opened and never closed")]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "the file is empty"),
        (b"\n\n  \n", "the file is empty"),
        (b"a,b,c\n1,2,3\n", "no column with telephone numbers"),
        (b"PK\x03\x04\x00\x00 an xlsx file", "NUL"),
    ],
)
def test_a_file_that_is_no_list_says_so(data: bytes, told: str):
    contacts, errors = read(data)
    assert not contacts
    assert told in errors[0].problem


def test_old_macintosh_line_ends_are_lines():
    contacts, errors = read(b"phone\r+79161234567\r+79161234568\r")
    assert (len(contacts), errors) == (2, [])


def test_a_line_end_cut_in_two_by_the_reading_is_one_line_end():
    assert read(b"phone\r\n12\r\n", size=6)[1][0].line == 2


def test_an_unknown_encoding_is_refused_by_name():
    with pytest.raises(ConfigError, match="unknown encoding 'cp12500'"):
        ImportRows([], ImportOptions("spring", "RU", encoding="cp12500"))


def test_the_rejects_file_can_be_mended_and_imported_as_it_is():
    rows = ImportRows(['phone;name;сумма\n12;"Иван; Пётр";5\n+79161234567;;\n'.encode()], RU)
    errors = [row for row in rows if isinstance(row, RowError)]
    text = "".join(reject_lines(errors, rows.header, rows.delimiter))
    header, row = csv.reader(text.splitlines(), delimiter=";")
    assert header == ["phone", "name", "сумма", *EXTRA]
    assert row[:5] == ["12", "Иван; Пётр", "5", "2", "phone"]
    mended = one(text.replace("12;", "+79161234568;", 1))
    assert (mended.name, mended.fields) == ("Иван; Пётр", {"amount": "5"})


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400), st.sampled_from([1, 3, 64]))
def test_arbitrary_bytes_never_raise(data: bytes, size: int):
    for prefix in (b"", b"phone,name,zone,priority\n", b"\xff\xfe", "телефон;имя\n".encode("cp1251")):
        read(prefix + data, size=size)


CELLS = st.text(alphabet=st.sampled_from("+7916 0123456789,;\"\n\r\t'аżx\0\ufeff=E.-"), max_size=25)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(CELLS, max_size=5), max_size=6))
def test_every_row_of_almost_a_list_either_goes_in_or_is_told(rows: list[list[str]]):
    text = "phone,name,zone,priority\n" + "".join(",".join(row) + "\n" for row in rows)
    contacts, errors = read(text.encode())
    for error in errors:
        assert error.problem
        assert error.fix
        assert 1 <= error.line <= text.count("\n") + text.count("\r") + 1
    assert len({contact.contact_id for contact in contacts}) == len(contacts)


@pytest.mark.parametrize("text", ["Пётр Ильич Чайковский", "долг № 5", "Тверь", "Куск", "Müller Шмидт"])
def test_russian_bytes_are_not_taken_for_polish(text: str):
    assert guess_encoding(b"phone;" + text.encode("cp1251", "ignore")) == "cp1251"


@pytest.mark.parametrize("text", ["Łukasz Żółć", "Zażółć gęślą jaźń", "Kraków", "Bąk", "Müller Żak Łoś"])
def test_polish_bytes_are_not_taken_for_russian(text: str):
    assert guess_encoding(b"telefon;" + text.encode("cp1250")) == "cp1250"


@pytest.mark.parametrize("encoding", ["idna", "zip", "hex", "unicode_escape", "utf-7", "nope", "cp1251\0"])
def test_what_is_no_encoding_of_files_is_refused_before_a_row_is_read(encoding: str):
    with pytest.raises(ConfigError, match="unknown encoding"):
        read(b"phone\n+79161234567\n", ImportOptions("c", "RU", encoding=encoding))


def test_utf_16_may_be_named_with_and_without_a_byte_order_mark():
    options = ImportOptions("c", "RU", encoding="utf-16")
    for data in ("phone\n+79161234567\n".encode("utf-16"), "phone\n+79161234567\n".encode("utf-16-le")):
        contacts, errors = read(data, options)
        assert len(contacts) == 1
        assert not errors


@pytest.mark.parametrize("delimiter", ["ab", '"', "\n", " "])
def test_what_cannot_part_cells_is_refused(delimiter: str):
    with pytest.raises(ConfigError, match="no delimiter"):
        read(b"phone\n+79161234567\n", ImportOptions("c", "RU", delimiter=delimiter))


def test_unknown_countries_and_zones_are_refused_before_a_row_is_read():
    with pytest.raises(ConfigError, match="unknown country 'XX'"):
        read(b"phone\n1\n", ImportOptions("c", "XX"))
    with pytest.raises(ConfigError, match="unknown time zone 'Mars/Olympus'"):
        read(b"phone\n1\n", ImportOptions("c", "RU", default_zone="Mars/Olympus"))


def test_a_mapped_column_that_is_not_there_stops_the_import():
    error = wrong("phone\n+79161234567\n", ImportOptions("c", "RU", mapping={"tel": "phone"}))
    assert (error.column, error.problem) == ("tel", "mapped, but there is no such column")
    assert "phone" in error.fix
