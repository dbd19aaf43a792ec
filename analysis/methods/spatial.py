"""Covariance of estimates whose errors are alike in places that lie close (Conley)."""

from __future__ import annotations

from typing import Literal

import numpy as np

Kernel = Literal["bartlett", "uniform"]
EARTH_RADIUS_KM = 6_371.0088


def great_circle_km(latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
    """Distances between all places (n, n) in kilometres, from degrees (n,)."""
    lat, lon = np.radians(latitude), np.radians(longitude)
    half = np.sin((lat[:, None] - lat) / 2) ** 2
    half += np.cos(lat[:, None]) * np.cos(lat) * np.sin((lon[:, None] - lon) / 2) ** 2
    return np.asarray(2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(half, 0, 1))))


def spatial_covariance(
    influence: np.ndarray, distance: np.ndarray, *, cutoff: float, kernel: Kernel = "bartlett"
) -> np.ndarray:
    r"""Conley covariance of k estimates.

    Parameters
    ----------
    influence : numpy.ndarray
        What every unit adds to the error of every estimate, all its times together, (n, k): any
        dependence over time within a unit is allowed.
    distance : numpy.ndarray
        Between units, (n, n), in the unit of `cutoff`.
    cutoff : float
        Distance from which errors are taken as independent.
    kernel : {"bartlett", "uniform"}
        Weight that falls in a line to zero at the cutoff, or one below it.

    Returns
    -------
    numpy.ndarray
        Shape (k, k). In two dimensions no kernel of distance alone is sure to give a covariance;
        negative eigenvalues are set to zero.

    References
    ----------
    Conley (1999), doi:10.1016/S0304-4076(98)00084-0.
    """
    near = distance < cutoff
    weight = np.where(near, 1 - distance / cutoff if kernel == "bartlett" else 1.0, 0.0)
    np.fill_diagonal(weight, 1.0)
    covariance = influence.T @ weight @ influence
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    return np.asarray((vectors * np.clip(values, 0, None)) @ vectors.T)
