"""Words and characters that SQL on supplied cells is made of; every name and text is quoted."""

from __future__ import annotations

from collections.abc import Iterable

_ASCII = range(0x21, 0x7F)
WIDE = "".join(chr(0xFEE0 + code) for code in _ASCII) + "\u2212\u3000\u00a0"
NARROW = "".join(map(chr, _ASCII)) + "-  "
#: In names only letters and digits are made narrow; Chinese brackets stay Chinese.
WIDE_NAMES = "".join(chr(0xFEE0 + code) for code in _ASCII if chr(code).isalnum())
NARROW_NAMES = "".join(chr(code) for code in _ASCII if chr(code).isalnum())
#: Characters that show nothing.
HIDDEN = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
BLANKS = " \t\r\n\u00a0\u3000\u202f\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009"
#: Control characters, those that turn the direction of writing, and marks of a wrong conversion.
BAD_TEXT = "[\\x00-\\x1f\\x7f-\\x9f\\x{202a}-\\x{202e}\\x{2066}-\\x{2069}\\x{fffd}]|锟斤拷"
EXCEL_ERROR = ("#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!")
#: Words that programs write where nothing is known. "NA" is not among them: a zone may be NA.
NULL_WORDS = (
    "null",
    "none",
    "nan",
    "\\n",
    "n/a",
    "(null)",
    "<na>",
    "#",
    "-",
    "--",
    "—",
    "无",
    "空",
)
TOTAL_WORDS = ("total", "sum", "subtotal", "grand total", "合计", "总计", "小计", "总和", "平均")


def quoted(name: str) -> str:
    """Write a name of a column or table.

    Examples
    --------
    >>> quoted('a"b')
    '"a""b"'
    """
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Write a text.

    Examples
    --------
    >>> literal("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def any_of(texts: Iterable[str]) -> str:
    """Write a list of texts, as it stands between brackets."""
    return ", ".join(literal(text) for text in texts)


def trimmed(text: str) -> str:
    """Take away invisible characters, and blanks of all kinds at both ends."""
    shown = f"regexp_replace({text}, '[{HIDDEN}]', '', 'g')"
    return f"trim({shown}, {literal(BLANKS)})"
