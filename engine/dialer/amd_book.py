"""What AMD's errors cost the people it takes for machines: audited, estimated, added to the abandoned calls.

A share of the machines is joined to agents, who note what it was. From that the share of people among them
is estimated, by campaign, and with it the people who were hung up on; the day's abandonment with these is
held against the campaign's limit. Past it AMD ceases for the campaign, with an alarm, until somebody allows
it again."""

import json
from dataclasses import asdict, dataclass
from typing import Any
from zlib import crc32

from engine.dialer.life import CallLife
from engine.dialer.shop import Shop, log
from engine.domain.attempt import Cdr, Disposition
from engine.domain.campaign import Campaign
from engine.domain.false_positives import Abandonment, with_false_positives

MACHINES = frozenset({"machine", "voicemail", "answering_machine", "fax"})
"""Outcomes by which an agent says that an audited call was no person."""
LEAST_PROOF = 20  # audited calls without which nothing is proven: one slip of an agent's pen is no proof
_SERVED = frozenset({Disposition.TALKED, Disposition.ROBOT_DONE, Disposition.ROBOT_PARTIAL})


@dataclass(slots=True)
class Page:
    """One campaign. Of `day` (UTC): calls abandoned, served, and taken for machines with nobody to hear it.
    Over all days: audited calls that agents called machines and people. `off`: why AMD ceased, or ""."""

    day: str = ""
    abandoned: int = 0
    served: int = 0
    machines: int = 0
    right: int = 0
    wrong: int = 0
    off: str = ""


class AmdBook:
    """All campaigns of this engine. `save` and `load`: plain bytes that outlive it."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._pages: dict[str, Page] = {}
        self._labels: dict[str, bool] = {}

    # --- what the dialer asks ------------------------------------------------------------------------

    def is_off(self, campaign: Campaign) -> bool:
        page = self._pages.get(campaign.campaign_id)
        return page is not None and bool(page.off)

    def samples(self, life: CallLife) -> bool:
        return sampled(life.leg_id, "audit", life.campaign.amd.audit_share)

    def allow(self, campaign_id: str) -> None:
        """Somebody has mended it: AMD listens again, and its audits begin anew."""
        page = self._pages.get(campaign_id)
        if page is not None:
            page.off, page.right, page.wrong = "", 0, 0
            self._shop.note("note", what="AMD allowed again", campaign=campaign_id)
            self._shop.tell("amd_on", campaign=campaign_id)

    def figures(self, campaign: Campaign) -> dict[str, Any]:
        """For the API, reports and the regulator: counts, shares with their bounds, and why AMD is off."""
        page = self._page(campaign.campaign_id)
        return {
            **asdict(page),
            **self._estimate(page).as_record(),
            "limit": campaign.amd.most_abandoned_share,
        }

    # --- what happens --------------------------------------------------------------------------------

    def settled(self, life: CallLife, cdr: Cdr) -> None:
        """A call is over."""
        page = self._page(cdr.campaign_id)
        page.abandoned += cdr.disposition == Disposition.ABANDONED
        page.served += cdr.disposition in _SERVED and not life.audited
        page.machines += cdr.disposition == Disposition.MACHINE and bool(cdr.answered_at_s)
        self._judge(life.campaign, page)

    def noted(self, life: CallLife, outcome: str) -> None:
        """An agent noted what came of a call; said again it replaces what was said before."""
        if not life.audited:
            return
        page, is_person = self._page(life.campaign.campaign_id), outcome not in MACHINES
        before = self._labels.get(life.leg_id)
        if before is not None:
            page.wrong -= before
            page.right -= not before
        elif len(self._labels) > 10_000:
            self._labels.pop(next(iter(self._labels)))
        self._labels[life.leg_id] = is_person
        page.wrong += is_person
        page.right += not is_person
        self._judge(life.campaign, page)

    def _judge(self, campaign: Campaign, page: Page) -> None:
        amd = campaign.amd
        if page.off or not campaign.screening or not page.right + page.wrong:
            return
        found = self._estimate(page)
        proven = found.audits >= LEAST_PROOF and found.lowest > amd.most_abandoned_share
        unproven = found.audits >= amd.least_audits and found.highest > amd.most_abandoned_share
        if not (proven or unproven):
            return
        rate, word = (found.lowest, "at least") if proven else (found.highest, "up to")
        page.off = (
            f"{word} {rate:.1%} of live answers abandoned or lost to AMD, "
            f"{amd.most_abandoned_share:.1%} are allowed; "
            f"{page.wrong} of {found.audits} audited machines were people"
        )
        log.error("AMD switched off", extra={"campaign": campaign.campaign_id, "why": page.off})
        self._shop.count("amd_switched_off")
        self._shop.note("note", what="AMD switched off", campaign=campaign.campaign_id, why=page.off)
        self._shop.tell("amd_off", campaign=campaign.campaign_id, why=page.off)

    def _estimate(self, page: Page) -> Abandonment:
        return with_false_positives(page.abandoned, page.served, page.machines, page.wrong, page.right)

    def _page(self, campaign_id: str) -> Page:
        page = self._pages.setdefault(campaign_id, Page())
        today = self._shop.stamp(self._shop.clock.wall_s())
        if page.day != today:
            page.day, page.abandoned, page.served, page.machines = today, 0, 0, 0
        return page

    # --- from one life of the engine to the next ---------------------------------------------------------

    def save(self) -> bytes:
        return json.dumps({name: asdict(page) for name, page in self._pages.items()}).encode()

    def load(self, saved: bytes | None) -> None:
        """What is no such book is told in the log, and the audits begin anew."""
        try:
            pages = json.loads(saved) if saved else {}
            self._pages = {str(name): Page(**page) for name, page in pages.items()}
        except (ValueError, TypeError, AttributeError) as error:
            log.warning("audits of AMD begin anew", extra={"why": str(error)})


def sampled(attempt_id: str, what: str, share: float) -> bool:
    """One call in 1/share, the same whoever asks: a sample that can be checked afterwards."""
    return crc32(f"{what}:{attempt_id}".encode()) < share * (1 << 32)
