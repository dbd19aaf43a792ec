"""Pages taken apart into blocks."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.editions import prose

PAGE = """\
(cite)=
# How to cite

One paragraph
over two lines.

- First point
- Second point
  that goes on

| You | Start |
|---|---|
| a reader | here |

:::{admonition} In one minute
:class: important

Inside.
:::

```{glossary}
unit
  What is observed.
```

```bash
make report
```
"""


def test_blocks_are_those_a_translator_needs() -> None:
    assert list(prose.blocks(PAGE)) == [
        "# How to cite",
        "One paragraph\nover two lines.",
        "- First point",
        "- Second point\n  that goes on",
        "| You | Start |",
        "| a reader | here |",
        "In one minute",
        "Inside.",
        "unit\n  What is observed.",
    ]


def test_what_is_no_prose_stays() -> None:
    made = prose.rewrite(PAGE, lambda _: "X")
    kept = ["(cite)=", "|---|---|", ":::{admonition} X", ":class: important", "make report"]
    assert all(line in made.split("\n") for line in kept)
    assert "make report" not in list(prose.blocks(PAGE))


def test_an_indent_stays_where_it_says_what_belongs_together() -> None:
    assert prose.rewrite("1. one\n\n   more\n", lambda t: t.upper()) == "1. ONE\n\n   MORE\n"


@pytest.mark.parametrize("path", sorted(Path("book").rglob("*.md")), ids=str)
def test_pages_put_together_are_as_they_were(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert prose.rewrite(source, lambda block: block) == source
