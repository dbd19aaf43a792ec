"""From a project folder to a published report: stage, execute, build, publish; always afresh."""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from analysis import finished, outputs, publishing
from analysis.errors import BuildError, Fault

Say = Callable[[str], None]

_LOG = "report.log"
_STAGED = ("_config.yml", "_toc.yml", "book")
_STAGED_IF_THERE = ("benchmarks/results", "CITATION.cff", "locale", "requirements.txt")
_JUPYTER_BOOK = "from jupyter_book.cli.main import main; main()"
_MARK = ".buildinfo"
#: Sphinx writes a checksum of its settings there, another one with every version of Python.
_MARKED = "This folder is a built report: the next one may take its place.\n"
AT_ONCE = 2
"""Editions that are built side by side."""

_COMPLAINT = re.compile(
    r"(?:(?P<file>[^:\s][^:]*?)(?::(?P<row>\d*))?: )?(?:WARNING|ERROR|CRITICAL): (?P<said>.+)"
)
_ERROR = re.compile(r"(?!RuntimeError)(\w+\.)*[A-Z]\w*Error: \S")
_CELL = 10_000  # MyST-NB counts lines of a notebook from 10 000 x the number of the cell
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def build_report(root: Path, *, supplied: Path | None, out: Path, say: Say) -> Path:
    """Build the whole report and publish it at `out`.

    Parameters
    ----------
    root : Path
        Folder with `data/`, `book/`, `_config.yml` and `_toc.yml`.
    supplied : Path or None
        Folder with files of the user; they take the place of the files of the same name.
    out : Path
        Folder of the report. An earlier report there is replaced at the very end, in one move; it
        stays as it is when anything fails before.
    say : callable
        Receives lines of progress.

    Returns
    -------
    Path
        The page to open first.

    Raises
    ------
    AnalysisError
        With every fault of the declarations, the data, the pages or the build.
    """
    from analysis import catalog

    try:
        with publishing.alone(out, doing="building this report"):
            publishing.recover(out)
            _check_target(out)
            say("1/4 Checking declarations and data ...")
            catalog.check_project(root)
            with _staging(root) as staging:
                _stage_book(root, staging=staging)
                replaced = catalog.stage_data(root, staging, supplied)
                if replaced:
                    say(f"  your own files stand for: {', '.join(replaced)}")
                if supplied is not None:
                    _guard(staging, supplied, say=say)
                    outputs.evaluate(staging, say=say)
                with finished.finished(root / "_build", staging=staging) as store:
                    html = _built(root, staging=staging, store=store, say=say)
                    say("4/4 Publishing ...")
                    whole = html if supplied is None else outputs.gather(html, staging=staging)
                    publishing.publish(whole, out=out)
    except OSError as error:
        raise _no_room(error) from error
    return out / ("index.html" if supplied is None else f"{outputs.PAGES}/index.html")


def update_words(root: Path, *, say: Say) -> None:
    """Run all notebooks, and list what the other editions have to say anew in `locale/`.

    Parameters
    ----------
    root : Path
        Folder of the project.
    say : callable
        Receives lines of progress.
    """
    from analysis import catalog, editions, notebooks

    with _staging(root) as staging:
        _stage_book(root, staging=staging)
        catalog.stage_data(root, staging, None)
        notebooks.execute(notebooks.find_notebooks(staging / "book"), say=say)
        messages = editions.collect(staging)
    for language in editions.languages(root):
        for domain, waiting in editions.update_catalogues(root, language, messages).items():
            say(f"locale/{language}/{domain}.po: {waiting} texts wait for a translation")


def _guard(staging: Path, supplied: Path, *, say: Say) -> None:
    """Put disclosure control on supplied files, save those that the user declares open."""
    from analysis import catalog, gates

    opened = catalog.open_sources(staging, supplied)
    gates.refuse_unguarded(staging)
    if opened:
        say(f"  declared open, without disclosure control: {', '.join(opened)}")


def _built(root: Path, *, staging: Path, store: finished.Finished, say: Say) -> Path:
    """Run the notebooks, save those that an interrupted run had finished, and build the pages."""
    from analysis import notebooks, stamps

    say("2/4 Running the notebooks ...")
    pages = notebooks.find_notebooks(staging / "book")
    open_ = [page for page in pages if not store.restore(page)]
    if len(open_) < len(pages):
        say(f"  {len(pages) - len(open_)} pages are taken over from a run that was interrupted")
    notebooks.execute(open_, say=say, done=store.keep)
    say("3/4 Building the pages ...")
    html, *others = _build_editions(staging, log=root / "_build" / _LOG)
    for folder in (html, *others):
        stamps.write_stamp(folder, root=root, staging=staging)
    return html


def _no_room(error: OSError) -> BuildError:
    """Say in one line what the system refused; the last report is as it was."""
    return BuildError.of(
        file=None if error.filename is None else str(error.filename),
        expected="room and permission to write while the report is built",
        found=error.strerror or str(error),
        mend="free some disk space, or correct the permission; the last report is as it was, and "
        "pages that were finished are not run again",
    )


