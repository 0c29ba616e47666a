"""Contacts in our hands: claimed some at a time, so that a call does not cost a round trip of its own."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice

from engine.dialer.life import call_class
from engine.dialer.shop import Shop
from engine.domain.campaign import Campaign
from engine.domain.contact import Claimed

CLAIM_BATCH = 50
DRY_S = 1.0
FRESH_S = 5.0  # a claim whose lease ends sooner is left to run out


@dataclass(slots=True)
class _Hand:
    """One campaign's. `second`, `taken`, `taken_before`: how many contacts went in this second of the clock
    and in the one before it."""

    held: deque[Claimed] = field(default_factory=deque)
    dry_until_s: float = 0.0
    second: int = 0
    taken: int = 0
    taken_before: int = 0

    def took_one(self, now_s: float) -> None:
        if int(now_s) != self.second:
            self.taken_before = self.taken if int(now_s) == self.second + 1 else 0
            self.second, self.taken = int(now_s), 0
        self.taken += 1

    @property
    def pace(self) -> int:
        """Contacts that the campaign takes in a second, of late."""
        return max(self.taken, self.taken_before)


class Claims:
    """What is claimed of each queue. `give_back(campaign, claimed, reason)` ends a claim unused."""

    def __init__(self, shop: Shop, give_back: Callable[[Campaign, Claimed, str], None]) -> None:
        self._shop, self._give_back = shop, give_back
        self._hands: dict[str, _Hand] = {}

    def queued(self, campaign: Campaign) -> int:
        """Contacts that may be dialed now, as far as is known without asking the store."""
        hand = self._hands.get(campaign.campaign_id) or _Hand()
        return len(hand.held) + (0 if self._shop.clock.now_s() < hand.dry_until_s else 10_000)

    def next(self, campaign: Campaign, wanted: int) -> Claimed | None:
        """The best contact due; None: the queue has none just now. StoreError: it cannot be asked.

        At most a second's worth is claimed beyond what is `wanted` now: it is dialed before it grows old.
        """
        hand = self._hands.setdefault(campaign.campaign_id, _Hand())
        now = self._shop.clock.now_s()
        if not hand.held and now >= hand.dry_until_s:
            lease = self._shop.leases.get(campaign.team)
            if lease is None:
                return None  # the team is not ours now
            limit = min(CLAIM_BATCH, max(1, wanted, hand.pace))
            lease_s = self._shop.tuning.claim_lease_s
            found = self._shop.store.claim_due(lease, campaign.campaign_id, limit, lease_s)
            self.hold(campaign, found)
            if len(found) < limit:
                hand.dry_until_s = now + DRY_S
        fresh_s = self._shop.clock.wall_s() + min(FRESH_S, self._shop.tuning.claim_lease_s / 2.0)
        while hand.held:
            claimed = hand.held.popleft()
            if claimed.lease_until_s > fresh_s:
                hand.took_one(now)
                return claimed
        return None

    def upcoming(self, campaign: Campaign, most: int) -> tuple[str, ...]:
        """Classes of the next contacts in hand, by their first number."""
        hand = self._hands.get(campaign.campaign_id)
        held = (claimed.contact for claimed in islice(hand.held, most)) if hand else ()
        return tuple(call_class(one, one.phones[0].number if one.phones else "") for one in held)

    def hold(self, campaign: Campaign, found: list[Claimed]) -> None:
        """Keep them for `next`, after those that are held already."""
        self._hands.setdefault(campaign.campaign_id, _Hand()).held.extend(found)

    def dry(self, campaign: Campaign) -> None:
        """Do not ask again at once."""
        hand = self._hands.setdefault(campaign.campaign_id, _Hand())
        hand.dry_until_s = self._shop.clock.now_s() + DRY_S

    def wake(self, campaign_id: str) -> None:
        """Contacts came in: look at the queue again."""
        if campaign_id in self._hands:
            self._hands[campaign_id].dry_until_s = 0.0

    def release(self, campaign: Campaign, reason: str) -> None:
        """All that is held of the campaign goes back at once."""
        hand = self._hands.pop(campaign.campaign_id, None)
        for claimed in hand.held if hand else ():
            self._give_back(campaign, claimed, reason)

    def forget(self, campaign: Campaign) -> None:
        """The team is another engine's now: what we hold comes back to the queue with its lease."""
        self._hands.pop(campaign.campaign_id, None)
