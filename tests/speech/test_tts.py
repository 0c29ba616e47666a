"""Texts become files, once each, with a voice for every language."""

from pathlib import Path

import numpy as np
import pytest

from engine.domain.errors import ConfigError
from engine.domain.prompt import Spoken
from engine.speech import sound, wav
from engine.speech.cache import SpeechCache
from engine.speech.tts import Tts
from engine.speech.worker import answer

HELLO = Spoken("Hello, this is a test.", "en")


@pytest.fixture
def cache(tmp_path: Path) -> SpeechCache:
    return SpeechCache(tmp_path, {"en": "en-us"})


@pytest.mark.parametrize(
    ("language", "text"),
    [("ru", "Добрый день, сто один рубль"), ("pl", "Dzień dobry, źdźbło"), ("en", "Good day to you")],
)
def test_every_language_can_be_heard(cache: SpeechCache, language: str, text: str):
    path = Path(Tts(cache).synth(Spoken(text, language)))
    assert 0.8 < wav.check(path) < 6
    samples = sound.from_pcm16([path.read_bytes()[44:]])
    assert -23 < 20 * np.log10(sound.speech_rms(samples)) < -17


def test_a_text_is_spoken_once_and_found_again(cache: SpeechCache):
    first = Path(Tts(cache).synth(HELLO))
    written = first.stat().st_mtime_ns
    again = Tts(cache)
    assert Path(again.synth(HELLO)) == first == cache.path_of(HELLO)
    assert first.stat().st_mtime_ns == written
    assert again._engine is None, "a warm cache starts no synthesiser"


def test_text_voice_language_and_settings_make_the_name(tmp_path: Path):
    plain = SpeechCache(tmp_path)
    paths = {
        plain.path_of(HELLO),
        plain.path_of(Spoken("Hello, this is a test", "en")),
        plain.path_of(Spoken(HELLO.text, "pl")),
        plain.path_of(Spoken(HELLO.text, "en", "en+f3")),
        SpeechCache(tmp_path, {"en": "en-us"}).path_of(HELLO),
        plain.path_of(Spoken(HELLO.text, "pl", "en+f3")),
        SpeechCache(tmp_path, provider="other").path_of(HELLO),
    }
    assert len(paths) == 7


def test_an_unknown_voice_or_engine_is_said(tmp_path: Path):
    with pytest.raises(ConfigError, match="no voice 'nosuchvoice'"):
        Tts(SpeechCache(tmp_path, {"en": "nosuchvoice"})).synth(HELLO)
    with pytest.raises(ConfigError, match="no speech engine 'polly'"):
        Tts(SpeechCache(tmp_path, provider="polly"))
    assert not list(tmp_path.rglob("*.wav"))


@pytest.mark.parametrize("text", ["", "   ", "\0"])
def test_a_text_without_words_is_refused_rather_than_silent(cache: SpeechCache, text: str):
    with pytest.raises(ConfigError, match="can be heard"):
        Tts(cache).synth(Spoken(text, "en"))


def test_markup_and_phonemes_in_a_field_are_only_text(cache: SpeechCache):
    said = [Tts(cache).synth(Spoken(text, "en")) for text in ("[[hello]] <break time='9s'/> you", "you")]
    assert wav.length_s(Path(said[0])) < 9


def test_one_bad_line_does_not_silence_the_others(cache: SpeechCache):
    tts = Tts(cache)
    for line in ("", "{", "[]", "{}", '{"text": "x"}', '{"text": "x", "language": "nosuchvoice"}', "null"):
        assert "error" in answer(tts, line)
    told = answer(tts, '{"text": "Hello", "language": "en", "voice": ""}')
    assert told["path"] == str(cache.path_of(Spoken("Hello", "en")))
    assert told["ms"] > 0
