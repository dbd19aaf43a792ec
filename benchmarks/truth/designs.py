"""Designs of the truth suite: what is drawn, and who is treated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis.methods.simulate import draw_errors, unit_spread

Kind = Literal["equal", "unequal", "hidden"]
Who = Literal["random", "smallest", "largest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """One design; every unit of it is seen at every time, all treated start together.

    Attributes
    ----------
    group, name : str
        Where it is reported, and a name that is unique.
    n_units, n_times, n_before, n_treated : int
    ar1 : float
    sizes : {"equal", "unequal", "hidden"}
        ``"unequal"``: log-normal weights that tell the variance; ``"hidden"``: variances differ
        log-normally and no weight tells.
    spread : float
        Standard deviation of the log of sizes or variances.
    who : {"random", "smallest", "largest"}
        Which units are treated: smallest means noisiest.
    tails, skew : float
        Of the innovations.
    regional : float
        Share of the variance that all units of a region have in common; the treated lie in one.
    variance : float
        Factor by which the reform changes the variance of treated units.
    selection : float
        Extra loading of the treated on a common random walk.
    seed : int
    """

    group: str
    name: str
    n_units: int = 30
    n_times: int = 36
    n_before: int = 24
    n_treated: int = 4
    ar1: float = 0.8
    sizes: Kind = "equal"
    spread: float = 1.0
    who: Who = "random"
    tails: float = np.inf
    skew: float = 0.0
    regional: float = 0.0
    variance: float = 1.0
    selection: float = 0.0
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """Outcomes without any effect, and what the analyst knows.

    Attributes
    ----------
    outcomes : numpy.ndarray
        Shape (n_draws, n_units, n_times).
    sizes : numpy.ndarray
        Weights the analyst sees, (n_units,).
    treated : numpy.ndarray
        Boolean (n_units,).
    region : numpy.ndarray
        Code of the region of every unit, (n_units,).
    """

    outcomes: np.ndarray
    sizes: np.ndarray
    treated: np.ndarray
    region: np.ndarray


def draw(design: Design, n_draws: int) -> Drawn:
    """Draw the outcomes of a design."""
    rng = np.random.default_rng(design.seed)
    n = design.n_units
    logs = rng.normal(0, design.spread, n)
    sizes = np.exp(logs) if design.sizes == "unequal" else np.ones(n)
    spread = np.exp(logs / 2) if design.sizes == "hidden" else unit_spread(sizes)
    treated = np.zeros(n, dtype=bool)
    treated[_chosen(rng, spread, design)] = True
    region = _regions(treated)
    shape = (n_draws, n, design.n_times)
    errors = draw_errors(rng, shape, ar1=design.ar1, tails=design.tails, skew=design.skew)
    if design.regional:
        common = draw_errors(rng, (n_draws, region.max() + 1, design.n_times), ar1=design.ar1)
        errors = np.sqrt(1 - design.regional) * errors
        errors += np.sqrt(design.regional) * common[:, region]
    errors *= spread[:, None]
    if design.variance != 1:
        errors[:, treated, design.n_before :] *= np.sqrt(design.variance)
    if design.selection:
        walk = rng.standard_normal((n_draws, design.n_times)).cumsum(axis=1)
        loads = rng.standard_normal(n) * 0.5 + design.selection * treated
        errors += loads[:, None] * walk[:, None, :] / np.sqrt(design.n_times)
    return Drawn(outcomes=errors, sizes=sizes, treated=treated, region=region)


def _chosen(rng: np.random.Generator, spread: np.ndarray, design: Design) -> np.ndarray:
    order = np.argsort(-spread, kind="stable")
    if design.who == "smallest":
        return order[: design.n_treated]
    if design.who == "largest":
        return order[::-1][: design.n_treated]
    return rng.choice(design.n_units, design.n_treated, replace=False)


def _regions(treated: np.ndarray) -> np.ndarray:
    """Put the treated and as many controls into region 0, the rest in regions of that size."""
    size = 2 * int(treated.sum())
    order = np.concatenate([np.flatnonzero(treated), np.flatnonzero(~treated)])
    region = np.empty(len(treated), dtype=int)
    region[order] = np.arange(len(treated)) // size
    return region


def must_show(seed: int) -> list[Design]:
    """List the designs of the size table: 1-6 treated of 30, AR(1) 0.8."""
    made = []
    for n_treated in (1, 2, 3, 4, 6):
        made.append(Design(group="must_show", name=f"equal {n_treated}", n_treated=n_treated))
        for who in ("random", "smallest", "largest"):
            name = f"unequal {n_treated} {who}"
            made.append(
                Design(group="must_show", name=name, n_treated=n_treated, sizes="unequal", who=who)
            )
    return _seeded(made, seed)


def held_out(count: int, seed: int) -> list[Design]:
    """Draw designs afresh: 2-6 treated of 12-31, AR(1) 0.5-0.95, equal and unequal."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(count):
        n_units = int(rng.integers(12, 32))
        n_times = int(rng.integers(24, 61))
        made.append(
            Design(
                group="held_out",
                name=f"{number:03d}",
                n_units=n_units,
                n_times=n_times,
                n_before=round(n_times * rng.uniform(0.5, 0.75)),
                n_treated=int(rng.integers(2, min(6, n_units // 2) + 1)),
                ar1=float(np.round(rng.uniform(0.5, 0.95), 3)),
                sizes="equal" if rng.random() < 0.4 else "unequal",
                spread=float(np.round(rng.uniform(0.3, 1.2), 3)),
            )
        )
    return _seeded(made, seed)


def harder(seed: int) -> list[Design]:
    """List designs beside the promise: tails, skew, long memory, hidden variances, many treated."""
    made = []
    for n_treated in (1, 2, 4, 6):
        t = str(n_treated)
        made += [
            Design(group="harder", name=f"tails t3 {t}", n_treated=n_treated, tails=3.0),
            Design(group="harder", name=f"skew 2 {t}", n_treated=n_treated, skew=2.0),
            Design(group="harder", name=f"ar 0.95 {t}", n_treated=n_treated, ar1=0.95),
            Design(
                group="harder",
                name=f"ar 0.95 unequal {t}",
                n_treated=n_treated,
                ar1=0.95,
                sizes="unequal",
            ),
            Design(
                group="harder",
                name=f"hidden 0.5 {t}",
                n_treated=n_treated,
                sizes="hidden",
                spread=0.5,
            ),
            Design(group="harder", name=f"hidden 1 {t}", n_treated=n_treated, sizes="hidden"),
            Design(
                group="harder",
                name=f"hidden 1 noisiest {t}",
                n_treated=n_treated,
                sizes="hidden",
                who="smallest",
            ),
        ]
    for n_units, n_treated in ((31, 10), (31, 15), (24, 12), (60, 10), (60, 30), (60, 2)):
        for sizes in ("equal", "unequal"):
            made.append(
                Design(
                    group="harder",
                    name=f"{n_treated} of {n_units} {sizes}",
                    n_units=n_units,
                    n_treated=n_treated,
                    sizes=sizes,
                )
            )
    return _seeded(made, seed)


def many(seed: int) -> list[Design]:
    """List designs around the number of clusters from which cluster-robust tests might hold."""
    made = []
    pairs = [(10, 10), (15, 15), (20, 20), (30, 30), (10, 40), (40, 10)]
    for n_treated, n_control in [*pairs, (50, 50)]:
        of = f"{n_treated} + {n_control}"
        n_units = n_treated + n_control
        made.append(Design(group="many", name=f"{of} equal", n_units=n_units, n_treated=n_treated))
        large = n_units >= 100
        for who in ("random", "largest") if large else ("random", "smallest", "largest"):
            for spread in (1.0,) if large else (0.5, 1.0):
                made.append(
                    Design(
                        group="many",
                        name=f"{of} unequal {spread:g} {who}",
                        n_units=n_units,
                        n_treated=n_treated,
                        sizes="unequal",
                        spread=spread,
                        who=who,
                    )
                )
    return _seeded(made, seed)


def failing(seed: int) -> list[Design]:
    """List designs in which no test for few treated units holds."""
    made = []
    for n_treated in (2, 4):
        for share in (0.1, 0.3, 0.5):
            name = f"regional shock {share} {n_treated}"
            made.append(Design(group="failing", name=name, n_treated=n_treated, regional=share))
        for factor in (2.0, 4.0):
            name = f"variance x{factor:g} {n_treated}"
            made.append(Design(group="failing", name=name, n_treated=n_treated, variance=factor))
        for extra in (0.5, 1.5):
            name = f"selection {extra} {n_treated}"
            made.append(Design(group="failing", name=name, n_treated=n_treated, selection=extra))
    return _seeded(made, seed)


def _seeded(designs: list[Design], seed: int) -> list[Design]:
    from dataclasses import replace
    from zlib import crc32

    return [replace(d, seed=crc32(f"{seed} {d.group} {d.name}".encode())) for d in designs]
