"""The command line: report, run, check, template, new, simulate, freeze, notebooks, words."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
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
    _end_as_interrupted()
    try:
        code = options.command(options)
    except AnalysisError as error:
        for fault in error.faults:
            print(f"error: {fault}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; the last report is as it was", file=sys.stderr)
        return 130
    return code or 0


def _end_as_interrupted() -> None:
    """Let a request to end, and a terminal that is closed, do what the keys for it do.

    Whoever told the process to pass over one of them (``nohup``) is heeded.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    for name in ("SIGTERM", "SIGHUP"):
        request = getattr(signal, name, None)  # Windows lacks the second
        if request is not None and signal.getsignal(request) is signal.SIG_DFL:
            signal.signal(request, _interrupt)


def _interrupt(*_: object) -> None:
    """Interrupt this process, also where the keys for it are passed over (behind ``&``)."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.raise_signal(signal.SIGINT)


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

    pdf = commands.add_parser("pdf", help="print the built report into one PDF (needs Chromium)")
    pdf.add_argument("--html", type=Path, help="the built report (default: _build/html)")
    pdf.add_argument("--out", type=Path, help="the file to write (default: _build/report.pdf)")
    pdf.set_defaults(command=_pdf)

    run = commands.add_parser("run", help="evaluate one study or scenario and print the findings")
    run.add_argument(
        "study", help="name of a file in data/reforms or data/scenarios, without .toml"
    )
    run.add_argument("--out", type=Path, help="folder for effects.csv and checks.csv")
    run.set_defaults(command=_run)

    check = commands.add_parser(
        "check", help="name every fault of the project, or of a folder with your files, at once"
    )
    check.add_argument(
        "folder", type=Path, nargs="?", help="folder with your files (default: check the project)"
    )
    check.set_defaults(command=_check)

    template = commands.add_parser(
        "template", help="write the empty tables of a reform, with a dictionary of their columns"
    )
    template.add_argument("reform", help="name of a file in data/reforms, without .toml")
    template.add_argument("--out", type=Path, help="folder for them (default: templates/<reform>)")
    template.add_argument("--language", choices=("english", "chinese"), default="english")
    template.set_defaults(command=_template)

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

    freeze = commands.add_parser(
        "freeze", help="freeze the findings; what moved is listed with the reason given"
    )
    freeze.add_argument("--reason", help="why numbers moved; needed as soon as one did")
    freeze.set_defaults(command=_freeze)

    refresh = commands.add_parser(
        "notebooks", help="run the notebooks in place and store their text outputs"
    )
    refresh.set_defaults(command=_notebooks)

    words = commands.add_parser(
        "words", help="list in locale/ what the other editions of the report have to say anew"
    )
    words.set_defaults(command=_words)
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


def _pdf(options: argparse.Namespace) -> None:
    from analysis import catalog, printing

    root = catalog.find_root()
    html = (options.html or root / "_build" / "html").absolute()
    out = options.out or root / "_build" / "report.pdf"
    fonts = sorted((root / "book" / "_ext" / "fonts").glob("*.woff"))
    font = fonts[0] if fonts else None
    for made in printing.print_editions(html, out=out, font=font, say=_say):
        _say(f"written: {made}")


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


def _check(options: argparse.Namespace) -> int:
    from analysis import catalog

    folder = options.folder
    if folder is not None and not (folder / "data" / "sources.toml").is_file():
        return _check_supplied(folder)
    root = catalog.find_root(folder)
    catalog.check_project(root)
    _say(f"{root}: no faults")
    return 0


def _check_supplied(folder: Path) -> int:
    from analysis import catalog

    intake = catalog.check_supplied(catalog.find_root(), folder, say=_say)
    for line in intake.lines():
        _say(line)
    if intake.doubts:
        _say(f"The answers to choose from stand in {folder / 'decisions.proposed.toml'}.")
    _say(f"{folder}: ready for a report" if intake.ready else f"{folder}: not ready yet")
    return 0 if intake.ready else 2


def _template(options: argparse.Namespace) -> None:
    from analysis import catalog

    folder = options.out or Path("templates") / options.reform
    root = catalog.find_root()
    for path in catalog.write_templates(
        root, options.reform, folder=folder, language=options.language
    ):
        _say(f"written: {path}")
    _say(f"Next: fill in the tables of one folder, then: python -m analysis check {folder / 'csv'}")


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


def _freeze(options: argparse.Namespace) -> None:
    from analysis import catalog, freezing

    freezing.freeze(catalog.find_root(), reason=options.reason, say=_say)


def _notebooks(_: argparse.Namespace) -> None:
    from analysis import catalog, notebooks

    notebooks.refresh(catalog.find_root() / "book", say=_say)


def _words(_: argparse.Namespace) -> None:
    from analysis import catalog, report

    report.update_words(catalog.find_root(), say=_say)


if __name__ == "__main__":
    sys.exit(main())
