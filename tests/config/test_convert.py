"""From the models to the domain."""

from dataclasses import fields
from pathlib import Path

import pytest

from engine.config import agents_of, campaign_of, campaigns_of, read, read_campaign
from engine.domain import campaign as domain
from engine.domain.errors import ConfigError

TEXT = """\
gateways: [{name: trunk}, {name: spare}]
caller_ids: {main: {numbers: ["+48220000101"]}}
teams: [{name: t, standing_legs: false}]
agents: [{id: anna, name: Anna Nowak, extension: 1001, team: t, skills: [polish]}]
calling: {zone: Europe/Warsaw}
campaigns:
  - id: c
    mode: preview
    team: t
    gateways: [trunk, spare]
    caller_ids: [main]
    skills: [polish]
    retries: {busy: {after_s: 60, limit: 3}}
    abandonment: {clock: answer, answer_limit_s: 1.5}
    rules: [{rule: attempt_limit, params: {per_day: 1}}]
"""
CONFIG = read(TEXT, "config.yaml", {}, Path())


def test_a_campaign_of_the_file_becomes_the_engines():
    campaign = campaigns_of(CONFIG)["c"]
    assert campaign.mode is domain.Mode.PREVIEW
    assert campaign.gateways == ("trunk", "spare")
    assert campaign.default_zone == "Europe/Warsaw"
    assert campaign.skills == {"polish"}
    assert campaign.retries == {"busy": domain.RetryRule(60.0, 3)}
    assert (campaign.abandonment.clock, campaign.abandonment.answer_limit_s) == ("answer", 1.5)


def test_the_rules_of_all_campaigns_come_before_its_own():
    rules = campaigns_of(CONFIG)["c"].rules
    assert [name for name, _ in rules] == ["calling_hours", "attempt_limit", "attempt_limit"]
    assert rules[-1] == ("attempt_limit", {"per_day": 1})


def test_no_field_of_the_engines_campaign_is_forgotten():
    """Every field has a key of its own, or one of these that stand for it."""
    elsewhere = {"campaign_id": "id", "default_zone": "zone", "recording_path": "record"}
    elsewhere |= {"sorry": "language"}  # prompts.sorry
    keys = set(type(CONFIG.campaigns[0]).model_fields)
    assert {elsewhere.get(field.name, field.name) for field in fields(domain.Campaign)} <= keys


def test_agents_take_the_way_their_leg_lives_from_their_team():
    anna = agents_of(CONFIG)["anna"]
    assert (anna.extension, anna.standing, anna.skills) == ("1001", False, {"polish"})


def test_a_campaign_that_comes_by_the_api_is_checked_against_the_configuration():
    definition = {"id": "d", "mode": "manual", "team": "t", "gateways": ["spare"], "caller_ids": ["main"]}
    model = read_campaign(definition, CONFIG)
    assert campaign_of(model, CONFIG).campaign_id == "d"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"gateways": ["spar"]}, "campaign: gateways[0]: there is no gateway 'spar'. Did you mean 'spare'?"),
        ({"max_call": 3}, "campaign: max_call: unknown key. Did you mean 'max_calls'?"),
        (
            {"retries": {"busy": {"after_s": -1, "limit": 1}}},
            "campaign: retries.busy.after_s: -1 is out of bounds",
        ),
        ({"script": "${HOME}"}, "the environment variable HOME is not set"),
        ({"id": object()}, "not plain data"),
    ],
)
def test_a_wrong_campaign_by_the_api_is_told_by_its_own_keys(change, told):
    definition = {"id": "d", "mode": "manual", "team": "t", "gateways": ["spare"], "caller_ids": ["main"]}
    with pytest.raises(ConfigError) as caught:
        read_campaign({**definition, **change}, CONFIG)
    assert told in str(caught.value)
