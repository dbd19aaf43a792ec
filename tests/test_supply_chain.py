"""Workflows are pinned and can do little; the bill of materials is that of the lock."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.y*ml"))
#: Whoever opens a pull request writes these texts.
UNTRUSTED = re.compile(
    r"\$\{\{[^}]*(github\.event\.(issue|pull_request|comment|review|head_commit|commits)|"
    r"github\.head_ref|inputs\.)"
)
#: What a job may be given, and the events in which its code is our own.
WRITES = {"publish": {"pages": "write", "id-token": "write"}}


def workflow(path: Path) -> dict[str, Any]:
    # YAML 1.1 reads the key `on` as true.
    held = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {("on" if key is True else key): value for key, value in held.items()}


def steps(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, job in workflow(path)["jobs"].items():
        for step in job.get("steps", []):
            yield name, step


every_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)


def test_there_are_workflows() -> None:
    assert WORKFLOWS


@every_workflow
def test_actions_are_pinned_by_commit_and_say_their_version(path: Path) -> None:
    used = [step["uses"] for _, step in steps(path) if "uses" in step]
    assert used
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if "uses:" in line]
    assert len(lines) == len(used)
    for line in lines:
        assert re.search(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)*$", line), line


@every_workflow
def test_nobody_gets_more_than_needed(path: Path) -> None:
    held = workflow(path)
    assert held["permissions"] == {"contents": "read"}
    for name, job in held["jobs"].items():
        assert job.get("permissions", {}) == WRITES.get(name, {}), name
        if name in WRITES:
            assert "github.event_name != 'pull_request'" in job["if"], name


@every_workflow
def test_foreign_code_never_meets_our_rights(path: Path) -> None:
    events = workflow(path)["on"]
    assert not {"pull_request_target", "workflow_run", "issue_comment"} & set(events)
    for name, step in steps(path):
        assert not UNTRUSTED.search(str(step.get("run", ""))), name
        if "checkout@" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False, name


@every_workflow
def test_jobs_end_and_run_on_a_named_system(path: Path) -> None:
    for name, job in workflow(path)["jobs"].items():
        assert "latest" not in job["runs-on"], name
        assert job.get("timeout-minutes", 0) > 0, name


@every_workflow
def test_workflows_install_nothing_beside_the_lock(path: Path) -> None:
    for name, step in steps(path):
        assert not re.search(r"\b(pip|npm|npx|curl|wget|uvx?)\b", str(step.get("run", ""))), name


def test_the_bill_of_materials_is_that_of_the_lock() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / ".ci" / "bom.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_every_locked_package_stands_on_the_bill_once() -> None:
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    locked = sorted(re.findall(r"^([a-z0-9][\w.-]*)==([^\s;\\]+)", lock, flags=re.MULTILINE))
    bill = json.loads((ROOT / "sbom.cdx.json").read_text(encoding="utf-8"))
    listed = sorted((one["name"], one["version"]) for one in bill["components"])
    assert len(locked) > 100
    assert listed == [(name.replace("_", "-").replace(".", "-"), v) for name, v in locked]
    assert bill["specVersion"] == "1.6"
    assert len({one["bom-ref"] for one in bill["components"]}) == len(listed)
