"""What the journal adds up to, by campaign, for whoever asks again and again."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import fields
from typing import Any, Final, Protocol

import gevent
from gevent.event import AsyncResult

from engine import greenlets
from engine.domain.attempt import Cdr
from engine.domain.errors import StoreError
from engine.journal.read import START, Place
from engine.reports.kpi import CampaignSummary, summarise

SHARE: Final = 20.0
PATIENCE_S: Final = 2.0
MOST_S: Final = 600.0
CDRS: Final = frozenset({"cdr"})


class Reader(Protocol):
    """See `engine.journal.read.JournalReader`."""

    def archived(
        self, kinds: frozenset[str], behind: Place
    ) -> Iterator[tuple[Place, list[dict[str, Any]]]]: ...
    def read(
        self, kinds: frozenset[str] | None, since_s: float, behind: Place
    ) -> Iterator[dict[str, Any]]: ...


class Totals:
    """The sums of the archive are kept, with the place up to which they go: it only grows, so each of its
    blocks is read once. On top comes what the archive lacks yet, a few seconds' worth, read anew each time
    (a failover may change it). An answer is good for `SHARE` times as long as it took: however many ask, they
    cost a twentieth of the processor at most.
    """

    def __init__(self, reader: Reader, now_s: Callable[[], float]) -> None:
        self._reader, self._now_s = reader, now_s
        self._place = START
        self._archived: dict[str, CampaignSummary] = {}
        self._found: dict[str, CampaignSummary] | None = None
        self._good_until_s = float("-inf")
        self._fold: AsyncResult[None] | None = None

    @property
    def is_whole(self) -> bool:
        """False for as long as the journal of earlier runs is read, once after the start."""
        return self._found is not None

    def of(self, campaign_id: str, within_s: float = PATIENCE_S) -> CampaignSummary:
        """Nothing but zeros for a campaign without CDRs. Never waits longer than `within_s`: a long journal
        is read on beside us, and until it is, this is what was read of it. Raises StoreError."""
        if self._now_s() >= self._good_until_s:
            with suppress(gevent.Timeout):
                (self._fold or self._begin()).get(timeout=within_s)
        return self._known(campaign_id)

    def all_of(self, campaign_id: str) -> CampaignSummary:
        """With everything settled so far, however long that takes. Raises StoreError."""
        try:
            if self._fold:
                self._fold.wait(timeout=MOST_S)  # it may have passed the end before we asked
            (self._fold or self._begin()).get(timeout=MOST_S)
        except gevent.Timeout:
            raise StoreError("the journal takes too long to read", "totals", "Ask again later.") from None
        return self._known(campaign_id)

    def _known(self, campaign_id: str) -> CampaignSummary:
        found = self._archived if self._found is None else self._found
        return deepcopy(found.get(campaign_id)) or CampaignSummary(campaign_id)

    def _begin(self) -> "AsyncResult[None]":
        self._fold = told = AsyncResult()
        greenlets.start("totals", self._run, told)
        return told

    def _run(self, told: "AsyncResult[None]") -> None:
        began_s = self._now_s()
        try:
            self._fold_on()
        except StoreError as away:
            told.set_exception(away)
        except BaseException as error:
            told.set_exception(error)
            raise
        else:
            over_s = self._now_s()
            self._good_until_s = over_s + SHARE * (over_s - began_s)
            told.set(None)
        finally:
            self._fold = None

    def _fold_on(self) -> None:
        for place, records in self._reader.archived(CDRS, self._place):
            summarise(map(cdr_of_record, records), self._archived)
            self._place = place
        tail = self._reader.read(CDRS, 0.0, self._place)
        self._found = summarise(map(cdr_of_record, tail), deepcopy(self._archived))


CDR_FIELDS = tuple(one.name for one in fields(Cdr))


def cdr_of_record(record: Mapping[str, Any]) -> Cdr:
    """A CDR as it was settled, from its record in the journal."""
    known = {name: record[name] for name in CDR_FIELDS if name in record}
    return Cdr(**{**known, "script_path": tuple(known.get("script_path", ()))})
