"""Figures for Prometheus, read from the engine at each scrape."""

from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric


class Meters:
    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def text(self) -> bytes:
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """One pass over what the dialer holds in memory; nothing here waits for the store."""
        engine, dialer = self._engine, self._engine.dialer
        calls = GaugeMetricFamily("prozvon_calls", "Live calls", labels=["campaign", "state"])
        counted: dict[tuple[str, str], int] = {}
        for life in dialer.calls.lives.values():
            key = (life.campaign.campaign_id, life.state.name.lower())
            counted[key] = counted.get(key, 0) + 1
        for key, number in counted.items():
            calls.add_metric(key, number)
        yield calls
        agents = GaugeMetricFamily("prozvon_agents", "Agents", labels=["team", "state"])
        states: dict[tuple[str, str], int] = {}
        for agent in dialer.agents.lives.values():
            place = (agent.agent.team, agent.state.value)
            states[place] = states.get(place, 0) + 1
        for place, number in states.items():
            agents.add_metric(place, number)
        yield agents
        pacing = GaugeMetricFamily(
            "prozvon_pacing", "What the last pacing decision weighed", labels=["campaign", "what"]
        )
        for name, decision in dialer.pacer.decisions.items():
            for what, value in {"launch": decision.launch, **decision.numbers}.items():
                pacing.add_metric((name, what), value)
        yield pacing
        ends = CounterMetricFamily("prozvon_attempts", "Attempts ended", labels=["campaign", "disposition"])
        for campaign, results in dialer.settler.results.items():
            for disposition, number in results.items():
                ends.add_metric((campaign, disposition), number)
        yield ends
        events = CounterMetricFamily("prozvon_switch_events", "Events", labels=["switch", "name"])
        for name, link in engine.switches.links.items():
            for event, number in link.counters.events.items():
                events.add_metric((name, event), number)
        yield events
        switch_up = GaugeMetricFamily("prozvon_switch_up", "1: connected", labels=["switch"])
        lag = GaugeMetricFamily("prozvon_switch_lag_seconds", "Originate to channel, p95", labels=["switch"])
        for name, port in engine.switches.ports.items():
            switch_up.add_metric((name,), float(port.up))
            lag.add_metric((name,), port.lag_s())
        yield switch_up
        yield lag
        lag_ms = engine.lag.worst_ms
        engine.lag.reset()
        yield GaugeMetricFamily("prozvon_hub_lag_ms", "Worst lag of the hub since last asked", value=lag_ms)
        yield GaugeMetricFamily(
            "prozvon_settlements_waiting", "Ends not stored yet", value=dialer.settler.waiting
        )
        things = CounterMetricFamily("prozvon_things", "Countable things", labels=["what"])
        for what, number in engine.shop.counters.items():
            things.add_metric((what,), number)
        yield things
