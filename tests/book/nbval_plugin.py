"""nbval compares text; drawings are tested in Python, so stored notebooks hold none of them."""

from __future__ import annotations

import pytest

_DRAWINGS = ("image/svg+xml", "image/png", "image/jpeg")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let no notebook be compared by its drawings."""
    for item in items:
        compared = getattr(item.parent, "skip_compare", None)
        if compared is not None:
            item.parent.skip_compare = (*compared, *_DRAWINGS)  # type: ignore[union-attr]
