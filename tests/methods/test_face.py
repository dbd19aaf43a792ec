"""The package gives functions, whatever was imported before."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import analysis.methods.event_study, analysis.methods.compress
from analysis.methods import compress, event_study
assert callable(compress) and callable(event_study)
"""


def test_a_room_does_not_hide_its_verb() -> None:
    subprocess.run([sys.executable, "-c", CODE], check=True)