def _check_target(out: Path) -> None:
    """Refuse to replace a folder that is not an earlier report."""
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise BuildError.of(
            file=str(out),
            expected="a folder for the report",
            found="a file or a link",
            mend="name another folder",
        )
    marks = (out / _MARK, out / outputs.PAGES / _MARK)
    if out.is_dir() and any(out.iterdir()) and not any(mark.is_file() for mark in marks):
        raise BuildError.of(
            file=str(out),
            expected="an empty folder, a new one or an earlier report",
            found="a folder with other files, which publishing would remove",
            mend="name another folder",
        )


@contextmanager
def _staging(root: Path) -> Iterator[Path]:
    """Give a fresh folder below `_build` that nobody else may read, and take it away after."""
    build = root / "_build"
    build.mkdir(exist_ok=True)
    for old in build.glob("staging-*"):
        if not publishing.is_held(old):  # its process was killed
            shutil.rmtree(old, ignore_errors=True)
    staging = build / f"staging-{os.getpid()}-{secrets.token_hex(4)}"
    with publishing.alone(staging, doing="building in this folder"):
        staging.mkdir(mode=0o700)
        try:
            yield staging
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    publishing.forget(build, beginning="staging-")


def _stage_book(root: Path, *, staging: Path) -> None:
    there = tuple(name for name in _STAGED_IF_THERE if (root / name).exists())
    for name in (*_STAGED, *there):
        source = root / name
        if source.is_dir():
            shutil.copytree(
                source,
                staging / name,
                ignore=shutil.ignore_patterns("_build", ".ipynb_checkpoints", "__pycache__"),
            )
        elif source.is_file():
            shutil.copy2(source, staging / name)
        else:
            raise BuildError.of(
                file=name,
                expected="a part of the report in the project folder",
                found="nothing",
                mend="restore it from version control, or call the command in the project folder",
            )


def _build_editions(staging: Path, *, log: Path) -> tuple[Path, ...]:
    """Build the pages of all languages side by side; the others lie in folders of the first."""
    from analysis import editions

    _switch_execution_off(staging)
    others = editions.write_editions(staging)
    logs = {path: log.with_suffix(f".{path}.log") for path in others}
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        first = pool.submit(_build_pages, staging, log=log)
        rest = {path: pool.submit(_build_pages, others[path], log=logs[path]) for path in others}
    html = first.result()
    placed = [built.result().rename(html / path) for path, built in rest.items()]
    for folder in placed:
        editions.share(html, folder)
    return html, *placed


def _build_pages(staging: Path, *, log: Path) -> Path:
    """Build the pages from notebooks that have been run already; any warning is an error."""
    command = [sys.executable, "-c", _JUPYTER_BOOK, "build", "."]
    done = subprocess.run(
        [*command, "--all", "-W", "-n", "--keep-going"],
        cwd=staging,
        env={**os.environ, "PYTHONHASHSEED": "0", "PYTHONIOENCODING": "utf-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    said = _COLOUR.sub("", done.stdout).replace(str(staging) + os.sep, "")
    log.write_text(said, encoding="utf-8")
    if done.returncode:
        raise _build_failure(said, log=log)
    html = staging / "_build" / "html"
    (html / _MARK).write_text(_MARKED, encoding="utf-8")
    return html


def _switch_execution_off(staging: Path) -> None:
    import yaml

    config = staging / "_config.yml"
    try:
        settings = yaml.safe_load(config.read_text(encoding="utf-8"))
        settings.setdefault("execute", {})["execute_notebooks"] = "off"
    except (yaml.YAMLError, AttributeError, TypeError) as error:
        found = " ".join(str(error).split())
        raise BuildError.of(
            file=config.name,
            expected="settings of a Jupyter Book in YAML",
            found=found,
            mend="restore the file from version control, or mend it at that place",
        ) from error
    config.write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")


def _build_failure(said: str, *, log: Path) -> BuildError:
    """Turn what the builder said into one fault for every distinct complaint."""
    full = os.strerror(errno.ENOSPC)
    if full in said:
        return _no_room(OSError(errno.ENOSPC, full))
    lines = dict.fromkeys(line.strip() for line in said.splitlines())
    found = [match for line in lines if (match := _COMPLAINT.match(line))]
    mend = f"mend the page; all that the builder said stands in {log}"
    if not found:
        errors = [line for line in lines if _ERROR.match(line)]
        last = next((line for line in reversed(lines) if line), "nothing")
        found_last = errors[-1] if errors else last
        return BuildError(Fault(expected="the pages to build", found=found_last, mend=mend))
    return BuildError(*(_complaint(match, mend=mend) for match in found))


def _complaint(match: re.Match[str], *, mend: str) -> Fault:
    place, row = match["file"], int(match["row"]) if match["row"] else None
    expected = "a page without warnings"
    if row is not None and row >= _CELL:
        expected = f"a page without warnings (cell {row // _CELL}, line {row % _CELL})"
        row = None
    return Fault(file=place, row=row, expected=expected, found=match["said"], mend=mend)
