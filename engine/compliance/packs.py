"""Rule packs: the contact rules of a jurisdiction as named, dated data. Not legal advice.

A pack is a starting point that the user's own lawyer confirms. `to_confirm` says what in it rests on
general knowledge alone. Chosen in a campaign's rules as `pack: {name: ru-230fz}`; further rules may stand
beside it, and the strictest binds because every one must allow.
"""

from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches

from engine.domain.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Pack:
    """`effective_from`: its rules bind from that day on. `source`: where the numbers were read."""

    name: str
    title: str
    effective_from: date
    source: str
    to_confirm: str
    rules: tuple[tuple[str, dict[str, object]], ...]


_PACKS = (
    Pack(
        "ru-230fz",
        "Russia: federal law 230-FZ, calls by people and by robots that hold a dialogue",
        date(2024, 2, 1),
        "FSSP FAQ (r09.fssp.gov.ru/faq/document26974543), 467-FZ of 04.08.2023",
        "The shortest connection that counts as a call is set to 1 s (FSSP guidance of 2021 says 1-2 s); "
        "to be confirmed by the user.",
        (
            ("calling_hours", {"workday": "08:00-22:00", "weekend": "09:00-20:00", "country": "RU"}),
            (
                "attempt_limit",
                {
                    "per_day": 1,
                    "per_week": 2,
                    "per_month": 8,
                    "counts": "connections",
                    "min_connected_s": 1.0,
                },
            ),
        ),
    ),
    Pack(
        "us-reg-f",
        "United States: Regulation F, 12 CFR 1006.6 and 1006.14 (one debt per person)",
        date(2021, 11, 30),
        "12 CFR 1006.14(b)(2) (law.lawstack.com/cfr/12/1006.14), jpainfo.com/fdcpa-regulation-f",
        "The effective date, and that hours must hold both where the number and where the address is, "
        "to be confirmed by the user. Days are counted as 24 hours, which is never looser.",
        (
            (
                "calling_hours",
                {"workday": "08:00-21:00", "weekend": "08:00-21:00", "also_number_zones": True},
            ),
            ("attempt_limit", {"rolling_days": 7, "rolling_most": 7}),
            ("after_event", {"event": "conversation", "hours": 168.0}),
        ),
    ),
    Pack(
        "uk-ofcom",
        "United Kingdom: Ofcom, persistent misuse (abandoned and silent calls)",
        date(2017, 3, 1),
        "docest.com/the-overview-of-the-ofcom-requirements, Ofcom review of persistent misuse powers",
        "That the 72 h and 24 h of the earlier policy are still expected under the policy of 2017, "
        "to be confirmed by the user. It sets no hours of the day: add calling_hours.",
        (
            ("after_event", {"event": "abandoned", "hours": 72.0, "unless_agent_guaranteed": True}),
            ("after_event", {"event": "machine", "hours": 24.0, "unless_agent_guaranteed": True}),
        ),
    ),
    Pack(
        "pl-kpf",
        "Poland: good practice of the industry (KPF)",
        date(2024, 11, 10),
        "skef.pl, plus.nowosci.com.pl (Zasady Dobrych Praktyk); no statute sets a number of calls",
        "The effective date, to be confirmed by the user. Weekends are allowed only when there is no other "
        "chance: add working_days to leave them out. Frequency is not limited here: add attempt_limit.",
        (("calling_hours", {"workday": "06:00-22:00", "weekend": "08:00-20:00", "country": "PL"}),),
    ),
)
PACKS = {pack.name: pack for pack in _PACKS}


def pack_named(name: object, where: str) -> Pack:
    found = PACKS.get(str(name))
    if found is None:
        near = get_close_matches(str(name), PACKS, n=1, cutoff=0.4)
        hint = f"Did you mean '{near[0]}'?" if near else f"There are: {', '.join(PACKS)}."
        raise ConfigError(f"unknown rule pack {name!r}", where, hint)
    return found
