"""Covariances of a regression of cells that equal those of a regression of the rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from analysis.errors import IdentificationError
from analysis.methods.few_clusters import jackknife

if TYPE_CHECKING:
    from analysis.methods.regression import Regression

Kind = Literal["iid", "HC0", "HC1", "CR0", "CR1", "CR3"]
Convention = Literal["statsmodels", "fixest"]
TwoWay = Literal["each", "min"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Sums over the rows of every cell, (N,) each; None where zero, or, for `w2`, not known.

    Attributes
    ----------
    ss : numpy.ndarray
        Weighted squares about the mean.
    w2, w2e, w2ee : numpy.ndarray or None
        Squared weights, times the distance from the mean, times its square.
    """

    ss: np.ndarray
    w2: np.ndarray | None
    w2e: np.ndarray | None
    w2ee: np.ndarray | None


def covariance(
    fitted: Regression,
    kind: Kind,
    *,
    convention: Convention,
    second: np.ndarray | None,
    two_way: TwoWay,
) -> np.ndarray:
    """See `Regression.covariance`."""
    if kind == "iid":
        scale = sum_of_squares(fitted) / (fitted.n_obs - count(fitted, convention))
        return np.asarray(scale * fitted.bread)
    if kind in ("HC0", "HC1"):
        n, k = fitted.n_obs, count(fitted, convention)
        factor = n / (n - k) if kind == "HC1" else 1.0
        return np.asarray(factor * fitted.bread @ _row_meat(fitted) @ fitted.bread)
    if kind == "CR3":
        return _jackknife(fitted, convention, second)
    if kind not in ("CR0", "CR1"):
        raise IdentificationError.of(
            expected="iid, HC0, HC1, CR0, CR1 or CR3", found=kind, mend="choose one of these"
        )
    return _clustered(fitted, kind, convention, second, two_way)


def sum_of_squares(fitted: Regression) -> float:
    """Weighted sum of squared residuals of the rows."""
    between = float(fitted.weights @ fitted.residuals**2)
    if fitted.inner is not None:
        return between + float(fitted.inner.residuals @ fitted.inner.residuals)
    return between + float(_spread(fitted).ss.sum())


def count(
    fitted: Regression, convention: Convention, clusterings: tuple[np.ndarray, ...] = ()
) -> int:
    """Coefficients that the degrees of freedom pay for.

    ``"statsmodels"``: the rank of terms, covariates and all dummies. ``"fixest"``: terms,
    covariates and the levels of all factors less one for each factor after the first, as if they
    were connected; factors nested in a clustering give back all their levels but one.
    """
    if convention == "statsmodels":
        return fitted.rank
    if fitted.factors is None:
        raise IdentificationError.of(
            expected="a regression with absorbed effects",
            found="none recorded",
            mend="use convention='statsmodels'",
        )
    sizes = fitted.factors.sizes
    total = fitted.n_columns + sum(sizes) - (len(sizes) - 1)
    for code, size in zip(fitted.factors.codes, sizes, strict=True):
        if any(_nested(code, clusters) for clusters in clusterings):
            total -= size - 1
    return total


def _nested(code: np.ndarray, clusters: np.ndarray) -> bool:
    first = np.full(int(code.max()) + 1, -1)
    first[code] = clusters
    return bool((first[code] == clusters).all())


def _spread(fitted: Regression) -> Spread:
    if fitted.spread is None:
        raise IdentificationError.of(
            expected="a regression of cells that kept their spread",
            found="none",
            mend="use a cluster-robust covariance",
        )
    return fitted.spread


def _row_meat(fitted: Regression) -> np.ndarray:
    if fitted.inner is not None:
        raise IdentificationError.of(
            expected="terms that are constant inside cells",
            found="continuous covariates: fourth moments are not kept",
            mend="use a cluster-robust covariance, or make the covariate a category",
        )
    spread = _spread(fitted)
    if spread.w2 is None:
        raise IdentificationError.of(
            expected="cells that kept their squared weights",
            found="weighted cells of several rows without",
            mend="use a cluster-robust covariance",
        )
    size = spread.w2 * fitted.residuals**2
    if spread.w2e is not None:
        size = size + 2 * spread.w2e * fitted.residuals
    if spread.w2ee is not None:
        size = size + spread.w2ee
    return np.asarray(fitted.design.T @ (fitted.design * size[:, None]))


def _clustered(
    fitted: Regression,
    kind: Kind,
    convention: Convention,
    second: np.ndarray | None,
    two_way: TwoWay,
) -> np.ndarray:
    ways = [fitted.clusters]
    if second is not None:
        other = pd.factorize(np.asarray(second), sort=True)[0]
        both = pd.factorize(fitted.clusters * (int(other.max()) + 1) + other)[0]
        ways += [other, both]
    sizes = [int(way.max()) + 1 for way in ways]
    n, k = fitted.n_obs, count(fitted, convention, tuple(ways))
    total = np.zeros_like(fitted.bread)
    for way, size, sign in zip(ways, sizes, (1, 1, -1), strict=False):
        influence = fitted.scores_by(way) @ fitted.bread
        g = min(sizes) if two_way == "min" else size
        factor = g / (g - 1) * (n - 1) / (n - k) if kind == "CR1" else 1.0
        total += sign * factor * influence.T @ influence
    return total


def _jackknife(fitted: Regression, convention: Convention, second: np.ndarray | None) -> np.ndarray:
    if second is not None:
        raise IdentificationError.of(
            expected="CR3 with one clustering", found="two", mend="use CR1 with two clusterings"
        )
    made = jackknife(fitted.least_squares, np.eye(len(fitted.bread)))
    if len(made.lost):
        raise IdentificationError.of(
            expected="terms that can be estimated without any one cluster",
            found=f"{len(made.lost)} clusters that a term depends on alone",
            mend="use CR1, or fewer terms",
        )
    if convention == "statsmodels":
        return made.covariance
    n, g = fitted.n_obs, fitted.n_clusters
    k = count(fitted, convention, (fitted.clusters,))
    return np.asarray(made.covariance * (g / (g - 1)) ** 2 * (n - 1) / (n - k))
