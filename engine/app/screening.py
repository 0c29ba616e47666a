"""Screening: copies of the calls' sound to the media processes, and what they heard back as facts.

Nothing here may cost a person their call. No media process, no fork, no sound, no verdict: then the dialer's
own ScreeningOverdue makes them a person, and a counter says why.

```text
early ──answered──┐
                  ▼
 start ────► undecided ──person──► watched (machine after all?) ──► closed
                  └────machine──► until its beep is over ─────────► closed
```
"""

import logging
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

from engine.app import kept_files
from engine.app.copies import ByFile, ByFork, Copy, Way, nothing
from engine.app.media_process import START_S, MediaProcess
from engine.config import Config
from engine.dialer.amd_book import sampled
from engine.dialer.life import CallLife
from engine.dialer.shop import Shop
from engine.domain import facts as f
from engine.domain.announcement import ends_the_call
from engine.domain.errors import SwitchError

log = logging.getLogger("prozvon.screening")

UNIX_PATH_MAX = 100
FORK_RING_S = 6.0  # a fork that was ordered has come up, or never will
EARLY_MOST_S = 180.0  # no network lets ring longer
BEEP_MOST_S = 1.5  # few are longer


class MediaScreener:
    """See `engine.dialer.screening.Screener`. `open` before the first call, `close` after the last."""

    def __init__(
        self,
        config: Config,
        shop: Shop,
        on_fact: Callable[[f.Fact], None],
        logs: Path,
        data: Path | None = None,
    ) -> None:
        self._shop, self._on_fact = shop, on_fact
        media, data = config.media, data or logs
        self._way: Way = ByFork(shop, media.host)
        if media.audio == "file":
            self._way = ByFile(shop, Path(media.tap_folder))
        arguments = [
            "--fingerprints",
            str(config.at(media.fingerprints) if media.fingerprints else data / "fingerprints"),
        ]
        arguments += ["--evidence", str(data / kept_files.EVIDENCE), "--taps", media.tap_folder]
        self.processes = [self._process(config, number, logs, arguments) for number in range(media.processes)]
        self._opened = False
        self._turn = count()
        self._forks: dict[str, Copy] = {}  # by fork id
        self._of_attempt: dict[str, Copy] = {}
        self._orphans: dict[str, Copy] = {}  # by attempt: their process died, and no other was up

    def _process(self, config: Config, number: int, logs: Path, arguments: list[str]) -> MediaProcess:
        """The media process with this number, and its share of the ports. Beside the virtual switch any SIP
        port will do."""
        media, name = config.media, f"media-{number + 1}"
        share = (media.rtp_last_port - media.rtp_first_port + 1) // media.processes
        first = media.rtp_first_port + number * share
        sip_port = media.sip_port + number if config.switches else 0
        where = ["--host", media.host, "--sip-port", str(sip_port)]
        where += ["--rtp-first", str(first), "--rtp-last", str(first + share - 1)]
        path = str(logs / f"{name}.sock")
        control = path if len(path) < UNIX_PATH_MAX else "0"
        heard = (self._on_line, self._process_up, self._process_down)
        return MediaProcess(name, where + arguments, control, logs / f"{name}.log", *heard)

    def open(self, wait_s: float = START_S) -> None:
        """Start the media processes and wait for them; one that does not come is told in the log and tried
        again. Not called: the first screened call starts them, and is not screened itself."""
        if self._opened:
            return
        self._opened = True
        for process in self.processes:
            process.start()
        for process in self.processes:
            if not process.wait_up(wait_s) and wait_s:
                log.error("media process did not start", extra={"child": process.name})

    def close(self) -> None:
        for process in self.processes if self._opened else ():
            process.stop()

    # --- the Screener of the dialer ----------------------------------------------------------------

    def early(self, life: CallLife) -> None:
        if life.leg_id not in self._of_attempt:
            self._begin(life, early=True)

    def start(self, life: CallLife) -> None:
        self._orphans.pop(life.leg_id, None)
        opened = self._of_attempt.get(life.leg_id)
        if opened is not None and opened.codec == life.codec and opened.process.up:
            opened.early = False
            opened.process.tell({"do": "answered", "fork_id": opened.fork_id})
        else:
            if opened is not None:
                self._end(opened)
            opened = self._begin(life, early=False)
        if opened is not None:
            self._shop.count("screenings")
            self._wait_for_verdict(opened, life.campaign.abandonment.max_screening_s)

    def stop(self, life: CallLife) -> None:
        self._orphans.pop(life.leg_id, None)
        opened = self._of_attempt.get(life.leg_id)
        if opened is not None:
            self._end(opened)

    def _begin(self, life: CallLife, early: bool) -> Copy | None:
        self.open(wait_s=0.0)
        able = [process for process in self.processes if process.up]
        if not able:
            self._shop.count("screenings_without_media")
            return None
        opened = Copy(str(uuid4()), life, able[next(self._turn) % len(able)], life.codec, early)
        amd = life.campaign.amd
        wanted = ["early"] * early + ["keep"] * sampled(life.leg_id, "keep", amd.keep_share)
        wanted += ["likely"] * (amd.join == "likely") + [f"cost={amd.lost_person_cost:g}"]
        try:
            self._way.open(opened, " ".join(wanted))
        except SwitchError as error:
            self._shop.count("screenings_without_media")
            log.warning("no fork", extra={"attempt": life.leg_id, "why": str(error)})
            return None
        self._forks[opened.fork_id] = self._of_attempt[life.leg_id] = opened
        self._after(opened, EARLY_MOST_S, lambda: self._end(opened))
        return opened

    def _after(self, opened: Copy, seconds: float, then: Callable[[], None]) -> None:
        """The one timer of a copy: what was armed before is called off."""
        opened.call_off()
        opened.call_off = self._shop.timers.after(seconds, "screening", then)

    # --- what comes of it --------------------------------------------------------------------------

    def _on_line(self, line: dict[str, Any]) -> None:
        opened = self._forks.get(str(line.get("fork_id")))
        if opened is None:
            return
        match line["event"]:
            case "verdict" | "revised":
                self._decided(opened, line)
            case "likely":
                self._shop.count("screened_likely")
                self._on_fact(f.PersonLikely(opened.life.leg_id, self._shop.clock.now_s()))
            case "beep":
                self._beeped(opened, line)
            case "announcement":
                self._announced(opened, line)
            case "ended":
                if not line["packets"]:
                    self._shop.count("screenings_without_sound")
                if line.get("kept"):
                    self._note(opened, "kept", file=line["kept"])
                self._forget(opened)
            case _:
                pass

    def _decided(self, opened: Copy, line: dict[str, Any]) -> None:
        life, what = opened.life, str(line["verdict"])
        self._shop.count(f"screened_{what}" if line["event"] == "verdict" else f"revised_to_{what}")
        self._note(opened, what, at_ms=line["at_ms"], details=line["details"])
        if what not in ("person", "machine", "fax", "announcement"):
            return  # it could not tell, and says so: the dialer's own clock decides
        opened.decided = True
        now_s = self._shop.clock.now_s()
        if what == "person":
            self._on_fact(f.PersonDetected(life.leg_id, now_s))
        else:
            self._on_fact(f.MachineDetected(life.leg_id, now_s, kind=what))
        amd = life.campaign.amd
        most_s = amd.watch_s if what == "person" else amd.beep_wait_s if what == "machine" else 0.0
        if not opened.closing:
            self._after(opened, most_s, lambda: self._end(opened))

    def _beeped(self, opened: Copy, line: dict[str, Any]) -> None:
        """A beep whose end is not told is taken to be over after a while."""
        opened.beep_off()
        opened.beep_off = nothing
        if line["ended_ms"] < 0:
            then = self._shop.timers.after(BEEP_MOST_S, "beep", lambda: self._beep_over(opened, line))
            opened.beep_off = then
        else:
            self._beep_over(opened, line)

    def _beep_over(self, opened: Copy, line: dict[str, Any]) -> None:
        opened.beep_off = nothing
        self._shop.count("beeps")
        details = {name: line[name] for name in ("began_ms", "ended_ms", "hz")}
        self._note(opened, "beep", at_ms=line["at_ms"], details=details)
        self._on_fact(f.BeepEnded(opened.life.leg_id, self._shop.clock.now_s()))

    def _announced(self, opened: Copy, line: dict[str, Any]) -> None:
        means, details = str(line["means"]), line["details"]
        self._shop.count(f"announced_{means}")
        self._note(opened, "announcement", at_ms=line["at_ms"], details=details, means=means)
        if ends_the_call(means):
            now_s = self._shop.clock.now_s()
            self._on_fact(f.AnnouncementHeard(opened.life.leg_id, now_s, means, str(details["name"])))

    def _note(self, opened: Copy, verdict: str, **fields: Any) -> None:
        intent = opened.life.intent
        ids = {"attempt_id": opened.life.leg_id, "contact_id": intent.contact_id}
        ids["campaign_id"] = opened.life.campaign.campaign_id
        self._shop.note("screening", intent.person_id, verdict=verdict, **ids, **fields)

    def _undecided(self, opened: Copy) -> None:
        """The dialer's own timer makes it a person in this instant; it is listened on as to a person."""
        self._shop.count("screenings_undecided")
        self._note(opened, "undecided")
        self._after(opened, opened.life.campaign.amd.watch_s, lambda: self._end(opened))

    # --- the end of a copy ---------------------------------------------------------------------------

    def _end(self, opened: Copy) -> None:
        """Close it. It may still be on its way up, so it is closed once more when that must be over."""
        if opened.closing:
            return
        opened.closing = True
        if self._of_attempt.get(opened.life.leg_id) is opened:
            del self._of_attempt[opened.life.leg_id]
        self._close(opened)
        self._after(opened, FORK_RING_S, lambda: self._end_again(opened))

    def _end_again(self, opened: Copy) -> None:
        if opened.fork_id in self._forks:
            self._close(opened)
            self._forget(opened)

    def _close(self, opened: Copy) -> None:
        try:
            self._way.close(opened)
        except SwitchError as error:  # the switch is away: it ends with its call, or with its silence
            log.warning("fork not closed", extra={"attempt": opened.life.leg_id, "why": str(error)})

    def _forget(self, opened: Copy) -> None:
        """It has ended. One that ended undecided leaves the verdict to the dialer's timer."""
        opened.call_off()
        opened.beep_off()
        self._forks.pop(opened.fork_id, None)
        if self._of_attempt.get(opened.life.leg_id) is opened:
            del self._of_attempt[opened.life.leg_id]
            if not opened.decided and not opened.early:
                self._shop.count("screenings_cut_short")

    # --- media processes that come and go ------------------------------------------------------------

    def _process_down(self, process: MediaProcess) -> None:
        """Its copies have no ear any more. Calls that nobody has judged yet are given to another process, or
        to itself when it is back."""
        for opened in [one for one in self._forks.values() if one.process is process]:
            waits = not (opened.closing or opened.decided)
            self._end(opened)
            if waits:
                self._orphans[opened.life.leg_id] = opened
        self._adopt_orphans()

    def _process_up(self, process: MediaProcess) -> None:
        self._shop.tell("media", process=process.name, what="up", deaths=process.deaths)
        self._adopt_orphans()

    def _adopt_orphans(self) -> None:
        if not any(process.up for process in self.processes):
            return
        orphans, self._orphans = list(self._orphans.values()), {}
        for lost in orphans:
            life = lost.life
            again = self._begin(life, lost.early)
            if again is None:
                continue
            self._shop.count("screenings_moved")
            if not lost.early:
                limits = life.campaign.abandonment
                left_s = limits.max_screening_s - (self._shop.clock.now_s() - life.answered_s)
                self._wait_for_verdict(again, max(0.0, left_s))

    def _wait_for_verdict(self, opened: Copy, most_s: float) -> None:
        self._after(opened, most_s, lambda: self._undecided(opened))
