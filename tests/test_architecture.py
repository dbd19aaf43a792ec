"""Who may import whom, who may open files, and the habits of every module, held by its syntax."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from analysis.methods import _ROOMS

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted((ROOT / "analysis").rglob("*.py"))
LONGEST_FILE = 400
LONGEST_USUAL_FUNCTION = 40  # the 95th percentile

#: The rooms of the study half and what each may import; a package is one room. `methods` stands
#: here only to say that it knows nothing of the others.
MAY_IMPORT: dict[str, str] = {
    "errors": "",
    "pages": "",
    "methods": "errors",
    "declarations": "errors",
    "contracts": "errors declarations",
    "supply": "errors declarations",
    "arithmetic": "errors declarations",
    "claims": "errors declarations methods",
    "consistency": "errors declarations",
    "scenarios": "errors declarations methods",
    "simulation": "errors declarations methods",
    "catalog": (
        "errors declarations contracts supply arithmetic consistency scenarios simulation methods"
    ),
    "panels": "errors declarations methods",
    "disclosure": "errors declarations methods",
    "gates": "errors declarations catalog disclosure methods",
    "study": "errors declarations arithmetic claims catalog disclosure gates methods panels",
    "projections": "errors declarations scenarios catalog methods study",
    "pictures": "",
    "plots": "errors methods pictures",
    "auditing": "errors declarations arithmetic claims catalog study",
    "markup": "errors methods",
    "tables": "errors declarations methods markup study",
    "listings": "errors declarations claims methods markup study auditing tables",
    "pages.simulation_plots": "errors declarations methods simulation study pictures plots",
    "pages.reform_tables": (
        "errors declarations claims methods markup study auditing tables listings"
    ),
    "pages.simulation_tables": (
        "errors declarations catalog simulation methods markup study tables listings"
    ),
    "pages.synthesis": "errors declarations claims catalog methods markup auditing tables listings",
    "pages.synthesis_plots": "pictures pages.synthesis",
    "pages.scenario_plots": "errors declarations methods scenarios pictures plots",
    "pages.scenario_explorer": "errors declarations methods scenarios markup",
    "setting": "errors declarations catalog",
    "pages.setting_plots": "errors declarations pictures setting",
    "pages.setting_tables": "errors declarations markup methods setting tables",
    "pages.distribution_plots": "errors methods pages.method_examples pictures",
    "pages.reform_plots": "errors declarations catalog methods study pictures",
    "browser": "errors",
    "pages.quality_tables": "catalog markup study tables",
    "pages.page_tables": "catalog markup methods tables",
    "printing": "errors browser paper_tables",
    "paper_tables": "",
    "pages.scenario_tables": "errors declarations methods scenarios markup tables",
    "short_series": "errors",
    "pages.single_tables": "methods markup study",
    "pages.single_plots": "methods pictures study pages.single_tables",
    "pages.count_plots": "methods pictures short_series",
    "pages.count_tables": "errors catalog methods markup short_series study tables",
    "call_graph": "",
    "pages.provenance": "declarations catalog markup tables call_graph",
    "freezing": "errors declarations catalog markup study tables",
    "pages.replications": "errors catalog methods markup tables",
    "pages.truth_tables": "catalog markup methods pages.method_examples pages.method_tables tables",
    "pages.truth_plots": "catalog pictures pages.truth_tables",
    "stamps": "errors catalog",
    "pages.method_examples": "errors methods",
    "pages.performance": "catalog markup methods tables",
    "pages.performance_plots": "pictures pages.performance",
    "pages.size_tables": "catalog markup tables",
    "pages.check_tables": "markup pages.method_examples methods",
    "multiverse": "declarations methods study",
    "pages.specification_plots": "methods pictures",
    "pages.sensitivity_tables": "markup methods study tables",
    "pages.method_features": "markup",
    "pages.method_tables": "errors catalog methods pages.method_examples markup tables",
    "notebooks": "errors",
    "publishing": "errors",
    "finished": "errors publishing",
    "outputs": "declarations catalog disclosure methods study",
    "pages.disclosure_tables": "errors catalog disclosure markup methods tables",
    "editions": "errors pictures",
    "report": "errors catalog editions finished gates notebooks outputs publishing stamps",
    "": "study auditing plots tables listings projections",
    "__main__": (
        "errors catalog freezing notebooks printing report scenarios projections study tables"
    ),
}
#: Rooms of public names that are no estimators, and so may be imported by estimators.
SHARED = {"bins", "compress", "effects", "panel", "simulate", "spells", "checks"}
ONLY_IN = {
    "matplotlib": {
        "pages.count_plots",
        "pages.distribution_plots",
        "pictures",
        "pages.performance_plots",
        "plots",
        "pages.reform_plots",
        "pages.scenario_plots",
        "pages.setting_plots",
        "pages.simulation_plots",
        "pages.specification_plots",
        "pages.single_plots",
        "pages.truth_plots",
        "pages.synthesis_plots",
    },
    "statsmodels": {"methods"},
    "cvxpy": {"methods"},
    "ibis": {"methods", "contracts", "catalog"},
    "duckdb": {"methods", "catalog"},
    "openpyxl": {"catalog"},
    "pydantic": {"declarations"},
    "pandera": {"contracts"},
    "nbclient": {"notebooks"},
    "nbformat": {"notebooks"},
}
#: Rooms that may read files: the catalog; whoever builds the book and its pages; the one room of
#: the methods that takes microdata too large for memory from where a user names them; and the one
#: that asks the operating system how much memory there is.
READERS = {"catalog", "report", "notebooks", "printing", "methods.sources", "methods.resources"}
#: Those that keep and lock what is being built.
READERS |= {"finished", "publishing", "stamps", "editions.catalogue"}
READERS |= {"editions.edition", "editions.sharing"}
READING = {"open", "read_text", "read_bytes", "read_csv", "read_parquet", "read_json", "read_toml"}
#: Functions that take an option without its name. None should be added.
LOOSE = {
    "catalog.reforms.clearance_figures",
    "catalog.staging.stage_data",
    "methods.covariances.count",
    "methods.panel.product",
    "scenarios.tabulation.reckoning",
}


def name_of(path: Path) -> str:
    """Give the dotted name of a module below `analysis`, `""` for the package itself."""
    parts = path.relative_to(ROOT / "analysis").with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str:
    """Give the first word; below `pages` every module is a room of its own."""
    first = module.split(".", maxsplit=1)[0]
    return module if first == "pages" else first


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


MODULES = {name_of(path): path for path in FILES}


def every_module(rule: Callable[[str], None]) -> Callable[[], None]:
    """Make one test of a rule: it names every module that breaks it."""

    def test() -> None:
        broken = []
        for module in sorted(MODULES):
            try:
                rule(module)
            except AssertionError as error:
                broken.append(f"{module or 'analysis'}: {str(error).splitlines()[0]}")
        assert broken == []

    test.__name__, test.__doc__ = rule.__name__, rule.__doc__
    return test


@cache
def nodes(module: str, *, typing: bool = False) -> tuple[ast.AST, ...]:
    """Walk a module; without `typing` pass over what only type checkers read."""

    def walk(node: ast.AST) -> Iterator[ast.AST]:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING" and not typing:
            return
        yield node
        for child in ast.iter_child_nodes(node):
            yield from walk(child)

    return tuple(walk(tree(MODULES[module])))


@cache
def imported(module: str, *, typing: bool = False) -> set[str]:
    """Give the dotted names that a module imports, those inside functions too."""
    found = set()
    for node in nodes(module, typing=typing):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            for alias in node.names:
                inside = f"{base}.{alias.name}"
                is_module = inside.removeprefix("analysis.") in MODULES
                found.add(inside if base.startswith("analysis") and is_module else base)
    return found


def ours(module: str, *, typing: bool = False) -> set[str]:
    """Give the modules of `analysis` that a module imports, without that first word."""
    names = {name for name in imported(module, typing=typing) if name.split(".")[0] == "analysis"}
    return {name.removeprefix("analysis").removeprefix(".") for name in names}


def functions(module: str) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Give functions and methods that have public names, in public classes."""
    for node in tree(MODULES[module]).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node.name, node
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef) and not inner.name.startswith("_"):
                    yield f"{node.name}.{inner.name}", inner


