"""What the truth suite measured: where each method can be trusted, and where not."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from analysis import catalog
from analysis.markup import Table, show
from analysis.pages.method_tables import MARK
from analysis.tables import say

#: A test at 5% may reject so often, in any single design, to be recommended.
PROMISED = 0.06
#: Coverage of 95% intervals that counts as right.
LOW, HIGH = 0.94, 0.96
#: A bias below this share of the standard deviation of the estimate does not show.
SMALL_BIAS = 0.1
#: Share of draws without an interval from which a method is said to hold only where it speaks.
SILENT = 0.2
#: Kinds of inference shown beside the recommended one for placebo reforms.
PLACEBO_KINDS = ("CR1", "CR2", "CR3", "scaled_t", "randomisation")
#: Monte Carlo errors by which a measure must miss before it counts as missing.
ERRORS = 2.0


def held_out() -> pd.DataFrame:
    """Return size, coverage and length of the recommended inference in every held-out design."""
    held = _results("truth_held_out")
    return held[held["inference"] == "recommended"].reset_index(drop=True)


def glue_held_out() -> None:
    """Hand the result of the held-out designs to prose.

    Keys: ``designs``, ``draws``, ``within`` (designs at or below the promise), ``beyond``,
    ``largest``, ``median``, ``smallest`` (size), ``coverage`` (median), ``covered`` (designs whose
    coverage lies from 94 to 96%), ``wider`` (designs whose coverage lies above), ``length``,
    ``shortest``, ``longest`` (interval over that of somebody who knows the truth), ``silent``
    (mean share of draws without a p-value), ``error`` (largest Monte Carlo error).
    """
    held = held_out()
    size, cover, length = held["size"], held["coverage"], held["length_to_oracle"]
    within = size.round(6) <= PROMISED
    say("designs", str(len(held)))
    say("draws", f"{int(held['draws'].min()):,}")
    say("within", str(int(within.sum())))
    say("beyond", str(int((~within).sum())))
    say("largest", _percent(size.max()))
    say("median", _percent(size.median()))
    say("smallest", _percent(size.min()))
    say("coverage", _percent(cover.median()))
    say("covered", str(int(cover.between(LOW, HIGH).sum())))
    say("wider", str(int((cover > HIGH).sum())))
    say("length", f"{length.median():.2f}")
    say("shortest", f"{length.min():.2f}")
    say("longest", f"{length.max():.2f}")
    say("silent", _percent(held["no_p_value"].mean()))
    say("error", f"{100 * held['mc_error'].max():.1f}")


def worst_designs(*, count: int = 10) -> Table:
    """Show the held-out designs in which the recommended inference rejects most often."""
    held = held_out().sort_values("size", ascending=False).head(count)
    rows = [
        {
            "Units": row["n_units"],
            "Treated": row["n_treated"],
            "Times": row["n_times"],
            "Before": row["n_before"],
            "AR(1)": f"{row['ar1']:.2f}",
            "Sizes": row["sizes"],
            "Size, %": _share(row["size"]),
            "Error, points": _share(row["mc_error"]),
            "Coverage, %": _share(row["coverage"]),
            "Length to oracle": f"{row['length_to_oracle']:.2f}",
        }
        for row in held.to_dict("records")
    ]
    caption = f"The held-out designs with the largest sizes, recommended inference {MARK}"
    return show(pd.DataFrame(rows), caption=caption)


def by_sizes() -> Table:
    """Show the held-out designs in groups: treated units, equal or unequal sizes."""
    groups = held_out().groupby(["sizes", "n_treated"], sort=True)
    rows = [
        {
            "Sizes": sizes,
            "Treated": treated,
            "Designs": len(held),
            "Size, %: median": _share(held["size"].median()),
            "largest": _share(held["size"].max()),
            "Coverage, %: median": _share(held["coverage"].median()),
            "Length to oracle: median": f"{held['length_to_oracle'].median():.2f}",
            "Power, %: median": _share(held["power"].median()),
        }
        for (sizes, treated), held in groups
    ]
    caption = f"Recommended inference in the held-out designs {MARK}"
    return show(pd.DataFrame(rows), caption=caption)


def harder() -> Table:
    """Show the recommended inference in designs beside the promise."""
    held = _results("truth_harder")
    rows = [_design(row) for row in held[held["inference"] == "recommended"].itertuples()]
    draws = int(held["draws"].min())
    caption = f"Designs beside the promise, recommended inference, {draws:,} draws {MARK}"
    return show(pd.DataFrame(rows), caption=caption, interactive=True)


def glue_harder() -> None:
    """Hand the designs beside the promise to prose.

    Keys: ``harder``, ``harder-holding`` (designs), and of the design with the largest size
    ``harder-worst`` (size) and ``harder-silent`` (share of draws without a p-value).
    """
    held = _results("truth_harder")
    held = held[held["inference"] == "recommended"]
    said = [_holds(*one) for one in zip(held["size"], held["mc_error"], strict=True)]
    worst = held.dropna(subset="size").sort_values("size").iloc[-1]
    say("harder", str(len(held)))
    say("harder-holding", str(said.count("yes")))
    say("harder-worst", _percent(worst["size"]))
    say("harder-silent", _percent(worst["no_p_value"]))


def _design(row: object) -> dict[str, object]:
    size, error = row.size, row.mc_error  # type: ignore[attr-defined]
    return {
        "Design": row.name,  # type: ignore[attr-defined]
        "Holds": _holds(size, error),
        "Size, %": _percents(size, error),
        "Coverage, %": _percents(1 - size, error),
        "Length to oracle": _plain(row.length_to_oracle),  # type: ignore[attr-defined]
        "Power, %": _share(row.power),  # type: ignore[attr-defined]
        "No p-value, %": _share(row.no_p_value),  # type: ignore[attr-defined]
    }


def _holds(size: float, error: float) -> str:
    if np.isnan(size):
        return "nothing printed"
    return "yes" if size <= PROMISED + ERRORS * error else "no"


def flags() -> Table:
    """Show designs in which nothing holds, and how often each flag is raised on them."""
    held = _results("truth_failing")
    wide = held[held["inference"] == "recommended"].set_index("name")
    local = held[held["inference"] == "scaled_t within region"].set_index("name")
    rows = []
    for name, row in wide.iterrows():
        inside = local.loc[[name]] if name in local.index else local.iloc[:0]
        rows.append(
            {
                "Design": str(name),
                "Size, %": _percents(row["size"], row["mc_error"]),
                "Holds": _holds(row["size"], row["mc_error"]),
                "No p-value, %": _share(row["no_p_value"]),
                "Any flag, %": _share(row["any_flag"]),
                "Variance flag, %": _share(row["variance_flag"]),
                "Pre-trend flag, %": _share(row["pre_trend_flag"]),
                "Co-movement flag, %": _share(row["shared_flag"]),
                "Region flag, %": _first(inside, "region_flag"),
                "Size within the region, %": _first(inside, "size"),
            }
        )
    caption = f"Designs in which nothing holds, and the flags raised on them {MARK}"
    return show(pd.DataFrame(rows), caption=caption)


def _first(held: pd.DataFrame, column: str) -> str:
    return _share(float(held[column].iloc[0])) if len(held) else "not asked"


def trusted() -> Table:
    """Show in one word where each estimator holds, scene by scene."""
    held = _results("truth_methods")
    names = list(dict.fromkeys(held["estimator"]))
    rows = []
    for what, part in held.groupby("what", sort=False):
        said = {row.estimator: _word(row) for row in part.itertuples()}
        rows.append({"Scene": what, **{name: said.get(name, "not drawn") for name in names}})
    caption = f"Where each estimator holds, in one word; rows with real are provinces {MARK}"
    return show(pd.DataFrame(rows), caption=caption, interactive=True)


def glue_estimators() -> None:
    """Hand counts of verdicts to prose.

    Keys: ``scenes``, ``estimators``, ``cases`` (of one estimator in one scene), ``holding``,
    ``speaking`` (hold where they speak), ``wrong``, ``scene-least`` and ``scene-draws`` (fewest and
    most draws) and, of the methods with examples of their own, ``examples`` and
    ``examples-holding``.
    """
    held = _results("truth_methods")
    said = [_word(row) for row in held.itertuples()]
    say("scenes", str(held["scene"].nunique()))
    say("estimators", str(held["estimator"].nunique()))
    say("cases", str(len(said)))
    say("holding", str(said.count("holds")))
    say("speaking", str(said.count("holds where it speaks")))
    say("wrong", str(sum("biased" in one or "covers" in one for one in said)))
    say("scene-least", f"{int(held['draws'].min()):,}")
    say("scene-draws", f"{int(held['draws'].max()):,}")
    others = [_word(row) for row in _results("truth_examples").itertuples()]
    say("examples", str(len(others)))
    say("examples-holding", str(others.count("holds")))


def _word(row: object) -> str:
    return verdict(row) if row.draws else str(row.refused).partition(":")[0]  # type: ignore[attr-defined]


def estimators(*, scenes: Iterable[str] = ()) -> Table:
    """Show bias, error, coverage, size and power of every estimator, scene by scene."""
    held = _results("truth_methods")
    chosen = tuple(scenes)
    held = held[held["scene"].isin(chosen)] if chosen else held
    rows = [
        {"Scene": row.what, "Estimator": row.estimator, **_measures(row)}
        for row in held.itertuples()
    ]
    caption = f"Estimators with their recommended inference; rows with real are provinces {MARK}"
    return show(pd.DataFrame(rows), caption=caption, interactive=True)


def examples() -> Table:
    """Show the same measures for the methods that need other data than panels of means."""
    held = _results("truth_examples")
    rows = [
        {"Estimator": row.estimator, "Drawn": row.what, **_measures(row)}
        for row in held.itertuples()
    ]
    caption = f"Other estimators with their recommended inference {MARK}"
    return show(pd.DataFrame(rows), caption=caption, interactive=True)


def _measures(row: object) -> dict[str, object]:
    draws = int(row.draws)  # type: ignore[attr-defined]
    if draws == 0:
        return {"Verdict": _word(row), "Draws": "0"}
    return {
        "Verdict": _word(row),
        "Bias": _both(row.bias, row.bias_error, digits=4),  # type: ignore[attr-defined]
        "Root mean squared error": f"{row.rmse:.4f}",  # type: ignore[attr-defined]
        "Coverage, %": _percents(row.coverage, row.coverage_error),  # type: ignore[attr-defined]
        "Size, %": _percents(row.size, row.size_error),  # type: ignore[attr-defined]
        "Power, %": _percents(row.power, getattr(row, "power_error", np.nan)),  # type: ignore[attr-defined]
        "No interval, %": _share(row.no_interval),  # type: ignore[attr-defined]
        "Inference, mostly": "none" if row.no_interval == 1 else row.inference,  # type: ignore[attr-defined]
        "Draws": f"{draws:,}",
    }


def verdict(row: object) -> str:
    """Say in a few words whether an estimator can be trusted in a scene.

    Parameters
    ----------
    row : object
        Attributes ``bias``, ``bias_error``, ``sd``, ``coverage``, ``coverage_error`` and
        ``no_interval``.

    Returns
    -------
    str
        "holds", "holds where it speaks" (no interval in many draws), "says nothing", or what is
        wrong: "biased", "covers too little".
    """
    bias, error, sd = row.bias, row.bias_error, row.sd  # type: ignore[attr-defined]
    covered, silent = row.coverage, row.no_interval  # type: ignore[attr-defined]
    wrong = []
    if abs(bias) > max(SMALL_BIAS * sd, ERRORS * error):
        wrong.append("biased")
    if silent == 1:
        return " and ".join([*wrong, "says nothing"])
    least = 2 * LOW - 0.95 - ERRORS * row.coverage_error  # type: ignore[attr-defined]
    if covered < least:
        wrong.append("covers too little")
    return " and ".join(wrong) or ("holds where it speaks" if silent > SILENT else "holds")


def placebo() -> Table:
    """Show how often placebo reforms on the real panel of provinces find something."""
    held = _results("truth_placebo")
    rows = []
    for (treated, cohort), part in held.groupby(["n_treated", "cohort"]):
        kinds = {str(one["inference"]): one for one in part.to_dict("records")}
        mine = kinds["recommended"]
        row: dict[str, object] = {"Treated": treated, "Placebo reform in": str(cohort)}
        row["Sets"] = f"{int(mine['draws']):,}"
        row |= {f"{kind}, %": _share(kinds[kind]["size"]) for kind in PLACEBO_KINDS}
        row["recommended, %"] = _percents(mine["size"], mine["mc_error"])
        row["No p-value, %"] = _share(mine["no_p_value"])
        row["Any flag, %"] = _share(mine["any_flag"])
        rows.append(row)
    caption = "Placebo reforms on sets of untouched provinces: found at a level of 5%"
    return show(pd.DataFrame(rows), caption=caption, interactive=True)


def glue_placebo() -> None:
    """Hand the placebo reforms to prose.

    Keys: ``placebos`` (sets of provinces and years), ``placebo-largest`` (largest share found by
    the recommended test in any design), ``placebo-cluster`` and ``placebo-cluster-least``
    (largest and smallest share that CR1 finds with two treated), ``placebo-flagged`` (mean share
    of sets with any flag).
    """
    held = _results("truth_placebo")
    mine = held[held["inference"] == "recommended"]
    two = held.loc[(held["inference"] == "CR1") & (held["n_treated"] == 2), "size"]
    say("placebos", f"{int(mine['draws'].sum()):,}")
    say("placebo-largest", _percent(mine["size"].max()))
    say("placebo-cluster", _percent(two.max()))
    say("placebo-cluster-least", _percent(two.min()))
    say("placebo-flagged", _percent(mine["any_flag"].mean()))


def _percent(value: float) -> str:
    return f"{100 * value:.1f}%"


def _share(value: float) -> str:
    return "none" if np.isnan(value) else f"{100 * value:.1f}"


def _plain(value: float) -> str:
    return "none" if np.isnan(value) else f"{value:.2f}"


def _percents(value: float, error: float) -> str:
    if np.isnan(value):
        return "none"
    return f"{100 * value:.1f} (\N{PLUS-MINUS SIGN}{100 * error:.1f})"


def _both(value: float, error: float, *, digits: int) -> str:
    sign = "\N{MINUS SIGN}" if value < 0 else "+"
    return f"{sign}{abs(value):.{digits}f} (\N{PLUS-MINUS SIGN}{error:.{digits}f})"


def _results(name: str) -> pd.DataFrame:
    return catalog.read_results(catalog.find_root(), name)
