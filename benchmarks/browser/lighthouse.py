"""Lighthouse on the pages of a built report, served with compression from this machine."""

from __future__ import annotations

import gzip
import json
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd

from analysis.browser import find_browser

LEAST = {"phone": 95, "desktop": 99}
SCORES = ("performance", "accessibility", "best-practices", "seo")
_NAMES = tuple(name.replace("-", "_") for name in SCORES)
#: How often a page is scored that falls short; the median counts.
TIMES = 5
_PACKED = (".html", ".css", ".js", ".svg", ".csv")


class _Handler(SimpleHTTPRequestHandler):
    """Serve files with gzip and a long life, as a web host does."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        body = path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        if path.suffix in _PACKED:
            body = gzip.compress(body, 6, mtime=0)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Cache-Control", "max-age=31536000")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serving(html: Path) -> Iterator[str]:
    """Serve a folder on this machine only, at an address of its own."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(html)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def run(html: Path, tools: Path, *, pages: tuple[str, ...]) -> pd.DataFrame:
    """One row a page and profile with the four scores, in the order in which they are asked for.

    A page that falls short of `LEAST` is scored `TIMES` times, and the median counts.

    Parameters
    ----------
    html : Path
        Folder of the built report.
    tools : Path
        Folder of the script that calls Lighthouse, with its packages beside it.
    pages : tuple of str
        Addresses below the folder.
    """
    with serving(html) as address:
        asked = {
            "pages": [f"{address}/{page}" for page in pages],
            "profiles": list(LEAST),
            "categories": list(SCORES),
            "browser": find_browser(),
        }
        script = tools / "lighthouse.mjs"
        rows = [_row(found, address) for found in _scored(script, asked)]
        low = [row for row in rows if short(row)]
        for row in low:  # speed is as noisy as the machine: the median of several counts
            named = next(page for page in pages if page.partition("?")[0] == row["page"])
            again = {**asked, "pages": [f"{address}/{named}"] * (TIMES - 1)}
            again["profiles"] = [row["profile"]]
            every = [row, *(_row(found, address) for found in _scored(script, again))]
            row.update({name: int(median(one[name] for one in every)) for name in _NAMES})
    return pd.DataFrame(rows)


def _row(found: dict[str, Any], address: str) -> dict[str, Any]:
    if found.get("error"):
        raise SystemExit(f"{found['page']}: {found['error']}")
    page = str(found["page"]).removeprefix(f"{address}/").partition("?")[0]
    scores = {name.replace("-", "_"): round(100 * found["scores"][name]) for name in SCORES}
    row = {"page": page, "profile": found["profile"], **scores}
    missed = f" missed: {', '.join(found['missed'])}" if short(row) else ""
    print(f"  {page} {found['profile']}: {' '.join(map(str, scores.values()))}{missed}", flush=True)
    return row


def _scored(script: Path, asked: dict[str, object]) -> Iterator[dict[str, Any]]:
    with subprocess.Popen(
        ["node", str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as work:
        assert work.stdin is not None
        assert work.stdout is not None
        work.stdin.write(json.dumps(asked))
        work.stdin.close()
        for line in work.stdout:
            yield json.loads(line)
    if work.returncode:
        raise SystemExit(f"Lighthouse ended with {work.returncode}")


def short(row: Mapping[str, Any]) -> list[str]:
    """Name the scores of a row of `run` that fall short of `LEAST`."""
    return [name for name in _NAMES if row[name] < LEAST[row["profile"]]]
