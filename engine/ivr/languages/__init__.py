"""The languages that numbers, amounts and dates can be spoken in: one file and one line each."""

from engine.ivr.languages import en, pl, ru
from engine.ivr.languages.grammar import Language

LANGUAGES: dict[str, Language] = {
    "ru": ru.LANGUAGE,
    "pl": pl.LANGUAGE,
    "en": en.LANGUAGE,
}
