"""Findings frozen reform by reform, so that no number moves unseen and unexplained."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import pandas as pd

from analysis import catalog
from analysis.catalog import frozen
from analysis.errors import BuildError
from analysis.markup import Table, show
from analysis.study import Findings, run
from analysis.tables import say as hand_over

Say = Callable[[str], None]

#: Numbers of every design that are frozen.
NUMBERS = ("estimate", "std_error", "p_value", "conf_low", "conf_high")
COUNTS = ("n_obs", "n_treated", "n_control")
#: Digits that are frozen, and the relative change below which a number has not moved.
DIGITS, SAME = 6, 1e-4


def findings(
    reform: str, *, designs: Iterable[str] | None = None, root: Path | None = None
) -> pd.DataFrame:
    """Evaluate a reform and return what is frozen of it, one row a number.

    Parameters
    ----------
    reform : str
        Id of a declared reform.
    designs : iterable of str, optional
        As in `run`.
    root : pathlib.Path, optional
        As in `run`.

    Returns
    -------
    pandas.DataFrame
        Columns ``item`` (design or claim), ``quantity`` and ``value``, all text.
    """
    made = run(reform, designs=designs, root=root, checks=False)
    return pd.DataFrame(list(_rows(made)), columns=list(frozen.COLUMNS))


def _rows(made: Findings) -> Iterator[tuple[str, str, str]]:
    for result in made.results:
        effect = result.effects.overall
        for name in NUMBERS:
            value = float(getattr(effect, name))
            yield result.design.id, name, _text(value)
        for name in COUNTS:
            yield result.design.id, name, str(getattr(effect, name))
        yield result.design.id, "inference", effect.inference
    for verdict in made.verdicts:
        yield verdict.claim.id, "verdict", verdict.status


def _text(value: float) -> str:
    return "none" if math.isnan(value) else f"{value:.{DIGITS}g}"


def compare(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Return what differs between two editions of the findings of a reform.

    Parameters
    ----------
    before, after : pandas.DataFrame
        As `findings` returns them.

    Returns
    -------
    pandas.DataFrame
        Columns ``item``, ``quantity``, ``before`` and ``after``; "absent" where only one has it.
    """
    keys = ["item", "quantity"]
    both = before.merge(after, on=keys, how="outer", suffixes=("_before", "_after"), sort=False)
    both = both.rename(columns={"value_before": "before", "value_after": "after"})
    both = both.fillna({"before": "absent", "after": "absent"})
    moved = [not _same(*pair) for pair in zip(both["before"], both["after"], strict=True)]
    return both[moved].reset_index(drop=True)


def _same(before: str, after: str) -> bool:
    if before == after:
        return True
    try:
        one, two = float(before), float(after)
    except ValueError:
        return False
    return math.isclose(one, two, rel_tol=SAME, abs_tol=0.0)


def differences(moved: pd.DataFrame) -> str:
    """Write what moved, one line a number."""
    return "\n".join(
        f"{row.reform}, {row.item}, {row.quantity}: was {row.before}, is {row.after}"
        for row in moved.itertuples()
    )


def moved_since(root: Path, *, today: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return every number that is not as it was frozen.

    Parameters
    ----------
    root : pathlib.Path
    today : mapping
        Findings by reform; what is frozen of others counts as gone.

    Returns
    -------
    pandas.DataFrame
        Columns ``reform``, ``item``, ``quantity``, ``before`` and ``after``.
    """
    none = pd.DataFrame(columns=list(frozen.COLUMNS), dtype=str)
    names = sorted({*today, *frozen.list_frozen(root)})
    parts = [
        compare(frozen.read_frozen(root, name), today.get(name, none)).assign(reform=name)
        for name in names
    ]
    columns = ["reform", "item", "quantity", "before", "after"]
    return pd.concat([pd.DataFrame(columns=columns), *parts], ignore_index=True)[columns]


def freeze(root: Path, *, reason: str | None, say: Say) -> None:
    """Freeze the findings as they are today; what moved goes into the list with its reason.

    Parameters
    ----------
    root : pathlib.Path
    reason : str or None
        Why numbers moved; needed as soon as one did.
    say : callable
        Receives lines of progress.

    Raises
    ------
    BuildError
        Numbers moved and no reason is given; every one is named.
    """
    before = frozen.list_frozen(root)
    today = {name: findings(name, root=root) for name in catalog.list_reforms(root)}
    moved = moved_since(root, today=today)
    why = " ".join((reason or "").split())
    if before and len(moved) and not why:
        raise BuildError.of(
            expected="findings as they were frozen, or the reason why they moved",
            found=f"{len(moved)} that moved:\n{differences(moved)}",
            mend='see whether they should have moved, then `analysis freeze --reason "..."`',
        )
    for name, held in today.items():
        frozen.write_frozen(root, name, held)
    for name in {*before} - {*today}:
        frozen.drop_frozen(root, name)
    say(f"frozen: {len(today)} reforms")
    if before and len(moved):
        frozen.add_moved(root, moved, reason=why)
        say(f"{len(moved)} numbers moved; see {frozen.MOVED} and {frozen.CHANGELOG}")


def editions() -> Table:
    """Show every number that moved since the first freeze, with its reason."""
    held = frozen.read_moved(catalog.find_root())
    heads = {name: name.capitalize() for name in frozen.MOVES}
    return show(
        held.rename(columns=heads),
        caption="Numbers that moved between editions",
        interactive=len(held) > 0,
    )


def holdings() -> Table:
    """Show how many numbers and verdicts of every reform are frozen."""
    root = catalog.find_root()
    rows = []
    for name in frozen.list_frozen(root):
        held = frozen.read_frozen(root, name)
        verdicts = held["quantity"] == "verdict"
        rows.append(
            {
                "Reform": name,
                "Designs": held.loc[~verdicts, "item"].nunique(),
                "Numbers": int((~verdicts).sum()),
                "Verdicts": int(verdicts.sum()),
            }
        )
    return show(pd.DataFrame(rows), caption="What is frozen")


def glue() -> None:
    """Hand counts to prose: ``frozen`` (numbers and verdicts), ``reforms``, ``moved``."""
    root = catalog.find_root()
    names = frozen.list_frozen(root)
    hand_over("frozen", f"{sum(len(frozen.read_frozen(root, name)) for name in names):,}")
    hand_over("reforms", str(len(names)))
    hand_over("moved", str(len(frozen.read_moved(root))))
