"""Draws against closed forms; effects with their covariance; wider errors, wider ranges."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from analysis.declarations import Input, Scenario
from analysis.declarations.scenarios import Correlation
from analysis.errors import DeclarationError, IdentificationError
from analysis.methods.effects import EffectTable
from analysis.scenarios import Carried, project
from analysis.scenarios.monte_carlo import Z95, draw, quantile

Table = dict[str, tuple[float, str]]
Make = Callable[..., Scenario]
Effects = Callable[..., EffectTable]
ONLY_TIME = {"spread_cut": (0, "hour"), "clearance_cost": (0, "percent"),
             "elasticity_short": (0, "1"), "elasticity_long": (0, "1")}  # fmt: skip
# With these, a year is worth 11,000 m x hours / 24 x percent a day / 100 in the customs case.
A_YEAR = 11_000 / 24 / 100


def one(distribution: str, low: float, value: float, high: float, name: str = "x") -> Input:
    content = {"id": name, "label": name, "value": value, "low": low, "high": high, "unit": "1",
                   "distribution": distribution, "status": "choice", "why": "test"}  # fmt: skip
    return Input.model_validate(content)


@pytest.mark.parametrize(
    ("given", "mean", "variance"),
    [
        (one("uniform", 2, 3, 6), 4, 16 / 12),
        (one("triangular", 0, 1, 5), 2, (0 + 1 + 25 - 0 - 0 - 5) / 18),
        (one("normal", 1, 3, 5), 3, (2 / Z95) ** 2),
    ],
)
def test_quantiles_give_the_moments_of_the_distribution(
    given: Input, mean: float, variance: float
) -> None:
    grid = (np.arange(200_000) + 0.5) / 200_000
    made = quantile(given, grid)
    assert made.mean() == pytest.approx(mean, rel=1e-5)
    assert made.var() == pytest.approx(variance, rel=2e-4)


def test_ends_of_normal_and_lognormal_are_their_percentiles() -> None:
    for given in (one("normal", 1, 3, 5), one("lognormal", 1, 2, 4)):
        assert quantile(given, np.array([0.025, 0.5, 0.975])) == pytest.approx(
            [given.low, given.value, given.high]
        )


def test_declared_correlation_is_drawn() -> None:
    inputs = [one("normal", -1, 0, 1, "a"), one("normal", -1, 0, 1, "b"), one("uniform", 0, 1, 2)]
    pair = Correlation(first="a", second="b", value=-0.6, why="test")
    made = draw(inputs, [pair], draws=100_000, random=np.random.default_rng(3))
    found = np.corrcoef(made.T)
    assert found[0, 1] == pytest.approx(-0.6, abs=0.01)
    assert abs(found[0, 2]) < 0.01


def test_impossible_correlations_are_refused() -> None:
    inputs = [one("normal", -1, 0, 1, name) for name in "abc"]
    pairs = [Correlation(first=a, second=b, value=v, why="test")
             for a, b, v in (("a", "b", 0.9), ("b", "c", 0.9), ("a", "c", -0.9))]  # fmt: skip
    with pytest.raises(DeclarationError, match="positive definite"):
        draw(inputs, pairs, draws=10, random=np.random.default_rng(0))


def test_mean_and_variance_of_a_product_of_lognormals(make: Make, customs: Table) -> None:
    ranges = {
        "hours_saved": {"low": 6, "high": 24, "distribution": "lognormal"},
        "value_of_day": {"low": 0.5, "high": 4.5, "distribution": "lognormal"},
    }
    table = (
        customs | ONLY_TIME | {"hours_saved": (12, "hour"), "value_of_day": (1.5, "percent / day")}
    )
    for gone in ("time_change", "hours_before"):
        del table[gone]
    made = project(make("customs", table, changed=ranges, draws=400_000)).draws["yearly"]
    # ln of the product is normal: variances of the logs add.
    s2 = (np.log(4) / (2 * Z95)) ** 2 + (np.log(9) / (2 * Z95)) ** 2
    mean = A_YEAR * 12 * 1.5 * np.exp(s2 / 2)
    variance = mean**2 * np.expm1(s2)
    assert made.mean() == pytest.approx(mean, rel=4 * np.sqrt(np.expm1(s2) / len(made)))
    assert made.var() == pytest.approx(variance, rel=0.03)
    ends = A_YEAR * 18 * np.exp(np.sqrt(s2) * stats.norm.ppf([0.025, 0.975]))
    assert np.quantile(made, [0.025, 0.975]) == pytest.approx(ends, rel=0.01)


def test_mean_and_variance_of_a_product_of_uniforms(make: Make, customs: Table) -> None:
    ranges = {
        "hours_before": {"low": 24, "high": 72, "distribution": "uniform"},
        "value_of_day": {"low": 1, "high": 3, "distribution": "uniform"},
    }
    made = project(make("customs", customs | ONLY_TIME, changed=ranges, draws=400_000))
    # E = product of means; E of squares = product of (mean^2 + width^2 / 12)
    mean = A_YEAR * 0.25 * 48 * 2
    second = (A_YEAR * 0.25) ** 2 * (48**2 + 48**2 / 12) * (4 + 4 / 12)
    yearly = made.draws["yearly"]
    assert yearly.mean() == pytest.approx(mean, rel=0.003)
    assert yearly.var() == pytest.approx(second - mean**2, rel=0.01)


def test_doubling_the_standard_error_doubles_the_range(
    make: Make, customs: Table, effects: Effects
) -> None:
    scenario = make("customs", customs | ONLY_TIME, draws=20_000)
    widths = []
    for error in (3.0, 6.0):
        table = effects([-25.0], np.array([[error**2]]))
        made = project(scenario, carried=[Carried(inputs=("time_change",), table=table, rows=(0,))])
        widths.append(made.net["range_high"] - made.net["range_low"])
    # One percent of 48 h is worth A_YEAR x 0.48 x 2 a year; two years at ten percent.
    by_hand = 2 * Z95 * 3 * A_YEAR * 0.48 * 2 * (1 / 1.1 + 1 / 1.21)
    assert widths[0] == pytest.approx(by_hand, rel=0.03)
    assert widths[1] == pytest.approx(2 * widths[0], rel=1e-9)


def test_an_estimate_widens_a_range_that_was_there(
    make: Make, customs: Table, effects: Effects
) -> None:
    ranges = {"value_of_day": {"low": 1, "high": 3, "distribution": "uniform"}}
    scenario = make("customs", customs | ONLY_TIME, changed=ranges, draws=20_000)
    widths = [project(scenario).net[["range_low", "range_high"]].diff().iloc[1]]
    for error in (5.0, 10.0):
        table = effects([-25.0], np.array([[error**2]]))
        made = project(scenario, carried=[Carried(inputs=("time_change",), table=table, rows=(0,))])
        widths.append(made.net["range_high"] - made.net["range_low"])
    assert widths[0] < 0.95 * widths[1] < 0.9 * widths[2]


def test_full_covariance_is_carried(make: Make, customs: Table, effects: Effects) -> None:
    plain = {**ONLY_TIME, "clearance_cost": (1, "percent")}
    scenario = make("customs", customs | plain, draws=100_000)
    # Per percent: 48 h x 1% at 2% a day of 11 bn = 4.4 m; 1% of 110 m, half counted = 0.55 m
    weights = np.array([4.4, 0.55])
    for correlation in (-0.9, 0.0, 0.9):
        covariance = np.array([[4, correlation * 2 * 10], [correlation * 2 * 10, 100]])
        table = effects([-25.0, -30.0], covariance)
        made = project(
            scenario,
            carried=[Carried(inputs=("time_change", "cost_change"), table=table, rows=(0, 1))],
        )
        assert made.draws["yearly"].std() == pytest.approx(
            np.sqrt(weights @ covariance @ weights), rel=0.01
        )


def test_a_log_effect_becomes_exact_percent(make: Make, customs: Table, effects: Effects) -> None:
    table = effects([np.log(0.75)], np.array([[0.01]]), scale="log")
    carried = Carried(inputs=("time_change",), table=table, rows=(0,))
    made = project(make("customs", customs), carried=[carried])
    assert made.net["central"] == pytest.approx(project(make("customs", customs)).net["central"])


def test_an_event_path_is_used_year_by_year(make: Make, customs: Table, effects: Effects) -> None:
    table = effects([-10.0, -20.0], np.eye(2))
    carried = Carried(inputs=("time_change",), table=table, rows=(0, 1))
    made = project(make("customs", customs | ONLY_TIME, horizon=3), carried=[carried])
    # 1% of the time is worth 4.4 m a year
    assert list(made.years["benefit"]) == pytest.approx([0, 44, 88, 88])


def test_a_bare_number_is_not_carried(make: Make, customs: Table, effects: Effects) -> None:
    carried = Carried(inputs=("time_change",), table=effects([-25.0], None), rows=(0,))
    with pytest.raises(IdentificationError, match="without uncertainty"):
        project(make("customs", customs), carried=[carried])


def test_an_effect_in_percent_is_not_carried_to_hours(effects: Effects) -> None:
    with pytest.raises(IdentificationError, match="unit percent"):
        Carried(inputs=("hours_saved",), table=effects([1.0], np.eye(1)), rows=(0,), unit="hour")


def test_same_seed_same_bytes_other_seed_other_draws(make: Make, customs: Table) -> None:
    ranges = {"value_of_day": {"low": 1, "high": 3, "distribution": "uniform"}}
    scenario = make("customs", customs, changed=ranges)
    first, again, other = project(scenario), project(scenario), project(scenario, seed=2)
    assert first.headline.equals(again.headline)
    assert first.draws.equals(again.draws)
    assert not first.draws.equals(other.draws)