def called(node: ast.AST) -> str:
    """Give the last word of what a call calls, else nothing."""
    if not isinstance(node, ast.Call):
        return ""
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


# ---------------------------------------------------------------- floors and circles


def test_the_modules_are_found() -> None:
    assert {"", "study", "methods.panel", "catalog.tables", "declarations.data"} <= set(MODULES)


@every_module
def test_every_room_imports_only_what_lies_below(module: str) -> None:
    room = room_of(module)
    assert room in MAY_IMPORT, f"say in {Path(__file__).name} what {room} may import"
    allowed = {*MAY_IMPORT[room].split(), room}
    face = {""} if room == "__main__" else set()
    # `from analysis import run` goes through the face to the study.
    assert {room_of(name) for name in ours(module)} - allowed <= face


def test_what_may_be_imported_has_no_circle() -> None:
    """The floors themselves: each room stands above all that it may import."""
    placed: set[str] = set()
    waiting = dict(MAY_IMPORT)
    while waiting:
        ready = [room for room, below in waiting.items() if set(below.split()) <= placed]
        assert ready, f"a circle among {sorted(waiting)}"
        for room in ready:
            placed.add(room)
            del waiting[room]


def test_no_module_imports_itself_through_others() -> None:
    graph = {module: {n for n in ours(module) if n in MODULES and n} for module in MODULES}
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join((*path[path.index(module) :], module))
        if module not in done:
            for below in sorted(graph[module] - {module}):
                visit(below, (*path, module))
            done.add(module)

    for module in sorted(graph):
        visit(module, ())


