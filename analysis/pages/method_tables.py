"""Tables of the method pages: worked examples, diagnoses, measured sizes, degenerate input."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd

from analysis import catalog, methods
from analysis.markup import Table, show
from analysis.methods import checks, sensitivity
from analysis.methods.effects import Effect, number
from analysis.pages.method_examples import example as drawn
from analysis.pages.method_examples import simultaneous, staggered
from analysis.tables import say

#: What every caption of a worked example ends with.
MARK = "[Simulated data]"


def example(*names: str, inference: str = "recommended") -> Table:
    """Show what was planted in simulated data and what the methods recover."""
    rows = [_recovered(name, inference) for name in names]
    return show(pd.DataFrame(rows), caption=f"Planted and recovered {MARK}")


def _recovered(name: str, inference: str) -> dict[str, object]:
    made = drawn(name)
    effect = made.estimate(inference).overall  # type: ignore[arg-type]
    return {
        "Method": name,
        "Drawn": made.what,
        "Quantity": made.quantity,
        "Planted": number(made.planted),
        "Recovered": number(effect.estimate),
        "95% interval": _interval(effect),
        "Holds the planted": _holds(effect, made.planted),
        "Inference": effect.inference,
    }


def _interval(effect: Effect) -> str:
    closed = np.isfinite(effect.conf_low) and np.isfinite(effect.conf_high)
    return f"{number(effect.conf_low)} to {number(effect.conf_high)}" if closed else "none"


def _holds(effect: Effect, planted: float) -> str:
    if not np.isfinite(effect.conf_low):
        return "no interval"
    return "yes" if effect.conf_low <= planted <= effect.conf_high else "no"


def mixture() -> Table:
    """Show what a two-way coefficient averages when effects grow and cohorts differ."""
    panel = staggered().panel
    made = methods.decompose(panel)
    sums = made.comparisons.assign(product=lambda c: c["weight"] * c["estimate"])
    rows = [
        {
            "Comparison": str(kind),
            "Weight": number(float(held["weight"].sum()), signed=False),
            "Mean estimate": number(float(held["product"].sum() / held["weight"].sum())),
        }
        for kind, held in sums.groupby("kind", sort=False)
    ]
    coefficient = methods.difference_in_differences(panel, inference="none").overall.estimate
    truth = drawn("group_time_att").planted
    rows += [
        {"Comparison": "two-way coefficient", "Weight": "1", "Mean estimate": number(coefficient)},
        {"Comparison": "planted", "Weight": "", "Mean estimate": number(truth)},
    ]
    return show(pd.DataFrame(rows), caption=f"What the two-way coefficient averages {MARK}")


def diagnosis() -> Table:
    """Show checks and sensitivity of one design in which nothing is wrong."""
    panel = simultaneous().panel
    study = partial(methods.event_study, inference="randomisation", seed=1)
    single = partial(methods.difference_in_differences, inference="scaled_t")
    path = methods.event_study(panel, inference="CR1")
    held = [checks.pre_trends(panel, study), checks.leave_one_out(panel, single)]
    rows = [{"Question": c.question, "Seen": c.seen, "Result": c.status} for c in held]
    rows += [_answer(*told) for told in _sensitivities(path)]
    return show(pd.DataFrame(rows), caption=f"Checks and sensitivity of one design {MARK}")


def _answer(question: str, seen: str) -> dict[str, str]:
    return {"Question": question, "Seen": seen, "Result": "told, not judged"}


def _sensitivities(path: methods.EffectTable) -> Iterator[tuple[str, str]]:
    bounds = sensitivity.honest_bounds(path, bounds=(0.0, 0.5, 1.0))
    low, high = bounds.frame["conf_low"].iloc[1], bounds.frame["conf_high"].iloc[1]
    yield (
        "What if later trend gaps were half the largest step before the reform?",
        f"interval {number(low)} to {number(high)}",
    )
    unseen = sensitivity.pre_trend_power(path)
    yield (
        "Which slope would the leads show in half of all draws?",
        f"{number(unseen.slope)} a time, which moves the estimate by {number(unseen.bias)}",
    )
    overall = path.overall
    hidden = sensitivity.confounding(overall.estimate / overall.std_error, dof=29)
    yield (
        "How strong would a confounder have to be?",
        f"{number(100 * hidden.robustness, signed=False)}% of treatment and outcome each",
    )


def compressed() -> Table:
    """Show the same regression from rows and from cells, digit by digit."""
    from analysis.pages.method_examples import records

    rows = records()
    names = {"unit": "zone", "time": "month", "outcome": "hours", "cohort": "first"}
    single = rows.assign(row=np.arange(len(rows)).astype(str))
    cells = methods.compress(rows, **names)  # type: ignore[arg-type]
    apart = methods.compress(single, **names, categories=["row"])  # type: ignore[arg-type]
    held = []
    for what, panel in (("rows, one cell each", _plain(apart)), ("cells", cells)):
        effect = methods.difference_in_differences(panel, inference="CR1").overall
        held.append(
            {
                "From": what,
                "Cells": f"{len(panel.cells):,}",
                "Estimate": f"{effect.estimate:.6f}",
                "Standard error (CR1)": f"{effect.std_error:.6f}",
            }
        )
    return show(pd.DataFrame(held), caption=f"The same regression twice {MARK}")


def _plain(panel: methods.Panel) -> methods.Panel:
    from dataclasses import replace

    return replace(panel, categories=())


def sizes(*, table: str = "truth_must_show") -> Table:
    """Show how often each inference rejects a true null at the level of five in a hundred."""
    held = _results(table)
    order = list(dict.fromkeys(held["inference"]))
    wide = held.pivot_table(index="name", columns="inference", values="size", sort=False)
    silent = held[held["inference"] == "recommended"].set_index("name")["no_p_value"]
    rows = [
        {
            "Design": str(name),
            **{kind: _share(row.get(kind)) for kind in order},
            "No p-value recommended": _share(silent[str(name)]),
        }
        for name, row in wide.iterrows()
    ]
    draws = f"{int(held['draws'].min()):,}"
    caption = (
        f"Rejections of a true null at a level of 5%, in percent; {draws} draws or more a design, "
        f"{held['n_units'].iloc[0]} units, AR(1) {held['ar1'].iloc[0]} {MARK}"
    )
    return show(pd.DataFrame(rows), caption=caption)


def _share(value: float | None) -> str:
    return "none" if value is None or np.isnan(value) else f"{100 * value:.1f}"


def glue_sizes() -> None:
    """Hand the measured sizes that matter most to prose.

    Keys: ``worst`` and ``best`` (largest and smallest size of the recommended choice),
    ``cluster`` (CR1 with two equal treated units), ``draws``.
    """
    held = _results("truth_must_show")
    mine = held.loc[held["inference"] == "recommended", "size"]
    two = held[(held["name"] == "equal 2") & (held["inference"] == "CR1")]
    say("worst", f"{_share(mine.max())}%")
    say("best", f"{_share(mine.min())}%")
    say("cluster", f"{_share(float(two['size'].iloc[0]))}%")
    say("draws", f"{int(held['draws'].min()):,}")


def one_treated() -> Table:
    """Show size and coverage of every inference for one treated unit among thirty-one."""
    held = _results("synthetic_coverage")
    rows = [
        {
            "Design": row.design,
            "Inference": row.what,
            "Rejects a true null, %": f"{row.size_percent:.1f}",
            "Covers, %": f"{row.coverage_percent:.1f}",
            "Error, points": f"{row.monte_carlo_error_percent:.1f}",
            "Draws": f"{row.draws:,}",
        }
        for row in held.itertuples()
    ]
    caption = f"Size and coverage at a level of 5% {MARK}"
    return show(pd.DataFrame(rows), caption=caption, interactive=True)


def failing_alone() -> Table:
    """Show for every inference with one treated unit in how many designs it rejects too often."""
    held = _results("synthetic_coverage")
    held = held[held["n_treated"] == 1].sort_values("size_percent", kind="stable")
    rows = []
    for what in dict.fromkeys(_results("synthetic_coverage")["what"]):
        part = held[held["what"] == what]
        if part.empty:
            continue
        rows.append(
            {
                "Inference": str(what),
                "Designs": len(part),
                "Rejects too often in": int(_too_often(part).sum()),
                "Smallest size, %": f"{part['size_percent'].iloc[0]:.1f}",
                "Largest size, %": f"{part['size_percent'].iloc[-1]:.1f}",
                "Largest in": str(part["design"].iloc[-1]),
            }
        )
    caption = f"Designs in which a test at 5% rejects a true null too often {MARK}"
    return show(pd.DataFrame(rows), caption=caption)


def _too_often(held: pd.DataFrame) -> pd.Series:
    """Whether a size lies above the level by more than two Monte Carlo errors."""
    return held["size_percent"] - 2 * held["monte_carlo_error_percent"] > 5


def glue_one_treated() -> None:
    """Hand coverage with one treated unit to prose.

    Keys: ``placebo``, ``series``, ``prediction`` (coverage in the first design), ``holds`` (the
    kinds of inference that reject too often in no design), ``fails`` (those that do in every
    design), ``draws`` (of the first design) and ``draws-least`` (of any).
    """
    held = _results("synthetic_coverage")
    main = held[held["design"] == held["design"].iloc[0]].set_index("method")["coverage_percent"]
    for key, name in (
        ("placebo", "sc_placebo"),
        ("series", "its_segmented"),
        ("prediction", "pda_ar1"),
    ):
        say(key, f"{main[name]:.0f}%")
    say("draws", f"{int(held['draws'].iloc[0]):,}")
    say("draws-least", f"{int(held['draws'].min()):,}")
    alone = held[held["n_treated"] == 1]
    often = _too_often(alone).groupby(alone["what"], sort=False)
    say("holds", "; ".join(often.any()[lambda any_: ~any_].index) or "none")
    say("fails", "; ".join(often.all()[lambda all_: all_].index) or "none")


def few_treated(*, estimator: str) -> Table:
    """Show size and coverage of a model of ratios by number of treated units of thirty-one."""
    rows = [
        {
            "Units": str(row["sizes"]),
            "Treated": int(row["treated"]),
            "Inference": str(row["inference"]),
            "Gives a p-value, %": f"{100 * row['printed']:.0f}",
            "Rejects a true null, %": _share(row["size"]),
            "Covers, %": _share(row["coverage"]),
            "Error, points": _share(row["size_error"]),
            "Draws": f"{row['draws']:,}",
        }
        for row in _results(f"{estimator}_coverage").to_dict("records")
    ]
    caption = f"Size and coverage at a level of 5%, 31 units in 24 months {MARK}"
    return show(pd.DataFrame(rows), caption=caption)


def glue_few_treated(*, estimator: str) -> None:
    """Hand sizes of a model of ratios to prose.

    Keys: ``cluster-one``, ``cluster-twelve`` (CR1 with one and with twelve treated units of equal
    size), ``permuted-one`` (randomisation with one), ``scaled-worst`` (the size-scaled t at its
    worst), ``recommended-worst`` and ``recommended-error`` (what is recommended at its worst, and
    the error from the number of draws) and ``draws``.
    """
    held = _results(f"{estimator}_coverage")
    size = held.set_index(["sizes", "treated", "inference"])["size"]
    say("cluster-one", f"{_share(size['equal', 1, 'CR1'])}%")
    say("cluster-twelve", f"{_share(size['equal', 12, 'CR1'])}%")
    say("permuted-one", f"{_share(size['equal', 1, 'randomisation'])}%")
    say("scaled-worst", f"{_share(held.loc[held['inference'] == 'scaled_t', 'size'].max())}%")
    chosen = held[(held["inference"] == "recommended") & held["size"].notna()]
    worst = chosen.sort_values("size").iloc[-1]
    say("recommended-worst", f"{_share(float(worst['size']))}%")
    say("recommended-error", _share(float(worst["size_error"])))
    say("draws", f"{int(held['draws'].min()):,}")


def percentiles() -> Table:
    """Show effects on the whole distribution from one pass and one call, and what was planted."""
    from analysis.pages.method_examples import percentiles_drawn

    made = percentiles_drawn()
    rows = [
        {
            "Effect on": str(row["term"]),
            "Planted": number(made.planted[str(row["term"])]),
            "Recovered": number(row["estimate"]),
            "95% interval": f"{number(row['conf_low'])} to {number(row['conf_high'])}",
            "Unit": str(row["unit_of_measure"]),
        }
        for row in made.rows.to_dict("records")
    ]
    caption = f"Effects on percentiles and on the share in time, errors by zone {MARK}"
    return show(pd.DataFrame(rows), caption=caption)


def degenerate() -> Table:
    """Show what every method does with input from which nothing can be learned."""
    held = _results("degenerate")
    wide = held.pivot_table(
        index="input", columns="estimator", values="came", aggfunc="first", sort=False
    )
    rows = [
        {"Input": str(name), **{str(k): row[k] for k in wide.columns}}
        for name, row in wide.fillna("takes none").iterrows()
    ]
    return show(pd.DataFrame(rows), caption=f"What came of degenerate input {MARK}")


def degenerate_words() -> Table:
    """Show what was said in every case of `degenerate`."""
    held = _results("degenerate")
    heads = {"estimator": "Method", "input": "Input", "came": "Came", "said": "Said"}
    caption = f"What was said {MARK}"
    return show(held[list(heads)].rename(columns=heads), caption=caption, interactive=True)


def glue_degenerate() -> None:
    """Hand the counts of degenerate cases to prose: ``cases`` and a count for each answer."""
    held = _results("degenerate")
    say("cases", str(len(held)))
    for came in ("refused", "no interval", "estimate", "crash"):
        say(came.replace(" ", "-"), str(int((held["came"] == came).sum())))


def _results(name: str) -> pd.DataFrame:
    return catalog.read_results(catalog.find_root(), name)
