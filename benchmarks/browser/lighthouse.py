"""Lighthouse on pages of every kind, served with compression from this machine."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pandas as pd

from analysis.browser import find_browser

#: Pages of every kind: first page, table of claims, evidence, explorer, area, reform, method.
KINDS = (
    "book/intro.html",
    "book/brief.html",
    "book/claims.html",
    "book/collaboration-era.html",
    "book/scenarios.html",
    "book/areas/trade.html",
    "book/reforms/spare-parts.html",
    "book/methods/staggered.html",
    "zh/book/intro.html",
    "zh/book/claims.html",
)
LEAST = {"phone": 95, "desktop": 99}
SCORES = ("performance", "accessibility", "best-practices", "seo")
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


def run(html: Path, tool: Path, *, pages: tuple[str, ...] = KINDS) -> pd.DataFrame:
    """One row a page and profile with the four scores."""
    rows = []
    with serving(html) as address:
        for page in pages:
            for profile in LEAST:
                scores = _scores(tool, f"{address}/{page}", desktop=profile == "desktop")
                rows.append({"page": page, "profile": profile, **scores})
                print(f"  {page} {profile}: {scores}", flush=True)
    return pd.DataFrame(rows)


def _scores(tool: Path, address: str, *, desktop: bool) -> dict[str, int]:
    command = [
        "node",
        str(tool),
        address,
        "--quiet",
        "--output=json",
        f"--only-categories={','.join(SCORES)}",
        "--chrome-flags=--headless=new --no-sandbox --disable-gpu",
        *(["--preset=desktop"] if desktop else []),
    ]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=True,
        timeout=180,
        env={**os.environ, "CHROME_PATH": find_browser() or ""},
    )
    found = json.loads(done.stdout)["categories"]
    return {name.replace("-", "_"): round(100 * found[name]["score"]) for name in SCORES}
