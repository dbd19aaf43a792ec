"""Where every number of the report comes from: files, versions, and a map from outputs to code."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analysis import call_graph, catalog
from analysis.catalog import pages
from analysis.catalog.pages import CodeCell
from analysis.markup import Table, show
from analysis.tables import say

#: Characters of a checksum that are shown; the whole stands in `provenance.json`.
SHOWN = 16
#: Where results of long computations lie; only what reads there rests on one.
RESULTS = "benchmarks/results"
#: Folders and files that code names as a whole.
WHOLE = ("data/frozen", "data/reforms", "data/sources.toml", "requirements.txt")
#: More files of one folder than this are shown as the folder.
LISTED = 6
#: Packages that compute or draw.
COMPUTE = (
    *("clarabel", "cvxpy", "duckdb", "ibis-framework", "matplotlib", "numpy", "pandas"),
    *("pyarrow", "pydantic", "scipy", "statsmodels", "jupyter-book", "sphinx", "myst-nb"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One figure or table of the report.

    Attributes
    ----------
    page : str
        Path of the page below the folder of the book.
    name : str
        Name of the figure; empty for a table.
    function : str
        Dotted name of the function that makes it.
    files : tuple of str
        Files it rests on, below the folder of the project.
    """

    page: str
    name: str
    function: str
    files: tuple[str, ...]


def outputs(*, root: Path | None = None) -> tuple[Output, ...]:
    """Find every figure and table of the pages, the function that makes it, and its files.

    Parameters
    ----------
    root : pathlib.Path, optional
        As in `run`.

    Returns
    -------
    tuple of Output
        In the order of the contents.

    Notes
    -----
    The code of the pages is read, not run. An output rests on the files whose names stand in its
    call, in what its variables were made from, and in every function of this package that these
    call.
    """
    place = catalog.find_root(root)
    known = _files(place)
    found: list[Output] = []
    page = ""
    names: dict[str, str] = {}
    rests: dict[str, frozenset[str]] = {}
    for cell in pages.code_cells(place):
        if cell.page != page:
            page, names, rests = cell.page, {}, {}
        found += _outputs(cell, names, rests, known)
    return tuple(found)


def _files(root: Path) -> dict[str, tuple[str, ...]]:
    """Files by the word that code names them with: source, study, scenario or result."""
    found: dict[str, tuple[str, ...]] = {
        one.id: (f"data/{one.file}",) for one in catalog.load_sources(root)
    }
    results = sorted((root / RESULTS).glob("*.csv"))
    found |= {path.stem: (f"{RESULTS}/{path.name}",) for path in results}
    scenarios: dict[str, tuple[str, ...]] = {
        name: (f"data/scenarios/{name}.toml",) for name in catalog.list_scenarios(root)
    }
    for name in catalog.list_reforms(root):
        study = catalog.load_study(root, name)
        read = {source for one in study.designs for source in study.read_by(one)}
        declared = (f"data/reforms/{name}.toml", *(found[source][0] for source in sorted(read)))
        scenarios[name] = (*scenarios.get(name, ()), *declared)
    whole = {name: tuple(pages.checksums(root, name)) for name in WHOLE}
    return whole | found | scenarios


