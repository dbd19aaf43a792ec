"""Labels that are scripts: in data, headers and declarations, through every channel of a page."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

#: `{0}` stands for the number of the payload. Each calls `fired(number)` as soon as it runs.
PAYLOADS = (
    "<script>fired({0})</script>",
    "<ScRiPt>fired({0})</sCrIpT>",
    '<script src="data:text/javascript,fired({0})"></script>',
    "<img src=x onerror=fired({0})>",
    '<img src=x onerror="fired({0})">',
    "<svg onload=fired({0})>",
    "<svg><script>fired({0})</script></svg>",
    "<svg><animate onbegin=fired({0}) attributeName=x dur=1s>",
    '<svg><a href="javascript:fired({0})"><text x=20 y=20>a</text></a></svg>',
    "<body onload=fired({0})>",
    '<iframe src="javascript:fired({0})"></iframe>',
    '<iframe srcdoc="<script>parent.fired({0})</script>"></iframe>',
    '<iframe src="data:text/html,<script>top.fired({0})</script>"></iframe>',
    '<object data="data:text/html,<script>top.fired({0})</script>"></object>',
    "<embed src=\"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'"
    " onload='fired({0})'/>\">",
    "<details open ontoggle=fired({0})>x</details>",
    "<input autofocus onfocus=fired({0})>",
    "<video><source onerror=fired({0})></video>",
    "<audio src=x onerror=fired({0})></audio>",
    "<marquee onstart=fired({0})>x</marquee>",
    '<a href="javascript:fired({0})">open</a>',
    '<a href="jav&#x09;ascript:fired({0})">open</a>',
    '<form action="javascript:fired({0})"><button>go</button></form>',
    "<button onclick=fired({0})>go</button>",
    '<base href="javascript:fired({0})//">',
    '<link rel=stylesheet href="data:text/css,*{{x:expression(fired({0}))}}">',
    '<meta http-equiv=refresh content="0;url=javascript:fired({0})">',
    '<math><mi xlink:href="javascript:fired({0})">x</mi></math>',
    '"><script>fired({0})</script>',
    "'><img src=x onerror=fired({0})>",
    "</title><script>fired({0})</script>",
    "</td></table><script>fired({0})</script>",
    "</desc><script>fired({0})</script>",
    "--><script>fired({0})</script>",
    "]]><script>fired({0})</script>",
    "{{{{fired({0})}}}}",
    "[open](javascript:fired({0}))",
    '![x](x" onerror="fired({0}))',
    "`<script>fired({0})</script>`{{=html}}",
    "${{fired({0})}}",
    "&lt;script&gt;fired({0})&lt;/script&gt;",
    "\\u003cscript\\u003efired({0})\\u003c/script\\u003e",
    '=HYPERLINK("javascript:fired({0})","open")',
    '<template><script>fired({0})</script></template><noscript><p title="</noscript><img src=x'
    ' onerror=fired({0})>">',
)


def labels() -> tuple[str, ...]:
    """Give every payload with its own number, on one line."""
    return tuple(text.format(number) for number, text in enumerate(PAYLOADS))


def poison(rows: pd.DataFrame, *, column: str) -> tuple[pd.DataFrame, dict[str, str]]:
    """Put a payload into every label of a column; give the table and the names by the old ones."""
    names = {}
    for number, old in enumerate(sorted(rows[column].unique())):
        text = labels()[number % len(PAYLOADS)]
        names[old] = f"{old} {text}"
    return rows.assign(**{column: rows[column].map(names)}), names


def poison_declaration(path: Path) -> None:
    """Put payloads into every text of a declaration that a page shows."""
    text = path.read_text(encoding="utf-8")
    for number, (key, old) in enumerate(_TEXTS):
        label = labels()[number % len(PAYLOADS)].replace("\\", "\\\\").replace('"', '\\"')
        text = text.replace(f'{key} = "{old}"', f'{key} = "{old} {label}"')
    path.write_text(text, encoding="utf-8")


_TEXTS = (
    ("title", "Express lane"),
    ("place", "Zones of a test"),
    ("summary", "A lane of its own for some zones."),
    ("undated", "No date"),
    ("implementation", "The share of declarations that used the lane."),
    ("label", "Release time"),
    ("title", "Zones with the lane against zones without"),
    ("label", "Imputation"),
    ("estimand", "ATT overall on log release time"),
    ("title", "Month by month"),
    ("label", "Event study"),
    ("estimand", "ATT(e) on log release time"),
)


#: A page that shows all payloads through every channel there is, with this package's own verbs.
CHANNELS = (
    "# Labels\n\nGlued: {glue:text}`page.ipynb::finding:s` {glue:text}`page.ipynb::payload:s`",
    "import pandas as pd\n"
    "from analysis import listings, markup, plots, run, tables\n"
    "from analysis.pages import reform_tables\n"
    "from benchmarks.confidential import payloads\n"
    'findings = run("express-lane")\n'
    'tables.glue(findings, "main", "path")\n'
    "reform_tables.finding(findings)\n"
    'tables.say("payload", " ".join(payloads.labels()))\n'
    "tables.banner(findings)",
    "labels = payloads.labels()\n"
    "frame = pd.DataFrame({one: labels for one in labels[:12]})\n"
    'markup.show(frame, caption=" ".join(labels), interactive=True)',
    "frame",  # what pandas itself shows
    "rows = [{'Cell': markup.Link(text=one, address=one)} for one in labels]\n"
    "parts = [markup.Unfold(anchor=one, summary=one, parts=((one, (one,)),)) for one in labels]\n"
    "both = pd.DataFrame(rows).assign(Opened=parts)\n"
    'markup.show(both, caption="Links and folds")',
    "print(*labels, sep='\\n')",
    "reform_tables.estimates(findings)",
    "reform_tables.checks(findings)",
    "reform_tables.designs(findings)",
    "listings.reform(findings)",
    "listings.sources(findings.sources)",
    'tables.by_event_time(findings, "path")',
    "plots.picture(plots.shares, pd.Series(range(1, len(labels) + 1), index=labels),\n"
    '    alt=plots.describe_shares, caption=" ".join(labels))',
    'plots.picture(plots.event_study, findings.result("path").effects,\n'
    "    alt=plots.describe_event_study,\n"
    '    caption=tables.caption(findings, "path"))',
    "plots.picture(plots.paths, findings.headline.panel,\n"
    "    alt=plots.describe_paths, caption='Paths')",
)
