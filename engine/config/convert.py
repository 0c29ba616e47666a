"""Models → the domain's words."""

from typing import Any

from engine.config import dialing
from engine.config.models import Config
from engine.domain.agent import Agent
from engine.domain.campaign import BUILT_IN, Abandonment, Amd, Campaign, Predicting, RetryRule


def campaign_of(model: dialing.Campaign, config: Config) -> Campaign:
    """The engine's campaign. Prompts are the recordings given in the configuration, files as written there;
    BUILT_IN (of `notice`: "") where the engine's own serve."""
    clock, language = model.abandonment, model.language
    return Campaign(
        campaign_id=model.id,
        team=model.team,
        mode=model.mode,
        gateways=model.gateways,
        caller_ids=model.caller_ids,
        max_calls=model.max_calls,
        calls_per_s=model.calls_per_s,
        ring_time_s=model.ring_time_s,
        wrap_up_s=model.wrap_up_s,
        preview_s=model.preview_s,
        screening=model.screening,
        amd=Amd(**model.amd.model_dump()),
        record=model.record,
        recording_path=config.recording.path,
        record_warning=config.prompts.record_warning.get(language, BUILT_IN) if model.record_warning else "",
        sorry=config.prompts.sorry.get(language, BUILT_IN),
        whisper=model.whisper,
        script=model.script,
        language=language,
        machine_message=model.machine_message,
        hold_music=model.hold_music,
        default_zone=model.zone or config.calling.zone,
        priority=model.priority,
        skills=frozenset(model.skills),
        abandonment=Abandonment(
            clock=clock.clock,
            answer_limit_s=clock.answer_limit_s,
            max_screening_s=clock.max_screening_s,
            notice=clock.notice or config.prompts.abandon_notice.get(language, ""),
            lockout_s=clock.lockout_s,
        ),
        predicting=Predicting(
            cap=model.predicting.cap,
            windows_s=tuple(hours * 3600.0 for hours in model.predicting.windows_h),
            reserve=model.predicting.reserve,
            largest_ratio=model.predicting.largest_ratio,
            cancel_after_s=model.predicting.cancel_after_s,
            cancel_share=model.predicting.cancel_share,
        ),
        retries={
            str(outcome): RetryRule(rule.after_s, rule.limit) for outcome, rule in model.retries.items()
        },
        attempts_limit=model.attempts_limit,
        rules=tuple((rule.rule, _plain(rule.params)) for rule in (*config.calling.rules, *model.rules)),
    )


def campaigns_of(config: Config) -> dict[str, Campaign]:
    return {model.id: campaign_of(model, config) for model in config.campaigns}


def agents_of(config: Config) -> dict[str, Agent]:
    teams = {team.name: team for team in config.teams}
    return {
        model.id: Agent(
            agent_id=model.id,
            team=model.team,
            extension=model.extension,
            name=model.name,
            skills=frozenset(model.skills),
            standing=teams[model.team].standing_legs,
            ring_time_s=teams[model.team].agent_ring_s,
            connect_tone=teams[model.team].connect_tone,
            switch=teams[model.team].switch,
        )
        for model in config.agents
    }


def _plain(params: dict[str, Any]) -> dict[str, object]:
    return dict(params)
