"""SQL that reads dates, times of day and counted months the way offices write them."""

from __future__ import annotations

from analysis.supply.words import literal

#: A day without a time, after `spelled`.
DAY = r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2} ?"
_TIMED = r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2} [0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(\.[0-9]+)?"
#: Days since 1899-12-30, as spreadsheets count them: the years 1954 to 2119.
SERIAL = r"[2-7][0-9]{4}(\.[0-9]+)?"
_OFFSET = r"^(.*[0-9]:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?) ?(Z|[+-][0-9]{2}(:?[0-9]{2})?)$"
_EPOCH = "TIMESTAMP '1899-12-30 00:00:00'"


def without_offset(text: str) -> str:
    """Take away Z, +00:00 and the like behind a time of day."""
    return f"regexp_replace({text}, {literal(_OFFSET)}, '\\1')"


def spelled(text: str) -> str:
    """Write a moment as 2021-9-8 14:3:0, and a day as 2021-9-8; what is neither stays."""
    steps = [
        (r"^([12][0-9]{3})([01][0-9])([0-3][0-9])$", r"\1-\2-\3"),
        (
            r"^([12][0-9]{3})([01][0-9])([0-3][0-9])[ T]?([0-2][0-9]):?([0-5][0-9])$",
            r"\1-\2-\3 \4:\5:00",
        ),
        (
            r"^([12][0-9]{3})([01][0-9])([0-3][0-9])[ T]?([0-2][0-9]):?([0-5][0-9]):?([0-5][0-9])$",
            r"\1-\2-\3 \4:\5:\6",
        ),
        (r"^([0-9]{4}) ?[年/.-] ?([0-9]{1,2}) ?[月/.-] ?([0-9]{1,2}) ?日?[ T]*", r"\1-\2-\3 "),
        (r" ([0-9]{1,2}) ?[时点:] ?([0-9]{1,2}) ?分?$", r" \1:\2:00"),
        (r" ([0-9]{1,2}) ?[时点:] ?([0-9]{1,2}) ?[分:] ?([0-9]{1,2}) ?秒?$", r" \1:\2:\3"),
        (r" ([0-9]{1,2}) ?[时点]$", r" \1:00:00"),
        (r" $", ""),
    ]
    sql = text
    for pattern, put in steps:
        sql = f"regexp_replace({sql}, {literal(pattern)}, {literal(put)})"
    return sql


def moment(text: str) -> str:
    """Read what `spelled` wrote, or a serial number of a spreadsheet; else NULL."""
    return (
        f"CASE WHEN regexp_full_match({text}, {literal(_TIMED)}) "
        f"THEN try_strptime(regexp_replace({text}, '\\.[0-9]+$', ''), '%Y-%m-%d %H:%M:%S') "
        f"WHEN regexp_full_match({text}, {literal(DAY)}) "
        f"THEN try_strptime(trim({text}), '%Y-%m-%d') "
        f"WHEN regexp_full_match({text}, {literal(SERIAL)}) THEN {_from_serial(text)} END"
    )


def _from_serial(text: str) -> str:
    # The cast is tried on every row, so it must not fail on those the pattern leaves out.
    return f"{_EPOCH} + to_seconds(round(TRY_CAST({text} AS DOUBLE) * 86400)::BIGINT)"


def date(narrow: str) -> str:
    """Read a year, a month or a day: 2021, 2021-09, 2021-09-08; Chinese forms are rewritten."""
    day = f"strftime({moment(spelled(narrow))}, '%Y-%m-%d')"
    month = _parts(narrow, r"^([12][0-9]{3}) ?[年/.-] ?([0-9]{1,2}) ?月?份?$")
    return (
        f"CASE WHEN regexp_full_match({narrow}, '[12][0-9]{{3}}年?') THEN left({narrow}, 4) "
        f"WHEN {month} <> '' AND TRY_CAST(right({month}, 2) AS INTEGER) BETWEEN 1 AND 12 "
        f"THEN {month} ELSE {day} END"
    )


def _parts(text: str, pattern: str) -> str:
    year = f"regexp_extract({text}, {literal(pattern)}, 1)"
    month = f"lpad(regexp_extract({text}, {literal(pattern)}, 2), 2, '0')"
    return f"CASE WHEN {year} = '' THEN '' ELSE {year} || '-' || {month} END"


def counted(narrow: str, unit: str) -> str:
    """Read a month or quarter of the calendar as its number since the year 0; else NULL."""
    per_year = {"month": 12, "quarter": 4}[unit]
    patterns = {
        "month": (
            r"^([12][0-9]{3}) ?[年/.-] ?([0-9]{1,2}) ?月?份?$",
            r"^([12][0-9]{3})(0[1-9]|1[0-2])$",
        ),
        "quarter": (
            r"^([12][0-9]{3}) ?[-/年]? ?[Qq]([1-4])$",
            r"^([12][0-9]{3}) ?[-/年]? ?第?([1-4]) ?季度?$",
        ),
    }[unit]
    cases = []
    for pattern in patterns:
        year = f"TRY_CAST(regexp_extract({narrow}, {literal(pattern)}, 1) AS BIGINT)"
        part = f"TRY_CAST(regexp_extract({narrow}, {literal(pattern)}, 2) AS BIGINT)"
        cases.append(f"WHEN {part} BETWEEN 1 AND {per_year} THEN {year} * {per_year} + {part} - 1")
    return f"CASE {' '.join(cases)} ELSE {of_moment(moment(spelled(narrow)), unit)} END"


def of_moment(moment_sql: str, unit: str) -> str:
    """Return the number of the month or quarter of a moment since the year 0."""
    per_year = {"month": 12, "quarter": 4}[unit]
    return f"(year({moment_sql}) * {per_year} + {unit}({moment_sql}) - 1)"


def calendar_name(number: int, *, unit: str) -> str:
    """Write the number of a month or quarter as people do.

    Examples
    --------
    >>> calendar_name(2021 * 12 + 2, unit="month"), calendar_name(2021 * 4 + 2, unit="quarter")
    ('2021-03', '2021-Q3')
    """
    if unit == "month":
        return f"{number // 12:04d}-{number % 12 + 1:02d}"
    return f"{number // 4:04d}-Q{number % 4 + 1}"


def calendar_number(name: str, *, unit: str) -> int | None:
    """Read what `calendar_name` writes; None where it is nothing of the kind."""
    per_year, mark = (12, "-") if unit == "month" else (4, "-Q")
    year, _, part = name.partition(mark)
    if not (year.isdigit() and part.isdigit() and len(year) == 4 and 1 <= int(part) <= per_year):
        return None
    return int(year) * per_year + int(part) - 1
