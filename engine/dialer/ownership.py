"""Which teams are ours: leases taken and renewed, taken over from the dead, let go to the living.

not ours ──lease──► recovering ──everything known──► ours ──another engine has it──► let go
                        ▲                             │
                        └──── the store changed ──────┘
"""

import math
from collections.abc import Callable

from engine.dialer.shop import Shop, log
from engine.domain.errors import DialerError, StoreError, SwitchError

RENEW_SHARE = 0.3  # of a lease: two renewals may fail before it runs out
ASK_S = 1.0  # how often a team that another engine has is asked for: a death is noticed that soon


class Ownership:
    """`alone`: no other engine can be on this store, which proves every other owner dead. `adopt(team)`:
    adopt what lives before anything is launched; raises StoreError or SwitchError when it cannot.
    `taken(team)`, `lost(team)`: what follows. `sure(team)`: ours again after a doubt."""

    def __init__(
        self,
        shop: Shop,
        owner: str,
        alone: bool,
        teams: Callable[[], set[str]],
        adopt: Callable[[str], object],
        taken: Callable[[str], None],
        lost: Callable[[str], None],
        sure: Callable[[str], None],
    ) -> None:
        self._shop, self._owner, self._alone = shop, owner, alone
        self._teams, self._adopt, self._taken, self._lost, self._sure = teams, adopt, taken, lost, sure
        self._renewed_s: dict[str, float] = {}
        self._not_taken: dict[str, str] = {}
        self.elsewhere: set[str] = set()
        """Teams that another living engine has."""
        self._tokens: dict[str, int] = {}  # by team of whose calls and agents we hold something
        self._renewing = self._stopped = False

    def start(self) -> None:
        """Take the teams that are free, and go on trying."""
        if not self._stopped:
            self._shop.tasks.start("leases", self.renew)
            every_s = min(ASK_S, self._shop.tuning.team_lease_s * RENEW_SHARE)
            self._shop.timers.after(every_s, "leases", self.start)

    def renew(self, at_once: bool = False) -> None:
        """Every lease that is old enough, or all of them `at_once`; one round at a time."""
        if self._renewing or self._stopped:
            return
        self._renewing = True
        try:
            for team in sorted(self._teams()):
                age_s = self._shop.clock.now_s() - self._renewed_s.get(team, 0.0)
                old = age_s >= self._shop.tuning.team_lease_s * RENEW_SHARE * 0.99
                if at_once or old or team not in self._shop.leases:
                    self._renew(team)
        finally:
            self._renewing = False

    def _renew(self, team: str) -> None:
        shop, asked_s = self._shop, self._shop.clock.now_s()
        try:
            lease = shop.store.acquire_team(team, self._owner, shop.tuning.team_lease_s, self._alone)
        except StoreError as error:
            shop.store_away = True
            log.warning("lease not renewed", extra={"team": team, "why": str(error)})
            return
        was_away, shop.store_away = shop.store_away, False
        if self._stopped:
            return
        if lease is None:
            self.elsewhere.add(team)
            self._let_go(team)
            return
        self.elsewhere.discard(team)
        if lease.token > self._tokens.get(team, lease.token) + 1:  # we slept; somebody had it meanwhile
            self._let_go(team)
        self._tokens[team], self._renewed_s[team] = lease.token, asked_s
        was_sure = was_away or shop.may_promise(team)
        is_new, shop.leases[team] = team not in shop.leases, lease
        shop.lease_ends_s[team] = math.inf if self._alone else asked_s + shop.tuning.team_lease_s
        if is_new and team not in shop.recovering:
            shop.recovering.add(team)
            shop.tasks.start("take team", self._take, team)
        elif not was_sure:
            self._sure(team)

    def _let_go(self, team: str) -> None:
        self._shop.leases.pop(team, None)
        if self._tokens.pop(team, None) is not None:
            log.error("lost a team to another engine", extra={"team": team})
            self._lost(team)

    def _take(self, team: str) -> None:
        """Where this fails, the next renewal begins anew."""
        lease = self._shop.leases.get(team)
        try:
            self._adopt(team)
        except (StoreError, SwitchError, KeyError) as error:
            self._shop.leases.pop(team, None)
            if self._not_taken.get(team) != str(error):  # once per reason: this is tried every few seconds
                log.warning("team not taken yet", extra={"team": team, "why": str(error)})
            self._not_taken[team] = str(error)
            return
        finally:
            self._shop.recovering.discard(team)
        held = self._shop.leases.get(team)
        if not (held and lease and held.token == lease.token):
            return  # lost meanwhile, or to be taken anew
        self._not_taken.pop(team, None)
        self._shop.tell("team", team=team, what="taken")
        self._taken(team)

    def forget(self) -> None:
        """The store is another one than before: what it knows is compared with what we know, team by team,
        before anything is launched."""
        self._shop.leases.clear()
        if not self._stopped:
            self._shop.tasks.start("leases", self.renew)

    def stop(self) -> None:
        """Give every team back."""
        self._stopped = True
        for lease in list(self._shop.leases.values()):
            try:
                self._shop.store.release_team(lease)
            except DialerError as error:
                log.warning("team not released", extra={"team": lease.team, "why": str(error)})
        self._shop.leases.clear()
