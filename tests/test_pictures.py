"""Figures carry their numbers; every room of figures has its twins."""

from __future__ import annotations

import io
from importlib import import_module
from inspect import signature

import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis import pictures
from tests.test_architecture import MODULES

ROOMS = sorted(name for name in MODULES if name == "plots" or name.endswith("_plots"))


def dots(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    ax = pictures.axes(ax)
    ax.plot(frame["x"], frame["y"], "o")
    return ax


def describe_dots(frame: pd.DataFrame) -> str:
    return f"{len(frame)} dots."


def tabulate_dots(frame: pd.DataFrame) -> pd.DataFrame:
    return frame


def bare(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    return dots(frame, ax=ax)


@pytest.mark.parametrize("room", ROOMS)
def test_every_figure_says_what_is_seen_and_gives_its_numbers(room: str) -> None:
    module = import_module(f"analysis.{room}")
    drawing = [
        name
        for name, made in vars(module).items()
        if not name.startswith("_")
        and callable(made)
        and getattr(made, "__module__", "") == module.__name__
        and "ax" in signature(made).parameters
    ]
    assert drawing, room
    for name in drawing:
        assert callable(getattr(module, f"describe_{name}")), f"{room}.describe_{name}"
        assert callable(getattr(module, f"tabulate_{name}")), f"{room}.tabulate_{name}"


def test_the_numbers_stand_in_the_drawing_and_nowhere_else() -> None:
    frame = pd.DataFrame({"x": [1, 2], "y": [0.1234567, 1e9], "name": ["a<b", "=1+1"]})
    made = pictures.picture(dots, frame, caption="c", alt=describe_dots)
    assert made.svg.count("figure-data") == 1
    assert "a&lt;b" in made.svg
    assert "figure-data" not in made._repr_mimebundle_()["text/plain"]
    assert "figure-data" not in pictures.picture(bare, frame, caption="c", alt=describe_dots).svg


def test_csv_has_six_digits_and_nothing_that_runs() -> None:
    frame = pd.DataFrame({"x": [-1.23456789, None], "name": ["=HYPERLINK(1)", "-5 degrees, cold"]})
    text = pictures.csv(frame)
    assert text == "x,name\n-1.23457,'=HYPERLINK(1)\n,\"'-5 degrees, cold\"\n"
    back = pd.read_csv(io.StringIO(text))
    assert back["x"].iloc[0] == pytest.approx(frame["x"].iloc[0], rel=1e-5)


def test_drawing_leaves_no_trace_in_global_settings() -> None:
    before = Figure().get_figwidth()
    pictures.picture(dots, pd.DataFrame({"x": [1], "y": [1]}), caption="c", alt=describe_dots)
    assert Figure().get_figwidth() == before
