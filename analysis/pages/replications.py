"""Published evaluations done again with our methods, beside the numbers that were published."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis import catalog, methods
from analysis.markup import Table, show
from analysis.methods.effects import EffectTable
from analysis.methods.panel import Panel
from analysis.methods.regression import fit
from analysis.tables import say

#: Years over which predictors of cigarette sales are averaged in the published study.
PREDICTORS = {
    "log_income": (1980, 1988),
    "age_15_to_24": (1980, 1988),
    "retail_price": (1980, 1988),
    "beer": (1984, 1988),
}
#: Years whose sales are predictors too.
LAGS = (1975, 1980, 1988)
#: First quarter after the handover, counted from the first quarter held.
HANDOVER = 19


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One number of ours that stands beside a published one.

    Attributes
    ----------
    table, quantity : str
        As in the file of published results.
    estimate, std_error : float
        The error is nan where none is compared.
    """

    table: str
    quantity: str
    estimate: float
    std_error: float = float("nan")


def compare(replication: str, *, table: str) -> Table:
    """Show one published table beside ours.

    Parameters
    ----------
    replication : str
        Name of a published evaluation that is done again.
    table : str
        Name of one of its tables.

    Returns
    -------
    Table
    """
    held = _compared(replication)
    rows = held[held["table"] == table]
    shown = pd.DataFrame(
        {
            "Quantity": rows["quantity"],
            "Published": [_digits(*one) for one in zip(rows["estimate"], rows["decimals"])],  # noqa: B905
            "Ours": [_digits(*one) for one in zip(rows["ours"], rows["decimals"] + 1)],  # noqa: B905
            "Same digits": np.where(rows["same"], "yes", "no"),
        }
    )
    if rows["std_error"].notna().any():
        places = rows["decimals"].where(rows["decimals"] > 1, 1)
        shown["Published error"] = [_digits(*one) for one in zip(rows["std_error"], places)]  # noqa: B905
        shown["Our error"] = [_digits(*one) for one in zip(rows["our_error"], places)]  # noqa: B905
    return show(shown, caption=f"{table}: published and ours")


def overview() -> Table:
    """Show how many published numbers each replication meets in every printed digit."""
    rows = []
    for name in NAMES:
        held = _compared(name)
        rows.append(
            {
                "Replication": name.replace("-", " "),
                "Published numbers": len(held),
                "Equal in every digit": int(held["same"].sum()),
                "Largest gap": f"{held['gap'].max():.4f}",
            }
        )
    return show(pd.DataFrame(rows), caption="Published numbers and ours")


def glue(replication: str) -> None:
    """Hand the counts of a comparison to prose.

    Keys: ``compared``, ``same`` (equal in every printed digit), ``largest`` (largest gap between
    ours and the published number), ``where`` (its quantity).
    """
    held = _compared(replication)
    worst = held.sort_values("gap").iloc[-1]
    say("compared", str(len(held)))
    say("same", str(int(held["same"].sum())))
    say("largest", f"{worst['gap']:.4f}")
    say("where", f"{worst['quantity']} ({worst['table'][0].lower()}{worst['table'][1:]})")


def results(replication: str) -> tuple[Found, ...]:
    """Compute our numbers of one replication."""
    return tuple(_REPLICATIONS[replication]())


def _compared(replication: str) -> pd.DataFrame:
    published = _read("published-results")
    published = published[published["replication"] == replication]
    ours = pd.DataFrame(
        [(one.table, one.quantity, one.estimate, one.std_error) for one in results(replication)],
        columns=["table", "quantity", "ours", "our_error"],
    )
    held = published.merge(ours, on=["table", "quantity"], how="left", validate="one_to_one")
    gap = (held["ours"] - held["estimate"]).abs()
    # A printed number stands for all that round to it; the slack is that of binary fractions.
    return held.assign(gap=gap, same=gap <= 0.5 * 10.0 ** -held["decimals"] * (1 + 1e-9))


def _digits(value: float, decimals: float) -> str:
    if not np.isfinite(value):
        return ""
    text = f"{abs(value):.{int(decimals)}f}"
    return f"\N{MINUS SIGN}{text}" if value < 0 else text


def _read(source: str) -> pd.DataFrame:
    return catalog.read_table(catalog.find_root(), source)


# ---------------------------------------------------------------- minimum wages


def _minimum_wage() -> Iterator[Found]:
    panel = Panel.from_frame(
        _read("minimum-wage"),
        unit="county",
        time="year",
        outcome="log_employment",
        cohort="first_year",
        scale="log",
    )
    made = methods.group_time_att(panel, control_group="never_treated", inference="CR0")
    for row in made.tidy().to_dict("records"):
        if not pd.isna(row["cohort"]):
            yield _found("Group-time effects", f"ATT({row['cohort']},{row['time']})", row)
    for row in made.aggregate("dynamic").tidy().to_dict("records"):
        name = "ATT overall" if pd.isna(row["event_time"]) else f"ATT({row['event_time']})"
        yield _found("Effects by event time", name, row)
    for row in made.aggregate("cohort").tidy().to_dict("records"):
        name = "ATT overall" if pd.isna(row["cohort"]) else f"cohort {row['cohort']}"
        yield _found("Effects by cohort", name, row)


