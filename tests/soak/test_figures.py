"""A soak's verdict can be no: memory that grows is told."""

from tests.soak.figures import Sample, growth_mb_per_h, percentile, report, slope


def samples(per_h_mb: float, start_mb: float = 100.0) -> list[Sample]:
    return [
        Sample(s, round((start_mb + per_h_mb * s / 3600) * 2**20), 2**20, s / 10, s * 5, 9, 3.0, 1.0)
        for s in range(0, 3600, 5)
    ]


def test_a_leak_is_measured_and_standing_still_is_nothing() -> None:
    assert round(growth_mb_per_h(samples(30.0)), 1) == 30.0
    assert round(growth_mb_per_h(samples(0.0)), 6) == 0.0


def test_what_the_first_quarter_takes_is_not_growth() -> None:
    warm = [Sample(s, (50 + min(s, 600)) * 2**20, 0, 0.0, 0, 0, 0.0, 0.0) for s in range(0, 3600, 5)]
    assert abs(growth_mb_per_h(warm)) < 1e-6


def test_a_slope_of_nothing_is_nothing_and_percentiles_are_of_what_is_there() -> None:
    assert slope([(1.0, 5.0)]) == 0.0
    assert slope([(0.0, 1.0), (2.0, 5.0)]) == 2.0
    assert [percentile([3.0, 1.0, 2.0], share) for share in (0.0, 0.5, 0.99)] == [1.0, 2.0, 3.0]


def test_the_report_has_the_rate_the_cost_and_the_growth() -> None:
    said = report(samples(12.0))
    assert "5.0/s" in said
    assert "20.00 ms of engine CPU each" in said
    assert "+12.0 MB/h" in said
