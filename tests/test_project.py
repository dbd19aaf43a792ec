"""The files that set the project up agree with each other, and name no machine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

LOCK = "requirements.txt"
PYTHONS = ("3.11", "3.12", "3.13")
CONFIG_KEYS = {
    "": "title author copyright only_build_toc_files exclude_patterns execute parse html sphinx",
    "execute": "execute_notebooks timeout stderr_output raise_on_error",
    "parse": "myst_enable_extensions",
    "html": "home_page_in_navbar use_edit_page_button use_repository_button use_issues_button "
    "use_multitoc_numbering",
    "sphinx": "recursive_update local_extensions config",
}


@pytest.fixture(scope="module")
def project(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def lock(root: Path) -> str:
    return (root / LOCK).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def locked(lock: str) -> list[Requirement]:
    lines = re.findall(r"^([a-z0-9][^\\\n]*?) *\\?$", lock, flags=re.MULTILINE)
    return [Requirement(line) for line in lines]


@pytest.fixture(scope="module")
def declared(project: dict[str, Any]) -> list[Requirement]:
    extras = dict(project["project"]["optional-dependencies"])
    del extras["spark"]  # chosen by the cluster it is to fit
    everything = [*project["project"]["dependencies"], *(r for e in extras.values() for r in e)]
    return [Requirement(line) for line in everything]


def _version(requirement: Requirement) -> Version:
    (specifier,) = requirement.specifier
    assert specifier.operator == "=="
    return Version(specifier.version)


def test_every_dependency_is_locked_at_a_version_that_is_asked_for(
    declared: list[Requirement], locked: list[Requirement]
) -> None:
    versions = {canonicalize_name(r.name): _version(r) for r in locked}
    for requirement in declared:
        version = versions.get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement.name} is not in {LOCK}: make lock"
        assert version in requirement.specifier, f"{requirement} does not allow {version}"


def test_each_package_has_one_version_for_all_pythons(locked: list[Requirement]) -> None:
    names = [canonicalize_name(r.name) for r in locked]
    assert len(names) > 50
    assert sorted(names) == sorted(set(names))


def test_no_package_is_locked_for_some_pythons_only(
    declared: list[Requirement], locked: list[Requirement]
) -> None:
    asked = {canonicalize_name(r.name) for r in declared}
    for requirement in locked:
        if canonicalize_name(requirement.name) in asked and requirement.marker is not None:
            for python in PYTHONS:
                assert requirement.marker.evaluate({"python_version": python}), requirement


def test_every_locked_package_has_hashes(lock: str, locked: list[Requirement]) -> None:
    blocks = re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE)
    without = [b.splitlines()[0] for b in blocks if "==" in b and "--hash=sha256:" not in b]
    assert without == []
    assert len([b for b in blocks if "==" in b]) == len(locked)


def test_build_backend_is_locked(project: dict[str, Any], locked: list[Requirement]) -> None:
    versions = {canonicalize_name(r.name): _version(r) for r in locked}
    for line in project["build-system"]["requires"]:
        requirement = Requirement(line)
        assert versions[canonicalize_name(requirement.name)] in requirement.specifier


def test_conda_environment_installs_the_lock_and_nothing_else(root: Path) -> None:
    environment = yaml.safe_load((root / "environment.yml").read_text(encoding="utf-8"))
    *names, pip = environment["dependencies"]
    assert pip == {"pip": [f"--requirement {LOCK}"]}
    assert [re.split(r"[=<>]", name)[0] for name in names] == ["python", "pip"]


def test_conda_python_is_one_that_is_tested(root: Path, project: dict[str, Any]) -> None:
    environment = yaml.safe_load((root / "environment.yml").read_text(encoding="utf-8"))
    python = environment["dependencies"][0].removeprefix("python=")
    assert python in PYTHONS
    listed = [c.rsplit(" ", 1)[1] for c in project["project"]["classifiers"] if ":: 3." in c]
    assert tuple(listed) == PYTHONS
    assert project["project"]["requires-python"] == f">={PYTHONS[0]}"


def test_every_dependency_is_explained(root: Path, declared: list[Requirement]) -> None:
    text = (root / "CONTRIBUTING.md").read_text(encoding="utf-8")
    unexplained = [r.name for r in declared if f"`{r.name}`" not in text]
    assert unexplained == []


@pytest.mark.parametrize("name", ["requirements.txt", "pyproject.toml", "Makefile", ".ci/run"])
def test_set_up_names_no_machine_and_no_registry(root: Path, name: str) -> None:
    text = re.sub(r"--no-\S+", "", (root / name).read_text(encoding="utf-8"))
    assert not re.search(r"https?://|file:/|find-links|index-url[ =]\S|/home/|/opt/", text)


def test_book_settings_have_only_known_keys(root: Path) -> None:
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    assert set(config) <= set(CONFIG_KEYS[""].split())
    for part, keys in CONFIG_KEYS.items():
        if part:
            assert set(config[part]) <= set(keys.split()), part


_KNOWN = """
import sys
from sphinx.application import Sphinx
extensions, root, out = sys.argv[1].split(), *sys.argv[2:]
sys.path.insert(0, root + "/book/_ext")
settings = {
    "extensions": extensions,
    "external_toc_path": root + "/_toc.yml",
    "bibtex_bibfiles": [root + "/book/references.bib"],
}
app = Sphinx(out, None, out + "/html", out, "html", status=None, confoverrides=settings)
print(*(value.name for value in app.config))
"""


def test_book_settings_are_known_to_sphinx(root: Path, tmp_path: Path) -> None:
    """A misspelt setting would be passed over in silence by Jupyter Book."""
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))["sphinx"]["config"]
    done = subprocess.run(
        [sys.executable, "-c", _KNOWN, " ".join(config["extensions"]), str(root), str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    known = set(done.stdout.split())
    assert len(known) > 100
    assert {key for key in config if key not in known} == {"extensions"}


def test_no_execution_cache(root: Path) -> None:
    execute = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))["execute"]
    assert execute["execute_notebooks"] == "force"
    assert execute["raise_on_error"] is True
    assert execute["stderr_output"] == "error"
    assert "cache" not in execute


def test_every_page_of_the_contents_exists_and_every_page_is_in_the_contents(root: Path) -> None:
    text = (root / "_toc.yml").read_text(encoding="utf-8")
    listed = re.findall(r"(?:root|file): *(\S+)", text)
    assert len(listed) == len(set(listed))
    pages = {
        path.relative_to(root).with_suffix("").as_posix()
        for path in [*(root / "book").rglob("*.ipynb"), *(root / "book").rglob("*.md")]
        if "_" not in path.relative_to(root).parts[1][:1] and ".ipynb_checkpoints" not in path.parts
    }
    assert set(listed) == pages


def test_continuous_integration_runs_the_tests(root: Path) -> None:
    run = root / ".ci" / "run"
    assert os.access(run, os.X_OK)
    assert "make test" in run.read_text(encoding="utf-8")
    workflows = list((root / ".github" / "workflows").glob("*.yml"))
    assert workflows
    text = "\n".join(path.read_text(encoding="utf-8") for path in workflows)
    assert "make test" in text
    assert "make report" in text


def test_help_is_quick_because_nothing_heavy_is_imported(root: Path) -> None:
    script = (
        "import sys; from analysis.__main__ import _parser; _parser().format_help();"
        "print(*sorted({'pandas', 'numpy', 'statsmodels', 'matplotlib', 'ibis', 'duckdb',"
        " 'nbformat', 'yaml'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []
