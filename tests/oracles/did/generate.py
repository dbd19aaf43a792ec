"""Write outside.json: what other programs give on mpdta. Run under Python 3.12:

pip install csdid==0.4.3 diff-diff==3.13.0 moderndid==0.4.1 pyfixest==0.60.0
PYTHONHASHSEED=0 python tests/oracles/did/generate.py
"""

from __future__ import annotations

import contextlib
import io
import json
import warnings
from importlib.metadata import version
from pathlib import Path

import diff_diff as dd
import moderndid
import numpy as np
import pandas as pd
import pyfixest
from csdid.att_gt import ATTgt

HERE = Path(__file__).resolve().parent
NAMES = {"unit": "countyreal", "time": "year", "first_treat": "first_treat"}


def main() -> None:
    warnings.simplefilter("ignore")
    data = pd.read_csv(HERE / "mpdta.csv")
    data["employment"] = np.exp(data["lemp"])
    data["big"] = (data["lpop"] > 3.5).astype(int)
    one = data[data["first_treat"].isin([0, 2007])].copy()
    one["dose"] = np.where(one["first_treat"] > 0, one["lpop"] - one["lpop"].min() + 0.5, 0.0)
    with contextlib.redirect_stdout(io.StringIO()):
        found = {
            **group_time(data),
            **imputed(data),
            **regressions(data),
            **triple(one[one["year"] >= 2006]),
            **dose(one),
        }
    tools = ("csdid", "diff-diff", "moderndid", "pyfixest", "numpy", "pandas")
    found["versions"] = {name: version(name) for name in tools}
    (HERE / "outside.json").write_text(json.dumps(found, indent=1, default=float) + "\n")


def group_time(data: pd.DataFrame) -> dict[str, object]:
    found: dict[str, object] = {}
    for control in ("nevertreated", "notyettreated"):
        for base in ("varying", "universal"):
            made = moderndid.att_gt(
                data=data,
                yname="lemp",
                tname="year",
                idname="countyreal",
                gname="first_treat",
                est_method="reg",
                control_group=control,
                base_period=base,
            )
            key = f"group_time {control} {base}"
            found[key] = rows(made.groups, made.times, made.att_gt, made.se_gt)
            for kind in ("simple", "group", "calendar", "dynamic"):
                mean = moderndid.aggte(made, type=kind)
                found[f"{key} {kind}"] = [float(mean.overall_att), float(mean.overall_se)]
                if kind != "simple":
                    found[f"{key} {kind} rows"] = [
                        [float(x) for x in one]
                        for one in zip(
                            mean.event_times, mean.att_by_event, mean.se_by_event, strict=True
                        )
                    ]
    for method in ("dr", "reg", "ipw"):
        made = moderndid.att_gt(
            data=data,
            yname="lemp",
            tname="year",
            idname="countyreal",
            gname="first_treat",
            xformla="~lpop",
            est_method=method,
        )
        mean = moderndid.aggte(made, type="simple")
        found[f"covariate {method} moderndid"] = [float(mean.overall_att), float(mean.overall_se)]
        model = ATTgt(
            yname="lemp",
            gname="first_treat",
            idname="countyreal",
            tname="year",
            xformla="lemp~lpop",
            data=data.copy(),
            control_group=["nevertreated"],
        )
        made = model.fit(est_method=method, bstrap=False)
        found[f"covariate {method} csdid"] = [float(x) for x in made.results["att"]]
        other = dd.CallawaySantAnna(estimation_method=method).fit(
            data, outcome="lemp", covariates=["lpop"], **NAMES
        )
        found[f"covariate {method} diff-diff"] = [other.overall_att, other.overall_se]
    return found


def rows(groups: object, times: object, att: object, error: object) -> list[list[float]]:
    return [
        [float(x) for x in one]
        for one in zip(groups, times, att, error, strict=True)  # type: ignore[call-overload]
    ]


def by_event(made: object) -> list[list[float]]:
    effects = made.event_study_effects  # type: ignore[attr-defined]
    return [[int(e), float(v["effect"]), float(v["se"])] for e, v in sorted(effects.items())]


def imputed(data: pd.DataFrame) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, model in (("imputation", dd.ImputationDiD()), ("two_stage", dd.TwoStageDiD())):
        made = model.fit(data, outcome="lemp", aggregate="event_study", **NAMES)
        found[name] = [made.overall_att, made.overall_se]
        found[f"{name} rows"] = by_event(made)
    made = dd.SunAbraham().fit(data, outcome="lemp", **NAMES)
    found["interaction_weighted"] = [made.overall_att, made.overall_se]
    found["interaction_weighted rows"] = by_event(made)
    made = dd.StackedDiD(kappa_pre=1, kappa_post=1).fit(
        data, outcome="lemp", aggregate="event_study", **NAMES
    )
    found["stacked"] = [made.overall_att, made.overall_se]
    found["stacked rows"] = by_event(made)
    made = dd.BaconDecomposition().fit(data, outcome="lemp", **NAMES)
    found["bacon"] = [
        [str(c.treated_group), str(c.control_group), c.comparison_type, c.estimate, c.weight]
        for c in made.comparisons
    ]
    return found


def regressions(data: pd.DataFrame) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, outcome, family, covariates in (
        ("extended_twfe linear", "lemp", "ols", None),
        ("extended_twfe covariate", "lemp", "ols", ["lpop"]),
        ("extended_twfe poisson", "employment", "poisson", None),
    ):
        made = dd.WooldridgeDiD(method=family).fit(
            data,
            outcome=outcome,
            unit="countyreal",
            time="year",
            cohort="first_treat",
            **({"exovar": covariates} if covariates else {}),
        )
        found[name] = [made.overall_att, made.overall_se]
        found[f"{name} rows"] = [
            [int(g), int(t), float(v["att"]), float(v["se"])]
            for (g, t), v in sorted(made.group_time_effects.items())
        ]
    treated = (data["first_treat"] > 0) & (data["year"] >= data["first_treat"])
    fitted = pyfixest.feols(
        "lemp ~ treated | countyreal + year",
        data.assign(treated=treated.astype(int)),
        vcov={"CRV1": "countyreal"},
    )
    found["twfe"] = [float(fitted.coef().iloc[0]), float(fitted.se().iloc[0])]
    return found


def triple(two: pd.DataFrame) -> dict[str, object]:
    made = moderndid.ddd(
        data=two,
        yname="lemp",
        tname="year",
        idname="countyreal",
        gname="first_treat",
        pname="big",
        est_method="reg",
    )
    return {"triple": [float(made.att), float(made.se)]}


def dose(one: pd.DataFrame) -> dict[str, object]:
    found: dict[str, object] = {}
    for degree in (1, 3):
        made = dd.ContinuousDiD(degree=degree, num_knots=0, dvals=[2.0, 3.0, 4.0]).fit(
            one, outcome="lemp", dose="dose", **NAMES
        )
        curve = made.dose_response_att
        found[f"dose {degree}"] = {
            "att": [made.overall_att, made.overall_att_se],
            "acrt": [made.overall_acrt, made.overall_acrt_se],
            "curve": [list(map(float, curve.effects)), list(map(float, curve.se))],
        }
    return found


if __name__ == "__main__":
    main()
