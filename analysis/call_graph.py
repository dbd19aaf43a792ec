"""Which words a function of this package rests on: its own, and those of what it calls."""

from __future__ import annotations

import ast
import inspect
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

PACKAGE = "analysis"


@cache
def words(function: str) -> frozenset[str]:
    """Return the text constants of a function and of every function of ours it calls.

    Parameters
    ----------
    function : str
        Dotted name, such as ``"analysis.tables.effects"``.

    Returns
    -------
    frozenset of str
    """
    found: set[str] = set()
    waiting, seen = [function], set()
    while waiting:
        name = waiting.pop()
        module, _, own = name.rpartition(".")
        if name in seen or not module.startswith(PACKAGE) or not _is_module(module):
            continue
        seen.add(name)
        node = _definitions(module).get(own)
        if node is None:
            continue
        found |= {
            one.value
            for one in ast.walk(node)
            if isinstance(one, ast.Constant) and isinstance(one.value, str)
        }
        waiting += [target for used in _names(node) if (target := resolve(module, used))]
    return frozenset(found)


def resolve(module: str, name: str) -> str:
    """Return the dotted name of what `name` means inside a module of ours, empty if not ours."""
    base, _, rest = name.partition(".")
    if base in _definitions(module):
        return f"{module}.{base}" if not rest else ""
    target = _imports(module).get(base, "")
    if not target.startswith(PACKAGE):
        return ""
    return home(f"{target}.{rest}" if rest else target)


def home(name: str) -> str:
    """Follow a name through the packages that hand it on, to the module that defines it."""
    module, _, own = name.rpartition(".")
    while module and not _is_module(module):
        module, _, own = module.rpartition(".")
    if not module or own in _definitions(module):
        return f"{module}.{own}"
    found = getattr(import_module(module), own, None)
    if isinstance(found, ModuleType) or found is None:
        return name
    return f"{getattr(found, '__module__', module)}.{getattr(found, '__name__', own)}"


def _names(node: ast.AST) -> set[str]:
    """Give the plain and the dotted names that stand in a piece of code."""
    return {
        ast.unparse(one)
        for one in ast.walk(node)
        if isinstance(one, ast.Name)
        or (isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name))
    }


@cache
def _is_module(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except (ModuleNotFoundError, ValueError):
        return False


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(inspect.getsource(import_module(module)))


@cache
def _definitions(module: str) -> dict[str, ast.AST]:
    """Functions, classes and constants that a module defines at its top."""
    found: dict[str, ast.AST] = {}
    for node in _tree(module).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found[node.name] = node
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found[node.target.id] = node
        elif isinstance(node, ast.Assign):
            found |= {one.id: node for one in node.targets if isinstance(one, ast.Name)}
    return found


@cache
def _imports(module: str) -> dict[str, str]:
    """Names that a module imports, at its top and inside functions, and what they stand for."""
    found = {}
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Import):
            for alias in node.names:
                found[alias.asname or alias.name.split(".")[0]] = alias.asname or alias.name
    return found