def _rests_on(words: frozenset[str], known: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Give the files that are named one by one; where none is, those named as a whole."""
    for names in (words.difference(WHOLE), words.intersection(WHOLE)):
        files = {file for word in names for file in known.get(word, ())}
        found = {file for file in files if RESULTS in words or not file.startswith(RESULTS)}
        if found:
            return tuple(sorted(found))
    return ()


def _outputs(
    cell: CodeCell,
    names: dict[str, str],
    rests: dict[str, frozenset[str]],
    known: dict[str, tuple[str, ...]],
) -> Iterator[Output]:
    for node in ast.parse(cell.source).body:
        if isinstance(node, ast.ImportFrom):
            names |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
            continue
        words = _words(node, names, rests)
        if isinstance(node, ast.Assign):
            stored = (one for target in node.targets for one in ast.walk(target))
            rests |= {one.id: words for one in stored if isinstance(one, ast.Name)}
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            function = _maker(node.value, names)
            if not function.rpartition(".")[2].startswith("glue"):
                yield Output(
                    page=cell.page,
                    name=cell.figure,
                    function=function,
                    files=_rests_on(words, known),
                )


def _words(
    node: ast.AST, names: dict[str, str], rests: dict[str, frozenset[str]]
) -> frozenset[str]:
    found: set[str] = set()
    for one in ast.walk(node):
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            found.add(one.value)
        elif isinstance(one, ast.Name):
            found |= rests.get(one.id, frozenset())
        elif isinstance(one, ast.Call):
            found |= call_graph.words(_maker(one, names))
    return frozenset(found)


def _maker(call: ast.Call, names: dict[str, str]) -> str:
    """Give the dotted name of what is called; of a picture, what draws it."""
    text = ast.unparse(call.func)
    if text.endswith(("plots.picture", "pictures.picture")) and call.args:
        text = ast.unparse(call.args[0])
    base, _, rest = text.partition(".")
    dotted = names.get(base, base) + (f".{rest}" if rest else "")
    return call_graph.home(dotted) if dotted.startswith(call_graph.PACKAGE) else dotted


# ---------------------------------------------------------------- what the page shows


def inputs() -> Table:
    """Show every data file with kind and checksum."""
    rows = [
        {
            "File": f"data/{one.file}",
            "Kind": one.kind,
            "Producer": one.producer,
            "SHA-256 (beginning)": one.sha256[:SHOWN],
        }
        for one in catalog.load_sources(catalog.find_root())
    ]
    return show(pd.DataFrame(rows), caption="Data files", interactive=True)


def versions() -> Table:
    """Show the versions of what computes, as the lock holds them."""
    root = catalog.find_root()
    rows = [
        {"Package": one.name, "Version": one.version}
        for one in pages.locked(root)
        if one.name in COMPUTE
    ]
    return show(pd.DataFrame(rows), caption="Versions of what computes and draws")


def output_map() -> Table:
    """Show which functions and which files stand behind every figure and table."""
    behind: dict[tuple[str, str], dict[str, list[str]]] = {}
    for one in outputs():
        files = ", ".join(_shown(one.files)) or "none"
        made = behind.setdefault((one.page, files), {"figures": [], "tables": []})
        function = one.function.removeprefix("analysis.")
        if one.name:
            made["figures"].append(f"{one.name}:{function}")
        else:
            made["tables"].append(function)
    rows = [
        {
            "Page": page,
            "Figures and their functions": ", ".join(made["figures"]) or "none",
            "Functions of tables": ", ".join(made["tables"]) or "none",
            "Files": files,
        }
        for (page, files), made in behind.items()
    ]
    caption = "Figures and tables, the functions that make them, the files they rest on"
    return show(pd.DataFrame(rows), caption=caption, interactive=True)


def _shown(files: tuple[str, ...]) -> list[str]:
    """Leave out the folder of the data; show many files of one folder as the folder."""
    folders = pd.Series([file.rpartition("/")[0] for file in files], dtype=str)
    many = folders.value_counts()
    named = (
        f"{folder}/ ({many[folder]} files)" if many[folder] > LISTED else file
        for file, folder in zip(files, folders, strict=True)
    )
    return [name.removeprefix("data/") for name in dict.fromkeys(named)]


def same_bytes() -> Table:
    """Show what the last comparison of two builds found."""
    held = catalog.read_results(catalog.find_root(), "reproducible")
    heads = {
        "what": "Two builds that differ in",
        "files": "Files compared",
        "pages": "of them pages",
        "different": "Files that differ",
        "names": "Which",
    }
    shown = held[list(heads)].fillna("none").rename(columns=heads)
    return show(shown, caption="The same report built twice")


def glue() -> None:
    """Hand counts to prose: ``figures``, ``tables``, ``files``, ``packages``, ``lock``."""
    root = catalog.find_root()
    made = outputs()
    say("figures", str(sum(bool(one.name) for one in made)))
    say("tables", str(sum(not one.name for one in made)))
    say("files", str(len(catalog.load_sources(root))))
    say("packages", str(len(pages.locked(root))))
    say("lock", pages.lock_checksum(root)[:SHOWN])


def unmapped(found: Iterable[Output]) -> tuple[Output, ...]:
    """Return outputs of pages that evaluate something, yet name no file."""
    return tuple(one for one in found if not one.files)