def _found(table: str, quantity: str, row: Mapping[Hashable, Any]) -> Found:
    return Found(
        table=table,
        quantity=quantity,
        estimate=float(row["estimate"]),
        std_error=float(row["std_error"]),
    )


# ---------------------------------------------------------------- tobacco


def _tobacco() -> Iterator[Found]:
    panel = _california(PREDICTORS)
    plain_panel = _california({})
    mean = "Mean effect 1989-2000, packs a head"
    plain = methods.difference_in_differences(plain_panel, inference="none")
    control = methods.synthetic_control(plain_panel, inference="none")
    both = methods.synthetic_did(plain_panel, inference="placebo")
    yield Found(table=mean, quantity="difference in differences", estimate=plain.overall.estimate)
    yield Found(table=mean, quantity="synthetic control", estimate=control.overall.estimate)
    yield Found(
        table=mean,
        quantity="synthetic difference in differences",
        estimate=both.overall.estimate,
        std_error=both.overall.std_error,
    )
    predicted = methods.synthetic_control(
        panel, covariates=tuple(PREDICTORS), lags=LAGS, starts=2, inference="none"
    )
    for table, made in (
        ("Weights of states, synthetic difference in differences", both),
        ("Weights of states, synthetic control on outcomes", control),
        ("Weights of states, synthetic control on predictors", predicted),
    ):
        for state, weight in _donors(made).items():
            yield Found(table=table, quantity=str(state), estimate=float(weight))
    cells = both.augment()
    years = cells[(cells["unit"] == "California") & (cells["time"] < 1989)]
    for year, weight in zip(years["time"], years["weight"], strict=True):
        table = "Weights of years, synthetic difference in differences"
        yield Found(table=table, quantity=str(year), estimate=float(weight))


def _california(predictors: Mapping[str, tuple[int, int]]) -> Panel:
    frame = _read("cigarette-sales")
    frame["first"] = pd.array(np.where(frame["state"] == "California", 1989, 0), dtype="Int64")
    frame.loc[frame["first"] == 0, "first"] = pd.NA
    for name, (first, last) in predictors.items():
        window = frame[frame["year"].between(first, last)]
        frame[name] = frame["state"].map(window.groupby("state")[name].mean())
    return Panel.from_frame(
        frame,
        unit="state",
        time="year",
        outcome="sales",
        cohort="first",
        covariates=list(predictors),
    )


def _donors(made: EffectTable) -> pd.Series:
    cells = made.augment()
    return cells[cells["unit"] != "California"].groupby("unit")["weight"].first()


# ---------------------------------------------------------------- enterprise zones


def _enterprise_zones() -> Iterator[Found]:
    """Regress first differences of log claims on new zones and years."""
    frame = _read("enterprise-zones").sort_values(["city", "year"])
    frame["change"] = np.log(frame["claims"]).groupby(frame["city"]).diff()
    frame["opened"] = frame["zone"].groupby(frame["city"]).diff()
    frame = frame[frame["change"].notna()].assign(first=pd.array([pd.NA], dtype="Int64")[0])
    frame["first"] = frame["first"].astype("Int64")
    panel = Panel.from_frame(frame, unit="city", time="year", outcome="change", cohort="first")
    made = fit(panel, frame[["opened"]].to_numpy(float), names=("zone",), effects=["time"])
    yield Found(
        table="Change of log claims",
        quantity="new enterprise zone",
        estimate=float(made.coefficients[0]),
        std_error=float(np.sqrt(made.covariance("iid")[0, 0])),
    )


# ---------------------------------------------------------------- Hong Kong


def _hong_kong() -> Iterator[Found]:
    frame = _read("hong-kong")
    treated = frame["economy"] == "HongKong"
    frame["first"] = pd.Series(HANDOVER, index=frame.index, dtype="Int64").where(treated)
    panel = Panel.from_frame(frame, unit="economy", time="number", outcome="growth", cohort="first")
    made = methods.panel_approach(panel, criterion="AICc", inference="none")
    cells = made.augment()
    own = cells[cells["unit"] == "HongKong"].set_index("time")
    before = own[own.index < HANDOVER]
    donors = cells[(cells["unit"] != "HongKong") & (cells["weight"] != 0)]
    weights = donors.groupby("unit")["weight"].first()
    table = "Coefficients before the handover"
    names = {"UnitedStates": "United States"}
    for economy, weight in weights.items():
        name = names.get(str(economy), str(economy))
        yield Found(table=table, quantity=name, estimate=float(weight))
    paths = donors.pivot_table(index="time", columns="unit", values="observed")
    fitted = paths[weights.index] @ weights
    constant = float((before["counterfactual"] - fitted[before.index]).mean())
    gap = before["observed"] - before["counterfactual"]
    share = 1 - float(
        (gap**2).sum() / ((before["observed"] - before["observed"].mean()) ** 2).sum()
    )
    yield Found(table=table, quantity="constant", estimate=constant)
    yield Found(table=table, quantity="R squared", estimate=share)
    yield Found(
        table="Effect on growth",
        quantity="mean of all quarters after",
        estimate=made.overall.estimate,
    )


_REPLICATIONS: dict[str, Callable[[], Iterator[Found]]] = {
    "minimum-wage": _minimum_wage,
    "tobacco": _tobacco,
    "enterprise-zones": _enterprise_zones,
    "hong-kong": _hong_kong,
}
#: Published evaluations that are done again.
NAMES = tuple(_REPLICATIONS)
