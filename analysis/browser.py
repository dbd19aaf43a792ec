"""A headless Chromium driven through a pipe: pages opened, keys pressed, answers read."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from types import MappingProxyType
from typing import Any

from analysis.errors import BuildError

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE = 60.0
"""Seconds that one command or one page may take."""

SETTLING = 0.1
"""Seconds for what a page does right after it is loaded."""

#: Keys by name, with the codes that a page is told.
KEYS = MappingProxyType(
    {"Tab": 9, "Enter": 13, "Escape": 27, "End": 35, "Home": 36, "ArrowLeft": 37, "ArrowRight": 39}
)
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-extensions",
    "--disable-background-networking",
    "--remote-debugging-pipe",
    "--hide-scrollbars",
)


def find_browser() -> str | None:
    """Name of the first Chromium on the search path, if there is one."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pipe:
    """Messages to and from the browser, each ended by a zero byte."""

    out: int
    back: int
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    unread: bytearray = field(default_factory=bytearray)
    events: list[dict[str, Any]] = field(default_factory=list)

    def send(self, method: str, session: str | None, **given: object) -> dict[str, Any]:
        number = next(self.numbers)
        message: dict[str, object] = {"id": number, "method": method, "params": given}
        if session is not None:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.out, data) :]
        return self._answer(method, number)

    def _answer(self, method: str, number: int) -> dict[str, Any]:
        until = time.monotonic() + PATIENCE
        while (message := self.read(until)) is not None:
            if message.get("id") == number:
                if "error" in message:
                    raise _failure(method, str(message["error"]["message"]))
                return dict(message["result"])
            self.events.append(message)
        raise _failure(method, f"no answer within {PATIENCE:.0f} seconds")

    def read(self, until: float) -> dict[str, Any] | None:
        while b"\0" not in self.unread:
            ready, _, _ = select.select([self.back], [], [], max(0.0, until - time.monotonic()))
            data = os.read(self.back, 1 << 20) if ready else b""
            if not data:
                return None
            self.unread.extend(data)
        end = self.unread.index(b"\0")
        first = bytes(self.unread[:end])
        del self.unread[: end + 1]
        return dict(json.loads(first))

    def wait(self, name: str, session: str) -> dict[str, Any]:
        until = time.monotonic() + PATIENCE
        seen = 0
        while True:
            for event in self.events[seen:]:
                if event.get("method") == name and event.get("sessionId") == session:
                    return dict(event["params"])
            seen = len(self.events)
            message = self.read(until)
            if message is None:
                raise _failure(name, f"nothing within {PATIENCE:.0f} seconds")
            self.events.append(message)


def _failure(asked: str, found: str) -> BuildError:
    return BuildError.of(
        expected=f"the browser to carry out {asked}", found=found, mend="try once more"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """One page in the browser."""

    pipe: _Pipe
    session: str

    def do(self, method: str, **given: object) -> dict[str, Any]:
        """Carry out one command of the DevTools protocol."""
        return self.pipe.send(method, self.session, **given)

    def look(self, *, width: int, height: int = 900, dark: bool = False) -> None:
        """Set the size of the window and the scheme of colours the reader prefers."""
        self.do(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        wish = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.do("Emulation.setEmulatedMedia", features=[wish])

    def open(self, address: str) -> tuple[str, ...]:
        """Open a page and wait until it is loaded; return all addresses it asked for."""
        self.pipe.events.clear()
        self.do("Page.navigate", url=address)
        self.pipe.wait("Page.loadEventFired", self.session)
        time.sleep(SETTLING)
        self.run("0")  # what has been said meanwhile is read with this answer
        return self.requests

    @property
    def requests(self) -> tuple[str, ...]:
        """Addresses asked for since the page was opened."""
        sent = (e for e in self.pipe.events if e.get("method") == "Network.requestWillBeSent")
        return tuple(event["params"]["request"]["url"] for event in sent)

    @property
    def complaints(self) -> tuple[str, ...]:
        """What the browser complained of since the page was opened."""
        said = []
        for event in self.pipe.events:
            given = event.get("params", {})
            if event.get("method") == "Runtime.exceptionThrown":
                said.append(str(given["exceptionDetails"]["text"]))
            elif event.get("method") == "Log.entryAdded" and given["entry"]["level"] == "error":
                said.append(str(given["entry"]["text"]))
        return tuple(said)

    def run(self, script: str) -> Any:
        """Evaluate a script in the page and return its value."""
        got = self.do("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in got:
            raise _failure("a script", str(got["exceptionDetails"].get("exception", got)))
        return got["result"].get("value")

    def press(self, key: str, *, times: int = 1) -> None:
        """Press a key of `KEYS` as a reader would."""
        for _ in range(times):
            for kind in ("rawKeyDown", "keyUp"):
                self.do(
                    "Input.dispatchKeyEvent",
                    type=kind,
                    key=key,
                    code=key,
                    windowsVirtualKeyCode=KEYS[key],
                )

    def write(self, text: str) -> None:
        """Type text where the cursor is."""
        self.do("Input.insertText", text=text)

    def picture(self, *, whole: bool = False) -> bytes:
        """Return what is seen as PNG, the whole page if asked for."""
        got = self.do("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        return base64.b64decode(got["data"])

    def paper(self, **given: object) -> bytes:
        """Print the page to a tagged PDF."""
        wanted = dict.fromkeys(
            ("generateTaggedPDF", "generateDocumentOutline", "printBackground"), True
        )
        got = self.do("Page.printToPDF", transferMode="ReturnAsStream", **wanted, **given)
        parts = []
        while True:
            part = self.do("IO.read", handle=got["stream"])
            data = part["data"]
            parts.append(base64.b64decode(data) if part.get("base64Encoded") else data.encode())
            if part["eof"]:
                return b"".join(parts)


@contextmanager
def browser(*flags: str) -> Iterator[Tab]:
    """Start a browser with one empty page, and end it whatever happens.

    Raises
    ------
    BuildError
        There is no Chromium, or it does not start.
    """
    program = find_browser()
    if program is None:
        raise BuildError.of(
            expected="Chromium on the search path",
            found="none of " + ", ".join(PROGRAMS),
            mend="install it (Debian, Ubuntu: apt install chromium)",
        )
    with tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True) as home:
        process, pipe = _start([program, *_FLAGS, *flags, f"--user-data-dir={home}"])
        try:
            yield _first_tab(pipe)
        finally:
            os.close(pipe.out)
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            os.close(pipe.back)


def _start(command: list[str]) -> tuple[subprocess.Popen[bytes], _Pipe]:
    ours_in, theirs_out = os.pipe()
    theirs_in, ours_out = os.pipe()
    # The browser reads its orders from descriptor 3 and answers on 4.
    shell = f'exec "$0" "$@" 3<&{theirs_in} 4>&{theirs_out}'
    process = subprocess.Popen(
        ["bash", "-c", shell, *command],
        pass_fds=(theirs_in, theirs_out),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs_in)
    os.close(theirs_out)
    return process, _Pipe(out=ours_out, back=ours_in)


def _first_tab(pipe: _Pipe) -> Tab:
    made = pipe.send("Target.createTarget", None, url="about:blank")
    joined = pipe.send("Target.attachToTarget", None, targetId=made["targetId"], flatten=True)
    tab = Tab(pipe=pipe, session=joined["sessionId"])
    for domain in ("Page", "Runtime", "Network", "Log"):
        tab.do(f"{domain}.enable")
    return tab
