"""Which column means what: by its name in English, Russian or Polish, or as the user says."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.contacts.rejects import EXTRA

_NAMES: dict[str, str] = {
    "phone": "phone phonenumber telephone tel mobile mobilephone cell msisdn number "
    "телефон тел номертелефона номер мобильный мобильныйтелефон сотовый "
    "telefon numertelefonu nrtelefonu numer komorka komórka telefonkomórkowy",
    "name": "name fullname fio фио имя фамилияимяотчество клиент должник имяклиента "
    "imię imie imięinazwisko imieinazwisko nazwisko klient dłużnik dluznik",
    "person_id": "person personid customerid clientid debtorid idклиента клиентид кодклиента "
    "osoba idosoby idklienta klientid",
    "contact_id": "contact contactid caseid id ид идентификатор номердоговора договор "
    "idkontaktu sprawa idsprawy",
    "zone": "zone timezone tz часовойпояс таймзона strefa strefaczasowa",
    "language": "language lang язык język jezyk",
    "priority": "priority приоритет priorytet",
    "amount": "amount sum debt сумма суммадолга долг задолженность kwota dług dlug zadłużenie zadluzenie",
    "due_date": "duedate срокплатежа датаплатежа termin terminpłatności terminplatnosci",
}
_MEANING = {name: meaning for meaning, names in _NAMES.items() for name in names.split()}
_OWN = frozenset({"name", "person_id", "contact_id", "zone", "language", "priority"})
IGNORE = "-"


@dataclass(slots=True)
class Columns:
    """Places of the columns, from 0. `phones` in the order they are tried; `fields` by the name they keep."""

    phones: list[tuple[int, str]] = field(default_factory=list)
    own: dict[str, int] = field(default_factory=dict)
    fields: list[tuple[int, str]] = field(default_factory=list)


def map_columns(header: Sequence[str], mapping: Mapping[str, str] | None = None) -> Columns:
    """`mapping`: column name → phone, phone2 …, name, person_id, contact_id, zone, language, priority, `-` to
    leave it out, or any other word: the name of a field. It is stronger than the names known here."""
    found, phones = Columns(), list[tuple[int, int, str]]()
    said = {key.strip().casefold(): target.strip() for key, target in (mapping or {}).items()}
    for place, title in enumerate(header):
        title = title.strip()
        meaning, order = _meaning(said.get(title.casefold(), title), title)
        if meaning == IGNORE or not title or title in EXTRA:
            continue
        if meaning == "phone":
            phones.append((order, place, title))
        elif meaning in _OWN and meaning not in found.own:
            found.own[meaning] = place
        else:
            found.fields.append((place, meaning))
    found.phones = [(place, title) for _, place, title in sorted(phones)]
    return found


def _meaning(word: str, title: str) -> tuple[str, int]:
    """What a title stands for, and the number behind it: "Телефон 2" → phone, 2."""
    if word == IGNORE:
        return IGNORE, 0
    plain = re.sub(r"[\s_.№#:-]+", "", word.casefold())
    known = _MEANING.get(plain)
    if known:
        return known, 1
    stem = plain.rstrip("0123456789")
    if _MEANING.get(stem) == "phone":
        return "phone", int(plain[len(stem) :][:4])
    return word or title, 0
