"""The command line: report, run, check, new, simulate, notebooks."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from analysis.errors import AnalysisError, DataError


def main(arguments: list[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : list of str, optional
        Words of the command line; by default those this process was called with.

    Returns
    -------
    int
        0 when all went well, 2 when an input, a page or the build has a fault.
    """
    options = _parser().parse_args(arguments)
    try:
        options.command(options)
    except AnalysisError as error:
        for fault in error.faults:
            print(f"error: {fault}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; the last report is as it was", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m analysis", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    report = commands.add_parser(
        "report", help="check everything, run all pages and build the report"
    )
    report.add_argument(
        "--data", type=Path, help="folder with your files; they replace those of the same name"
    )
    report.add_argument(
        "--out",
        type=Path,
        help="where the report goes (default: _build/html, or _build/data-report)",
    )
    report.set_defaults(command=_report)

    run = commands.add_parser("run", help="evaluate one study or scenario and print the findings")
    run.add_argument(
        "study", help="name of a file in data/reforms or data/scenarios, without .toml"
    )
    run.add_argument("--out", type=Path, help="folder for effects.csv and checks.csv")
    run.set_defaults(command=_run)

    check = commands.add_parser(
        "check", help="name every fault of the declarations and the data at once"
    )
    check.add_argument("folder", type=Path, nargs="?", help="project folder (default: this one)")
    check.set_defaults(command=_check)

    new = commands.add_parser("new", help="write the file and the page of a new reform")
    new.add_argument("reform", help="its id: small letters, digits and hyphens")
    new.add_argument("--title", help="heading of its page (default: made from the id)")
    new.add_argument("--area", default="trade", help="an area of data/vocabulary.toml")
    new.set_defaults(command=_new)

    simulate = commands.add_parser(
        "simulate", help="draw the simulated data again from the truths that reforms declare"
    )
    simulate.add_argument("reform", nargs="?", help="only this one (default: all)")
    simulate.add_argument(
        "--rows", type=int, help="draw about so many rows of one reform, into the folder --out"
    )
    simulate.add_argument("--out", type=Path, help="folder for the tables of --rows")
    simulate.set_defaults(command=_simulate)

    refresh = commands.add_parser(
        "notebooks", help="run the notebooks in place and store their text outputs"
    )
    refresh.set_defaults(command=_notebooks)
    return parser


def _say(line: str) -> None:
    print(line, flush=True)


def _report(options: argparse.Namespace) -> None:
    from analysis import catalog, report

    root = catalog.find_root()
    default = root / "_build" / ("html" if options.data is None else "data-report")
    out = (options.out or default).absolute()
    page = report.build_report(root, supplied=options.data, out=out, say=_say)
    _say(f"\nThe report is ready: {page}")
    _say(f"To read it, open that file in a browser, or this address: {page.as_uri()}")


def _run(options: argparse.Namespace) -> None:
    from analysis import catalog, run, tables

    if options.study in catalog.list_scenarios(catalog.find_root()):
        _project(options.study)
        return
    findings = run(options.study)
    _say(tables.summary(findings))
    if options.out is not None:
        for path in tables.write(findings, folder=options.out):
            _say(f"written: {path}")


def _project(scenario: str) -> None:
    from analysis import projections, scenarios

    _say(scenarios.summary(projections.run_scenario(scenario)))


def _check(options: argparse.Namespace) -> None:
    from analysis import catalog

    root = catalog.find_root(options.folder)
    catalog.check_project(root)
    _say(f"{root}: no faults")


def _new(options: argparse.Namespace) -> None:
    from analysis import catalog

    root = catalog.find_root()
    title = options.title or options.reform.replace("-", " ").capitalize()
    for path in catalog.new_reform(root, options.reform, title=title, area=options.area):
        _say(f"written: {path.relative_to(root)}")
    _say("Next: fill in the file, `python -m analysis check`, `python -m analysis notebooks`.")


def _simulate(options: argparse.Namespace) -> None:
    from analysis import catalog

    root = catalog.find_root()
    if options.rows is None and options.out is None:
        for path in catalog.write_simulated(root, only=options.reform):
            _say(f"written: {path.relative_to(root)}")
        return
    if None in (options.rows, options.out, options.reform):
        raise DataError.of(
            expected="a reform, --rows and --out together",
            found="only some of them",
            mend="name all three, or none to draw the tables of the project again",
        )
    for path in catalog.write_many(root, options.reform, rows=options.rows, folder=options.out):
        _say(f"written: {path}")


def _notebooks(_: argparse.Namespace) -> None:
    from analysis import catalog, notebooks

    notebooks.refresh(catalog.find_root() / "book", say=_say)


if __name__ == "__main__":
    sys.exit(main())
