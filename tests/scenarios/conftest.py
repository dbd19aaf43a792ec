"""Scenarios small enough to be worked by hand, and effects to carry."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest

from analysis.declarations import Scenario
from analysis.methods.effects import EffectTable, effect_frame


def _input(name: str, value: float, unit: str, **more: object) -> dict[str, object]:
    given = {
        "low": value,
        "high": value,
        "distribution": "fixed",
        "status": "choice",
        "why": "test",
    }
    return {"id": name, "label": name, "value": value, "unit": unit, **given, **more}


@pytest.fixture
def make() -> Callable[..., Scenario]:
    """Declare a scenario from a table name -> (value, unit); keywords change single inputs."""

    def declare(
        kind: str,
        table: Mapping[str, tuple[float, str]],
        *,
        changed: Mapping[str, dict[str, object]] | None = None,
        **header: object,
    ) -> Scenario:
        inputs = [_input(n, v, u, **(changed or {}).get(n, {})) for n, (v, u) in table.items()]
        content = {
            "id": "test",
            "title": "Test",
            "reform": "test",
            "kind": kind,
            "question": "What?",
            "horizon": 2,
            "first_year": 2023,
            "money": "RMB_2023",
            "headline_rate": 10,
            "rates": [{"percent": 10, "status": "choice", "source": "test"}],
            "draws": 1000,
            "seed": 1,
            "break_even": [],
            "inputs": inputs,
            "extrapolations": [{"what": "a", "known_for": "b", "used_for": "c"}],
            "unknown": ["all"],
        }
        return Scenario.model_validate(content | header)

    return declare


@pytest.fixture
def customs() -> dict[str, tuple[float, str]]:
    """Return a customs case with round numbers: everything is taken up at once."""
    return {
        "flow": (100, "bn RMB_2022 / year"),
        "price_level": (1.1, "RMB_2023 / RMB_2022"),
        "volume_growth": (0, "percent"),
        "direction_share": (50, "percent"),
        "covered_share": (20, "percent"),
        "take_up_full": (100, "percent"),
        "take_up_years": (1, "year"),
        "elasticity_short": (2, "1"),
        "elasticity_long": (4, "1"),
        "elasticity_years": (2, "year"),
        "time_change": (-25, "percent"),
        "hours_before": (48, "hour"),
        "value_of_day": (2, "percent / day"),
        "interest_rate": (4, "percent / year"),
        "spread_cut": (12, "hour"),
        "holding_cost": (20, "percent / year"),
        "clearance_cost": (1, "percent"),
        "cost_change": (-30, "percent"),
        "distinct_share": (50, "percent"),
        "taxed_share": (10, "percent"),
        "import_tax": (13, "percent"),
        "running_cost": (5, "m RMB_2023 / year"),
        "private_cost": (3, "m RMB_2023 / year"),
        "setup_cost": (40, "m RMB_2023"),
    }


@pytest.fixture
def effects() -> Callable[..., EffectTable]:
    """Make an effect table from estimates and a covariance."""

    def make_table(
        estimates: list[float], covariance: np.ndarray | None, *, scale: str = "percent"
    ) -> EffectTable:
        errors = np.full(len(estimates), np.nan)
        if covariance is not None:
            errors = np.sqrt(np.diag(covariance))
        rows = [
            {
                "outcome": "time",
                "estimand": "ATT",
                "estimator": "a test",
                "term": str(n),
                "event_time": n,
                "estimate": value,
                "std_error": errors[n],
                "conf_level": 0.95,
                "scale": scale,
                "n_obs": 10,
                "n_units": 5,
                "n_treated": 2,
                "n_control": 3,
            }
            for n, value in enumerate(estimates)
        ]
        return EffectTable(frame=effect_frame(rows), covariance=covariance)

    return make_table
