"""Captions and alternative text of computed figures come from the code that drew them.

A figure of `analysis.plots` carries, beside its drawing, a plain text: the caption, an empty line,
and what is seen. Without both, no picture passes into the report.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

logger = logging.getLogger(__name__)


class Describe(SphinxTransform):
    """Give each drawn output its caption and alternative text, before figures are numbered."""

    default_priority = 400

    def apply(self, **_: Any) -> None:
        """Visit all outputs that hold a picture."""
        for bundle in self.document.findall(nodes.container):
            if bundle.get("nb_element") == "mime_bundle":
                self._describe(bundle)

    def _describe(self, bundle: nodes.container) -> None:
        images = list(bundle.findall(nodes.image))
        if not images:
            return
        caption, alt = _words(bundle)
        for image in images:
            image.setdefault("alt", alt)
            if not image["alt"]:
                logger.warning("a picture without alternative text", location=bundle)
        figure = bundle.parent
        if not isinstance(figure, nodes.figure):
            logger.warning("a picture without a name to refer to", location=bundle)
        elif figure.next_node(nodes.caption) is None:
            if not caption:
                logger.warning("a picture without a caption", location=bundle)
            figure += nodes.caption(caption, "", nodes.Text(caption))


def _words(bundle: nodes.container) -> tuple[str, str]:
    for child in bundle.children:
        if isinstance(child, nodes.Element) and child.get("mime_type") == "text/plain":
            caption, _, alt = child.astext().partition("\n\n")
            return (caption, " ".join(alt.split())) if alt else ("", "")
    return "", ""


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the transform."""
    app.add_transform(Describe)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
