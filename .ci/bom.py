"""Write sbom.cdx.json, the bill of materials, from the lock; `--check` only compares.

CycloneDX 1.6. The same lock gives the same bytes: no clock, and a serial number made of the lock.
The hashes of the files stand in the lock alone, whose own hash stands here. Run by `make lock`;
needs nothing but Python.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import uuid
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.txt"
BILL = ROOT / "sbom.cdx.json"
PYPROJECT = ROOT / "pyproject.toml"
_BLOCK = re.compile(
    r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(?P<version>[^\s;\\]+)"
    r"(?:\s*;\s*(?P<marker>[^\\\n]+?))?\s*\\?$",
    flags=re.MULTILINE,
)


def bill(lock: str, pyproject: str) -> dict[str, Any]:
    """Make the bill of a lock."""
    name = re.search(r'^name = "([^"]+)"', pyproject, flags=re.MULTILINE)
    version = re.search(r'^version = "([^"]+)"', pyproject, flags=re.MULTILINE)
    if name is None or version is None:
        raise ValueError("pyproject.toml names no project")
    root = f"pkg:pypi/{name[1]}@{version[1]}"
    components = sorted(map(_component, _BLOCK.finditer(lock)), key=lambda one: str(one["purl"]))
    digest = hashlib.sha256(lock.encode("utf-8")).hexdigest()
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, digest)}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": root,
                "name": name[1],
                "version": version[1],
                "purl": root,
            },
            "properties": [{"name": "lock:sha256", "value": digest}],
        },
        "components": components,
        "dependencies": [{"ref": root, "dependsOn": [str(one["purl"]) for one in components]}],
    }


def _component(block: re.Match[str]) -> dict[str, Any]:
    name = re.sub(r"[-_.]+", "-", block["name"]).lower()
    purl = f"pkg:pypi/{name}@{block['version']}"
    made: dict[str, Any] = {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": block["version"],
        "purl": purl,
    }
    if block["marker"]:
        made["properties"] = [{"name": "python:marker", "value": block["marker"].strip()}]
    return made


def main() -> int:
    """Write the bill, or say whether the one that is there is that of the lock."""
    made = bill(LOCK.read_text(encoding="utf-8"), PYPROJECT.read_text(encoding="utf-8"))
    text = json.dumps(made, indent=1, ensure_ascii=False) + "\n"
    if "--check" in sys.argv[1:]:
        same = BILL.is_file() and BILL.read_text(encoding="utf-8") == text
        print("the bill is that of the lock" if same else "the bill is old: python .ci/bom.py")
        return 0 if same else 1
    BILL.write_text(text, encoding="utf-8")
    print(f"written: {BILL.name}, {len(made['components'])} components")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
