"""Tables of the screen set for paper: wide ones across, hidden parts in rows of their own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

#: From so many columns on, a table of so many rows gets pages in landscape.
WIDE, LONG = 8, 8
#: Names of files and the like, which would push columns off the page, and where they break.
_LONG_NAME = re.compile(r"(?=\S*[/_])\S{16,}")
_BREAKS = re.compile(r"(?<=[/_])(?=\w)")


def set_for_paper(article: Tag, soup: BeautifulSoup) -> None:
    """Change the tables of an article in place; `soup` makes the new elements."""
    for table in article.select("table"):
        if table.find_parent("table") is not None:
            continue
        head = table.find("tr")
        columns = len(head.find_all(["th", "td"], recursive=False)) if head else 0
        frame = table.find_parent(class_="table-frame")
        if frame is not None and columns >= WIDE and len(table.find_all("tr")) > LONG:
            frame["class"] = " ".join([*frame.get_attribute_list("class"), "paper-wide"])
        for row in table.find_all("tr"):
            if row.find_parent("table") is table:
                _spread(row, columns, soup)
        for string in table.find_all(string=_LONG_NAME):
            pieces = [[soup.new_tag("wbr"), piece] for piece in _BREAKS.split(string)]
            string.replace_with(*[part for pair in pieces for part in pair][1:])


def _spread(row: Tag, columns: int, soup: BeautifulSoup) -> None:
    """Put what the cells of a row hide below it, across all columns."""
    for details in row.select("td > details"):
        summary = details.find("summary")
        below = soup.new_tag("tr", attrs={"class": "paper-below"})
        cell = soup.new_tag("td", attrs={"colspan": str(columns)})
        below.append(cell)
        for part in list(details.contents):
            if part is not summary:
                cell.append(part.extract())
        name = details.get("id")
        shown = soup.new_tag("span", attrs={"id": str(name)} if name else {})
        if summary is not None:
            for part in list(summary.contents):
                shown.append(part.extract())
        details.replace_with(shown)
        row.insert_after(below)
