"""Run the truth suite: ``python -m benchmarks.truth [--draws N] [--designs N] [--only GROUP]``.

Finished designs are kept in the result file and not run again: an interrupted run goes on where it
stopped. Delete the file, or change --seed or --draws, to start afresh.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from benchmarks.truth import designs, measure

RESULTS = Path(__file__).resolve().parents[1] / "results"
GROUPS = (
    *("must_show", "held_out", "harder", "many", "failing", "placebo"),
    *("methods", "examples", "synthetic"),
)


def main() -> int:
    """Run what is asked for and not yet there."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.truth")
    parser.add_argument("--draws", type=int, default=5_000)
    parser.add_argument("--designs", type=int, default=360, help="held-out designs")
    parser.add_argument("--scenes", type=int, default=1_000, help="draws of every scene")
    parser.add_argument("--seed", type=int, default=20_260_101)
    parser.add_argument("--only", choices=GROUPS, default=None)
    asked = parser.parse_args()
    for group in [asked.only] if asked.only else GROUPS:
        if group == "placebo":
            from benchmarks.truth.placebo import run

            run(RESULTS / "truth_placebo.csv", n_draws=min(asked.draws, 2_000), seed=asked.seed)
            continue
        if group in ("methods", "synthetic"):
            from benchmarks.truth import methods

            methods.run(
                RESULTS / "truth_methods.csv",
                n_draws=asked.scenes,
                seed=asked.seed,
                linear=group == "methods",
            )
            continue
        if group == "examples":
            from benchmarks.truth import examples

            examples.run(RESULTS / "truth_examples.csv", seed=asked.seed)
            continue
        listed = {
            "must_show": lambda: designs.must_show(asked.seed),
            "held_out": lambda: designs.held_out(asked.designs, asked.seed),
            "harder": lambda: designs.harder(asked.seed),
            "many": lambda: designs.many(asked.seed),
            "failing": lambda: designs.failing(asked.seed),
        }[group]()
        _run(listed, RESULTS / f"truth_{group}.csv", n_draws=asked.draws)
    return 0


def _run(listed: list[designs.Design], path: Path, *, n_draws: int) -> None:
    done = _done(path, n_draws)
    left = [design for design in listed if (design.name, design.seed) not in done]
    start = time.monotonic()
    for number, design in enumerate(left, 1):
        rows = measure.measure(design, n_draws)
        if design.regional:
            rows += measure.within_region(design, n_draws)
        facts = asdict(design) | {"draws": n_draws}
        _append(path, [facts | row | _versions() for row in rows])
        took = time.monotonic() - start
        said = next(row for row in rows if row["inference"] == "recommended")
        print(
            f"{design.group} {number}/{len(left)} {design.name}: size {said['size']:.3f}, "
            f"{took / number * (len(left) - number):.0f} s to go",
            file=sys.stderr,
            flush=True,
        )


def _done(path: Path, n_draws: int) -> set[tuple[str, int]]:
    if not path.exists():
        return set()
    have = pd.read_csv(path, dtype={"name": str})
    have = have[have["draws"] == n_draws]
    return set(zip(have["name"], have["seed"].astype(int), strict=True))


def _append(path: Path, rows: list[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = pd.DataFrame(rows)
    if path.exists():
        new = pd.concat([pd.read_csv(path, dtype={"name": str}), new], ignore_index=True)
    part = path.with_suffix(".part")
    new.to_csv(part, index=False, float_format="%.6g")
    part.replace(path)


def _versions() -> dict[str, str]:
    return {name: version(name) for name in ("numpy", "scipy", "pandas", "statsmodels")}


if __name__ == "__main__":
    raise SystemExit(main())
