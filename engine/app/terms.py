"""The configuration in the dialer's words."""

from engine.config import Config
from engine.dialer.inbound import Route
from engine.dialer.shop import GatewayTerms, Tuning


def gateway_terms(config: Config, only_switch: str) -> dict[str, GatewayTerms]:
    return {
        one.name: GatewayTerms(
            name=one.name,
            switch=one.switch or only_switch,
            channels=one.channels,
            calls_per_s=one.calls_per_s,
            strip=one.strip,
            prepend=one.prepend,
            codec=one.codec,
            rest_after=one.rest_after_failures,
            rest_s=one.rest_s,
        )
        for one in config.gateways
    }


def tuning_of(config: Config) -> Tuning:
    return Tuning(
        min_check_s=config.pacing.min_check_ms / 1000,
        max_check_s=config.pacing.max_check_s,
        switch_lag_limit_s=config.pacing.switch_lag_limit_ms / 1000,
        switch_lag_stop_s=config.pacing.switch_lag_stop_ms / 1000,
        claim_lease_s=config.store.claim_lease_s,
        team_lease_s=config.store.team_lease_s,
    )


def routes_of(config: Config) -> tuple[Route, ...]:
    return tuple(
        Route(one.prefix, one.campaign, one.serve == "robot", one.max_wait_s) for one in config.inbound.routes
    )
