"""What a long run leaves: samples, and whether memory stood still. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sample:
    """`at_s`: since the start. Memory in bytes (resident), CPU in seconds used so far, lags in ms."""

    at_s: float
    engine_bytes: int
    store_bytes: int
    cpu_s: float
    attempts: int
    calls: int
    hub_lag_ms: float
    switch_lag_ms: float


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Least squares: y per x; 0.0 where it cannot be told."""
    if len(points) < 2:
        return 0.0
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0


def growth_mb_per_h(samples: Sequence[Sample], settled: float = 0.25) -> float:
    """Of the engine's memory, once the first share of the run is over."""
    later = samples[int(len(samples) * settled) :]
    return slope([(one.at_s, one.engine_bytes) for one in later]) * 3600 / 2**20


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def report(samples: Sequence[Sample]) -> str:
    """Ten rows and the sums."""
    rows = ["  minute  engine MB  store MB  attempts  at once  CPU ms/attempt  hub lag ms  switch lag ms"]
    step = max(1, len(samples) // 10)
    before = samples[0]
    for one in samples[step::step]:
        done = max(1, one.attempts - before.attempts)
        span = [s for s in samples if before.at_s < s.at_s <= one.at_s]
        rows.append(
            f"  {one.at_s / 60:6.1f}  {one.engine_bytes / 2**20:9.1f}  {one.store_bytes / 2**20:8.1f}"
            f"  {one.attempts:8d}  {one.calls:7d}  {(one.cpu_s - before.cpu_s) / done * 1e3:14.2f}"
            f"  {max(s.hub_lag_ms for s in span):10.0f}  {max(s.switch_lag_ms for s in span):13.0f}"
        )
        before = one
    first, last = samples[0], samples[-1]
    took_s = max(1e-9, last.at_s - first.at_s)
    lags = [one.hub_lag_ms for one in samples]
    done = last.attempts - first.attempts
    cost_ms = (last.cpu_s - first.cpu_s) / max(1, done) * 1e3
    rows.append(
        f"{done} attempts in {took_s / 60:.1f} min ({done / took_s:.1f}/s), "
        f"{cost_ms:.2f} ms of engine CPU each; worst hub lag in 5 s: "
        f"p50 {percentile(lags, 0.5):.0f} ms, p99 {percentile(lags, 0.99):.0f} ms"
    )
    rows.append(f"engine memory grows by {growth_mb_per_h(samples):+.1f} MB/h after the first quarter")
    return "\n".join(rows)
