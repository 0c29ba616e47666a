"""Scenarios and prompts of this installation: checked and made before any call needs them."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.app.paths import Places
from engine.config import Config, text_of
from engine.domain.campaign import BUILT_IN, Campaign
from engine.domain.contact import Contact
from engine.domain.prompt import PromptRef, Spoken
from engine.ivr import reading
from engine.ivr.script import Script
from engine.speech.cache import SpeechCache
from engine.speech.client import SpeechWorker
from engine.speech.prompts import Prompts

LANGUAGES = ("ru", "pl", "en")


class Prompter:
    """`scripts`: by the name campaigns use (the file as written in the configuration)."""

    def __init__(self, config: Config, places: Places) -> None:
        self._config, self._places = config, places
        folder, voices = config.at(config.tts.cache_dir).resolve(), config.tts.voices
        command = [sys.executable, "-m", "engine", "worker", "tts", "--cache", str(folder)]
        command += [part for language, voice in voices.items() for part in ("--voice", f"{language}={voice}")]
        self._worker = SpeechWorker(command)
        cache = SpeechCache(folder, {str(language): voice for language, voice in voices.items()})
        self._prompts = Prompts(cache, places.prompts, self._worker.render)
        self._built_in: dict[tuple[str, str], Path] = {}
        self.scripts: dict[str, Script] = {}

    def become(self, other: "Prompter") -> None:
        """Take over what a new configuration brought; calls in progress keep what they began with."""
        self._worker.stop()
        self._config, self._worker = other._config, other._worker
        self._prompts, self._built_in = other._prompts, other._built_in
        self.scripts.update(other.scripts)

    def stop(self) -> None:
        self._worker.stop()

    # --- before the calls --------------------------------------------------------------------------

    def make_built_in(self) -> None:
        """The engine's own prompts in every language; ConfigError when one cannot be made."""
        company = self._config.prompts.company
        self._built_in = self._prompts.make_built_in(company, LANGUAGES, self._places.prompts)

    def ready(self, campaign: Campaign) -> Campaign:
        """The campaign with its prompts as paths of the switch, its scenario loaded and checked.

        ConfigError: a campaign that lacks its notice or its scenario does not start.
        """
        if campaign.script:
            self.scripts[campaign.script] = self._read(campaign.script)
        clock = campaign.abandonment
        notice = self._file(clock.notice or BUILT_IN, "abandon_notice", campaign)
        return replace(
            campaign,
            abandonment=replace(clock, notice=notice),
            machine_message=self._file(campaign.machine_message, "", campaign),
            amd=replace(campaign.amd, ask=self._file(campaign.amd.ask, "", campaign)),
            record_warning=self._file(campaign.record_warning, "record_warning", campaign),
            sorry=self._file(campaign.sorry, "sorry", campaign),
        )

    def _file(self, wanted: str, own: str, campaign: Campaign) -> str:
        """A prompt of the configuration, or the engine's own, as the switch sees it; "" stays ""."""
        if not wanted:
            return ""
        language = campaign.language if campaign.language in LANGUAGES else "en"
        path = self._built_in[own, language] if wanted == BUILT_IN else self._config.at(wanted)
        return self._places.on_switch(path.resolve())

    def _read(self, name: str) -> Script:
        return reading.read(text_of(self._config.at(name), "scenario"), name)

    def prepare(self, campaign: Campaign, contact: Contact) -> str:
        """Have everything rendered that will be said in this call; ConfigError: it cannot be. Returns what
        is whispered to the agent, "" for nothing."""
        script = self.scripts.get(campaign.script)
        if script is not None:
            values = self.values(script, campaign, contact)
            language = script.language_for(contact.language or campaign.language)
            self._prompts.make(script.prompts(values, language, contact.contact_id))
        if not (campaign.whisper and contact.name and campaign.language in LANGUAGES):
            return ""
        name = Spoken(contact.name, campaign.language)
        self._prompts.make([name])
        return self.file_of(name)

    def values(self, script: Script, campaign: Campaign, contact: Contact) -> dict[str, Any]:
        """What the scenario may say of this contact: their columns, their name, and who we are. ConfigError:
        something it needs is missing or malformed."""
        own = self._config.caller_ids[campaign.caller_ids[0]].numbers[0] if campaign.caller_ids else ""
        return script.values_of(contact, {"company": self._config.prompts.company, "phone": own})

    # --- during a call -----------------------------------------------------------------------------

    def file_of(self, ref: PromptRef) -> str:
        return self._places.on_switch(self._prompts.path_of(ref))

    def length_s(self, refs: Sequence[PromptRef]) -> float:
        return self._prompts.length_of(refs)