@every_module
def test_what_serves_one_page_is_imported_by_pages_only(module: str) -> None:
    if module.split(".", maxsplit=1)[0] != "pages":
        assert not [name for name in ours(module) if name.split(".")[0] == "pages"]


@every_module
def test_methods_have_never_heard_of_a_reform(module: str) -> None:
    if room_of(module) == "methods":
        assert {room_of(name) for name in ours(module, typing=True)} <= {"methods", "errors"}


def test_methods_never_import_each_other() -> None:
    estimators = {f"methods.{room}" for room in set(_ROOMS.values()) - SHARED}
    assert "methods.difference_in_differences" in estimators
    for estimator in sorted(estimators):
        assert ours(estimator) & estimators <= {estimator}, estimator


def test_checks_take_the_estimator_as_an_argument() -> None:
    estimators = {f"methods.{room}" for room in set(_ROOMS.values()) - SHARED}
    assert not ours("methods.checks", typing=True) & estimators


@every_module
def test_each_library_stays_in_its_room(module: str) -> None:
    for name in imported(module, typing=True):
        rooms = ONLY_IN.get(name.split(".")[0])
        assert rooms is None or room_of(module) in rooms, f"{module} imports {name}"


@every_module
def test_only_the_catalog_reads_files(module: str) -> None:
    if room_of(module) in READERS or module in READERS:
        return
    calls = [node for node in nodes(module) if isinstance(node, ast.Call)]
    reading = [
        ast.unparse(node)
        for node in calls
        if called(node) in READING or ast.unparse(node.func) == "tomllib.load"
    ]
    assert reading == []


# ---------------------------------------------------------------- nevers


def test_no_module_contains_the_id_of_a_reform() -> None:
    ids = {path.stem for path in (ROOT / "data" / "reforms").glob("*.toml")}
    assert len(ids) > 10
    for module in sorted(MODULES):
        texts = [n.value for n in nodes(module) if isinstance(n, ast.Constant)]
        assert not ids & {text for text in texts if isinstance(text, str)}, module


@every_module
def test_results_cannot_plot_themselves(module: str) -> None:
    for name, _ in functions(module):
        own = name.rpartition(".")
        assert not (own[0] and own[2].startswith(("plot", "draw_"))), f"{module}.{name}"


@every_module
def test_no_error_is_swallowed(module: str) -> None:
    for node in nodes(module):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"{module}, line {node.lineno}"
            caught = {n.id for n in ast.walk(node.type) if isinstance(n, ast.Name)}
            passed_on = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
            wide = caught & {"Exception", "BaseException"}
            assert not wide or passed_on, f"{module}, line {node.lineno}"


@every_module
def test_importing_does_no_work(module: str) -> None:
    """At the top stand imports, names and definitions; calls there only make constants."""
    doing = (ast.For, ast.While, ast.With, ast.Try, ast.Delete, ast.Raise, ast.Assert)
    for node in tree(MODULES[module]).body:
        assert not isinstance(node, doing), f"{module}, line {node.lineno}"
        if isinstance(node, ast.Expr):
            assert isinstance(node.value, ast.Constant), f"{module}, line {node.lineno}"
        if isinstance(node, ast.If):
            guard = ast.unparse(node.test)
            assert guard in ("TYPE_CHECKING", "__name__ == '__main__'"), module


