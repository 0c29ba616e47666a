"""Telephone numbers as people write them → E.164, the country, the kind. The truth is `phonenumbers`.

Its general parser costs some 44 µs a number, most of it for texts far stranger than a column of a list.
Here its own metadata is asked directly for the usual forms (digits with punctuation); a test holds both
to the same answers. Everything else goes to the parser itself.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberType
from phonenumbers.phonemetadata import PhoneNumberDesc
from phonenumbers.phonenumberutil import COUNTRY_CODE_TO_REGION_CODE, is_number_type_geographical

_PUNCTUATION: Final = str.maketrans("", "", " \t().-\u00a0\u2007\u202f\u2010\u2011\u2012\u2013")
_NON_GEOGRAPHIC: Final = "001"
_MOST_DIGITS: Final = 17
_KINDS: Final = {PhoneNumberType.MOBILE: "mobile", PhoneNumberType.FIXED_LINE: "landline"}
_SPOILED: Final = re.compile(r"\d[.,]?\d*[eE]\+?\d+")

_Match = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Number:
    """A valid number. `region`: ISO country. `kind`: mobile, landline, unknown. `place`: the leading digits
    that tell where it is: all of a landline's, but only the country code of most mobiles."""

    e164: str
    region: str
    kind: str
    place: str


class BadNumber(ValueError):
    """The text is no number that can be dialed; the message says why, `fix` what to write."""

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(problem)
        self.fix = fix


def read_number(text: str, region: str) -> Number:
    """`text` as a person wrote it; `region` (ISO code) is meant where no country code is written.

    Raises BadNumber.
    """
    digits = text.strip().strip("'").translate(_PUNCTUATION)
    bare = digits.removeprefix("+")
    if not (bare.isascii() and bare.isdigit()):
        raise _explained(text, region)
    found = _quick(bare, region, international=len(bare) < len(digits))
    if found is None:
        raise _explained(text, region)
    code, national, plan, kind = found
    if kind == PhoneNumberType.PREMIUM_RATE:
        raise BadNumber("a premium-rate number", "Remove it: calls to it are charged to us.")
    digits = f"{code}{national}"
    place = digits if is_number_type_geographical(kind, code) else str(code)
    return Number(f"+{digits}", plan.region, _KINDS.get(kind, "unknown"), place)


class _Plan:
    """The numbering plan of a region, its patterns compiled."""

    def __init__(self, region: str) -> None:
        data = PhoneMetadata.metadata_for_region(region, None)
        assert data is not None, region
        assert data.general_desc is not None, region
        self.region = region
        self.code: int = data.country_code or 0
        general = data.general_desc
        self.general = _matcher(general)
        self.lengths = frozenset(general.possible_length)
        self.local_lengths = frozenset(general.possible_length_local_only)
        self.leads = re.compile(data.leading_digits).match if data.leading_digits else None
        self.abroad = re.compile(data.international_prefix or "NonMatch").match
        prefix = data.national_prefix_for_parsing
        self.prefix = re.compile(prefix).match if prefix else None
        self.transforms = bool(data.national_prefix_transform_rule)
        self.one_pattern = data.same_mobile_and_fixed_line_pattern
        self.fixed, self.mobile = _tester(data.fixed_line), _tester(data.mobile)
        self.special = [
            (kind, _tester(desc))
            for kind, desc in (
                (PhoneNumberType.PREMIUM_RATE, data.premium_rate),
                (PhoneNumberType.TOLL_FREE, data.toll_free),
                (PhoneNumberType.SHARED_COST, data.shared_cost),
                (PhoneNumberType.VOIP, data.voip),
                (PhoneNumberType.PERSONAL_NUMBER, data.personal_number),
                (PhoneNumberType.PAGER, data.pager),
                (PhoneNumberType.UAN, data.uan),
                (PhoneNumberType.VOICEMAIL, data.voicemail),
            )
            if desc is not None and desc.national_number_pattern
        ]

    def without_prefix(self, national: str) -> str:
        """Without the digit that is dialed before a national number, unless it belongs to the number."""
        match = self.prefix(national) if self.prefix else None
        if match is None:
            return national
        rest = national[match.end() :]
        return national if self.general(national) and not self.general(rest) else rest

    def may_be(self, national: str) -> bool:
        """Long enough, and not only dialable within a town. (Too long is found out later.)"""
        length = len(national)
        return length not in self.local_lengths and (length in self.lengths or length > max(self.lengths))

    def kind(self, national: str) -> int:
        """PhoneNumberType; UNKNOWN when the plan has no such number."""
        if len(national) not in self.lengths or not self.general(national):
            return PhoneNumberType.UNKNOWN
        for kind, is_one in self.special:
            if is_one(national):
                return kind
        if self.fixed(national):
            both = self.one_pattern or self.mobile(national)
            return PhoneNumberType.FIXED_LINE_OR_MOBILE if both else PhoneNumberType.FIXED_LINE
        is_mobile = not self.one_pattern and self.mobile(national)
        return PhoneNumberType.MOBILE if is_mobile else PhoneNumberType.UNKNOWN


