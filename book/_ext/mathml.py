"""Formulas as MathML, written when the book is built: no script, no other host is needed."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

logger = logging.getLogger(__name__)


# Spellings that the converter does not know, and others that mean the same.
_SPELLINGS = {
    r"{aligned}": "{align*}",
    r"{split}": "{align*}",
    r"{gathered}": "{align*}",
    r"\arg": r"\operatorname{arg}",
}


def _mathml(latex: str, *, display: str, node: nodes.Element) -> str:
    for theirs, known in _SPELLINGS.items():
        latex = latex.replace(theirs, known)
    try:
        written = str(convert(latex, display=display))
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        logger.warning("formula %r cannot be written as MathML: %r", latex, error, location=node)
        return ""
    if "\\" in written:
        logger.warning("formula %r has a command that MathML lacks", latex, location=node)
    return written


def _inline(self: Any, node: nodes.Element) -> None:
    self.body.append(
        f'<span class="math">{_mathml(node.astext(), display="inline", node=node)}</span>'
    )
    raise nodes.SkipNode


def _block(self: Any, node: nodes.Element) -> None:
    self.body.append(self.starttag(node, "div", CLASS="math", tabindex="0"))
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append(_mathml(node.astext().strip(), display="block", node=node))
    self.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer that `html_math_renderer: mathml` names."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