def test_the_faces_import_nothing_heavy() -> None:
    script = (
        "import sys, analysis, analysis.methods; print(*sorted({'numpy', 'pandas', 'scipy', 'ibis',"
        " 'statsmodels', 'matplotlib', 'duckdb', 'pydantic', 'cvxpy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


@every_module
def test_nobody_prints_but_the_command_line(module: str) -> None:
    if module != "__main__":
        assert not [node.lineno for node in nodes(module) if called(node) == "print"]  # type: ignore[attr-defined]


# ---------------------------------------------------------------- habits


@every_module
def test_files_are_short(module: str) -> None:
    lines = MODULES[module].read_text(encoding="utf-8").splitlines()
    assert len(lines) <= LONGEST_FILE, f"{module} has {len(lines)} lines"


def test_functions_are_short() -> None:
    lengths = sorted(
        (node.end_lineno or 0) - node.lineno + 1 - _docstring_lines(node)
        for module in MODULES
        for node in ast.walk(tree(MODULES[module]))
        if isinstance(node, ast.FunctionDef)
    )
    assert lengths[int(0.95 * len(lengths))] <= LONGEST_USUAL_FUNCTION


def _docstring_lines(node: ast.FunctionDef) -> int:
    first = node.body[0]
    if ast.get_docstring(node) is None:
        return 0
    return (first.end_lineno or 0) - first.lineno + 1


@every_module
def test_public_things_say_what_they_are_for(module: str) -> None:
    body = tree(MODULES[module])
    assert (ast.get_docstring(body) or "").strip(), f"{module} has a first line"
    for node in body.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            assert (ast.get_docstring(node) or "").strip(), f"{module}.{node.name}"
    for name, node in functions(module):
        assert (ast.get_docstring(node) or "").strip(), f"{module}.{name}"


def _positional(name: str, node: ast.FunctionDef) -> list[str]:
    arguments = [a.arg for a in (*node.args.posonlyargs, *node.args.args)]
    return arguments[1:] if "." in name and arguments[:1] in (["self"], ["cls"]) else arguments


def test_public_verbs_take_keywords_after_the_first_argument() -> None:
    verbs = {room: {name for name, at in _ROOMS.items() if at == room} for room in _ROOMS.values()}
    for room, names in verbs.items():
        own = {name: node for name, node in functions(f"methods.{room}") if name in names}
        assert len(own) == sum(name.islower() for name in names), room
        for name, node in own.items():
            assert len(_positional(name, node)) == 1, name
    for module in ("study", "tables", "plots", "listings"):
        for name, node in functions(module):
            plain = _positional(name, node) in (["findings", "design"], ["key", "text"])
            assert len(_positional(name, node)) <= 1 or plain, f"{module}.{name}"


@every_module
def test_options_are_named(module: str) -> None:
    """What has a default is given by name, unless it is the only argument."""
    for name, node in functions(module):
        loose = len(_positional(name, node)) > 1 and bool(node.args.defaults)
        assert loose == (f"{module}.{name}" in LOOSE), f"{module}.{name}"


@every_module
def test_records_are_frozen_slotted_and_keyword_only(module: str) -> None:
    for node in nodes(module):
        if not isinstance(node, ast.ClassDef):
            continue
        for mark in node.decorator_list:
            if "dataclass" in ast.unparse(mark):
                assert isinstance(mark, ast.Call), node.name
                said = {word.arg for word in mark.keywords if ast.unparse(word.value) == "True"}
                fields = sum(isinstance(inner, ast.AnnAssign) for inner in node.body)
                wanted = {"frozen", "slots", *(["kw_only"] if fields > 1 else [])}
                assert wanted <= said, f"{module}.{node.name}"


@every_module
def test_imports_are_absolute_and_everything_is_typed(module: str) -> None:
    for node in nodes(module, typing=True):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}, line {node.lineno}"
    for name, node in functions(module):
        assert node.returns is not None, f"{module}.{name}"


@every_module
def test_randomness_enters_as_a_seed(module: str) -> None:
    """No generator without a seed, none of the old global one."""
    for node in nodes(module):
        if called(node) == "default_rng":
            assert isinstance(node, ast.Call)
            assert node.args or node.keywords, f"{module}, line {node.lineno}"
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "np.random":
            allowed = {"default_rng", "Generator", "SeedSequence", "PCG64"}
            assert node.attr in allowed, f"{module}, line {node.lineno}"