def _matcher(desc: PhoneNumberDesc | None) -> _Match:
    if desc is None or not desc.national_number_pattern:
        return lambda national: None
    return re.compile(desc.national_number_pattern).fullmatch


def _tester(desc: PhoneNumberDesc | None) -> Callable[[str], bool]:
    matches, lengths = _matcher(desc), frozenset(desc.possible_length if desc else ())
    return lambda national: (not lengths or len(national) in lengths) and matches(national) is not None


@cache
def _plan(region: str) -> _Plan:
    return _Plan(region)


@cache
def _plans_of(code: int) -> tuple[_Plan, ...]:
    """The plans that share a country code, the main one first."""
    return tuple(_plan(region) for region in COUNTRY_CODE_TO_REGION_CODE[code] if region != _NON_GEOGRAPHIC)


def _quick(digits: str, region: str, international: bool) -> tuple[int, str, _Plan, int] | None:
    """Country code, national number, plan and kind; None where it is not a valid number."""
    home = _plan(region)
    if international:
        code, national = _split_code(digits)
        if not code:
            return _by_parser(f"+{digits}", region)
    elif home.transforms or home.abroad(digits):
        return _by_parser(digits, region)
    else:
        code, national = _home_number(home, digits)
    plans = _plans_of(code)
    if not plans:
        return None
    main = home if not international and national == digits else plans[0]
    if main.transforms and main.prefix and main.prefix(national):
        return _by_parser(f"+{digits}" if international else digits, region)
    shorter = main.without_prefix(national)
    if main.may_be(shorter):
        national = shorter
    if national.startswith("0") or len(national) > _MOST_DIGITS:
        return _by_parser(f"+{digits}" if international else digits, region)
    return _in_plans(code, national, plans)


def _split_code(digits: str) -> tuple[int, str]:
    for length in (1, 2, 3):
        code = int(digits[:length] or 0)
        if code in COUNTRY_CODE_TO_REGION_CODE and not digits.startswith("0"):
            return code, digits[length:]
    return 0, digits


def _home_number(home: _Plan, digits: str) -> tuple[int, str]:
    """A number without plus: with the country's own code before it, or national."""
    code = str(home.code)
    if digits.startswith(code):
        rest = home.without_prefix(digits[len(code) :])
        too_long = len(digits) > max(home.lengths) and len(digits) not in home.local_lengths
        if too_long or (not home.general(digits) and home.general(rest)):
            return home.code, rest
    return home.code, digits


def _in_plans(code: int, national: str, plans: tuple[_Plan, ...]) -> tuple[int, str, _Plan, int] | None:
    if len(plans) == 1:
        kind = plans[0].kind(national)
        return (code, national, plans[0], kind) if kind != PhoneNumberType.UNKNOWN else None
    for plan in plans:
        if plan.leads:
            if not plan.leads(national):
                continue
            kind = plan.kind(national)
            return (code, national, plan, kind) if kind != PhoneNumberType.UNKNOWN else None
        kind = plan.kind(national)
        if kind != PhoneNumberType.UNKNOWN:
            return code, national, plan, kind
    return None


def _by_parser(text: str, region: str) -> tuple[int, str, _Plan, int] | None:
    """The same answer from the general parser."""
    try:
        parsed = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    found = phonenumbers.region_code_for_number(parsed)
    kind = phonenumbers.number_type(parsed)
    if found is None or found == _NON_GEOGRAPHIC or kind == PhoneNumberType.UNKNOWN:
        return None
    return parsed.country_code or 0, phonenumbers.national_significant_number(parsed), _plan(found), kind


def _explained(text: str, region: str) -> BadNumber:
    """Why the text is no number, in words that help to mend it."""
    if _SPOILED.search(text):
        return BadNumber("spoiled by a spreadsheet", "Format the column as text and export again.")
    if any(char.isalpha() for char in text):
        return BadNumber("letters in a telephone number", "Write one number, digits only: +79161234567.")
    if re.search(r"[,;/&|]", text):
        return BadNumber("several numbers in one field", "Give each a column of its own: phone, phone2.")
    digits = re.sub(r"\D", "", text)
    fix = f"Write it in full with country code, such as {_example(region)}."
    if len(digits) < 7:
        return BadNumber("too short for a telephone number", fix)
    if len(digits) > 15:
        return BadNumber("too long for a telephone number", fix)
    return BadNumber("no such number in the numbering plan", fix)


@cache
def _example(region: str) -> str:
    example = phonenumbers.example_number_for_type(region, PhoneNumberType.MOBILE)
    written: str = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164) if example else ""
    return written or "+48512345678"
