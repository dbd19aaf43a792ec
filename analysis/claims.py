"""Judge a claim by estimates and figures; the rules and thresholds stand here, fixed beforehand.

A verdict is one of five words. *Supported* and *contradicted* need an estimate at the level the
claim speaks of, or an independent figure on the same quantity, period and definition. Simulated
data never decide anything.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from analysis.declarations import Claim, Fact, FactUse, SourceKind

Status = Literal["supported", "contradicted", "undecided", "untested", "not testable"]
STATUSES: tuple[Status, ...] = (
    "supported",
    "contradicted",
    "undecided",
    "untested",
    "not testable",
)

ABOUT = 0.05
"""A figure said to be "about" v agrees with figures within 5 percent of v."""


class EffectLike(Protocol):
    """What a verdict needs of an effect: its pointwise interval and what it could detect."""

    @property
    def conf_low(self) -> float:
        """Lower end of the interval."""

    @property
    def conf_high(self) -> float:
        """Upper end of the interval."""

    @property
    def minimum_detectable_effect(self) -> float:
        """Smallest true effect found with 80 % power."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """An effect, and what it is an effect on: only the claim's own outcome and level count.

    Attributes
    ----------
    effect : EffectLike
        On the scale the claim's test names (log points for a percent change).
    study, outcome, level : str
        Study and outcome by id, and the level of the data (declaration, firm, province ...).
    kind : str
        Kind of the sources the effect rests on; one simulated source makes it "simulated".
    """

    effect: EffectLike
    study: str
    outcome: str
    level: str
    kind: SourceKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What can be said about a claim, and what would be needed to say more.

    Attributes
    ----------
    claim : Claim
    status : str
        One of `STATUSES`.
    effect_used : EffectLike or None
        The estimate that decided, or left undecided.
    sentence : str
        Why this status and no other, in one sentence.
    needed : str
        What data and design would settle the claim.
    agreeing, conflicting : tuple of str
        Ids of facts that agree or conflict, whether or not they could decide.
    """

    claim: Claim
    status: Status
    effect_used: EffectLike | None
    sentence: str
    needed: str
    agreeing: tuple[str, ...]
    conflicting: tuple[str, ...]


def judge(
    claim: Claim, *, evidence: Sequence[Evidence] = (), facts: Iterable[Fact] = ()
) -> Verdict:
    """Judge one claim.

    Parameters
    ----------
    claim : Claim
    evidence : sequence of Evidence, optional
        Estimates at hand, of whatever study, outcome and level.
    facts : iterable of Fact, optional
        Published figures; those the claim does not name are not looked at.

    Notes
    -----
    - milestone, forecast: *not testable*; second sources are counted.
    - effect: only estimates of the outcome and level of `claim.test` count. *Contradicted* if the
      interval leaves the claimed value out, *supported* if it holds the claimed value and leaves
      zero out, *undecided* if it holds both; estimates that disagree leave it undecided. Without
      such an estimate, or with simulated data only, *untested*.
    - output: *supported* or *contradicted* only by independent figures on the same quantity,
      period and definition; *undecided* if these disagree among themselves; else *untested*.
    """
    by_id = {fact.id: fact for fact in facts}
    match claim.kind:
        case "milestone" | "forecast":
            return _not_testable(claim, by_id)
        case "output":
            return _judge_output(claim, by_id)
        case "effect":
            return _judge_effect(claim, evidence)


def _verdict(
    claim: Claim, status: Status, *, reason: str, effect: EffectLike | None = None
) -> Verdict:
    return Verdict(
        claim=claim,
        status=status,
        effect_used=effect,
        sentence=reason[0].upper() + reason[1:],
        needed=claim.would_settle,
        agreeing=tuple(use.id for use in claim.facts if use.stance == "agrees"),
        conflicting=tuple(use.id for use in claim.facts if use.stance == "conflicts"),
    )


# ---------------------------------------------------------------- milestones and forecasts


def _not_testable(claim: Claim, facts: dict[str, Fact]) -> Verdict:
    if claim.kind == "forecast":
        what = "a forecast made before the event, which no past figure can confirm"
    else:
        what = "a step that was taken, not an effect on anything"
    return _verdict(claim, "not testable", reason=f"{what}; {_second_sources(claim, facts)}.")


def _second_sources(claim: Claim, facts: dict[str, Fact]) -> str:
    told = ("agrees", "dates")
    agreeing = [use for use in claim.facts if use.stance in told and use.id in facts]
    pages = {facts[use.id].source_address or facts[use.id].source_title for use in agreeing}
    if not pages:
        return "no second source was found"
    independent = any(use.independent for use in agreeing)
    number = "one further source" if len(pages) == 1 else f"{len(pages)} further sources"
    return f"documented by {number}" + (", independent of the author" if independent else "")


# ---------------------------------------------------------------- outputs


def compare(claim: Claim, fact: Fact) -> Literal["agrees", "disagrees", "cannot tell"]:
    """Compare a claimed figure with a published one, each with its bound.

    A figure "over" v is a floor, "under" v a ceiling, "about" v leaves `ABOUT` on either side.
    The two disagree if no value fits both, agree if every value the fact allows fits the claim;
    else the comparison tells nothing.
    """
    if claim.value is None or fact.number is None or claim.unit != fact.unit:
        return "cannot tell"
    claimed = _allowed(claim.value, claim.bound)
    found = _allowed(fact.number, fact.bound or "exact")
    if found[0] > claimed[1] or found[1] < claimed[0]:
        return "disagrees"
    if claimed[0] <= found[0] and found[1] <= claimed[1]:
        return "agrees"
    if claim.bound == "about" and fact.bound == "about":
        return "agrees" if claimed[0] <= fact.number <= claimed[1] else "cannot tell"
    return "cannot tell"


def _allowed(value: float, bound: str) -> tuple[float, float]:
    match bound:
        case "over":
            return value, math.inf
        case "under":
            return -math.inf, value
        case "about":
            return value - ABOUT * abs(value), value + ABOUT * abs(value)
        case _:
            return value, value


def _judge_output(claim: Claim, facts: dict[str, Fact]) -> Verdict:
    told = {
        use.id: compare(claim, facts[use.id])
        for use in claim.facts
        if use.comparable and use.id in facts
    }
    agree = [name for name, word in told.items() if word == "agrees"]
    disagree = [name for name, word in told.items() if word == "disagrees"]
    if agree and disagree:
        said = f"independent figures disagree: {_list(agree)} for, {_list(disagree)} against."
        return _verdict(claim, "undecided", reason=said)
    if agree or disagree:
        status: Status = "supported" if agree else "contradicted"
        word = "agrees with" if agree else "differs from"
        said = (
            f"an independent figure on the same quantity, period and definition "
            f"({_list(agree or disagree)}) {word} the claim."
        )
        return _verdict(claim, status, reason=said)
    return _verdict(claim, "untested", reason=_why_untested(claim, facts))


def _why_untested(claim: Claim, facts: dict[str, Fact]) -> str:
    if claim.value is None:
        return "the article gives no figure to compare."
    lacking = [_lacks(use) for use in claim.facts if use.stance != "context" and use.id in facts]
    if not lacking:
        return "no independent figure on the same quantity, period and definition was found."
    return "the figures found cannot decide: " + "; ".join(lacking) + "."


def _lacks(use: FactUse) -> str:
    missing = [
        word
        for word, held in (
            ("independent", use.independent),
            ("of the same period", use.same_period),
            ("of the same definition", use.same_definition),
        )
        if not held
    ]
    verb = {"agrees": "agrees", "conflicts": "conflicts"}.get(use.stance, "stands beside it")
    lack = f"is not {' or '.join(missing)}" if missing else "allows no comparison"
    return f"{use.id} {verb} but {lack}"


def _list(names: Sequence[str]) -> str:
    return ", ".join(names)


# ---------------------------------------------------------------- effects


def _judge_effect(claim: Claim, evidence: Sequence[Evidence]) -> Verdict:
    test = claim.test
    own = [
        one
        for one in evidence
        if test and (one.study, one.outcome, one.level) == (test.study, test.outcome, test.level)
    ]
    if not own:
        return _verdict(claim, "untested", reason=_no_estimate(claim, evidence))
    real = [one for one in own if one.kind != "simulated"]
    if not real:
        said = "the only estimates rest on simulated data, which cannot decide a claim."
        return _verdict(claim, "untested", reason=said)
    verdicts = [_by_interval(claim, one.effect) for one in real]
    if len({verdict.status for verdict in verdicts}) == 1:
        return verdicts[0]
    told = ", ".join(verdict.status for verdict in verdicts)
    said = f"the {len(verdicts)} estimates at hand do not agree ({told})."
    return _verdict(claim, "undecided", reason=said, effect=real[0].effect)


def _no_estimate(claim: Claim, evidence: Sequence[Evidence]) -> str:
    said = f"no data on {_what(claim)} are public"
    other = sorted({one.level for one in evidence})
    if other:
        said += f", and an estimate by {' or '.join(other)} speaks of something else"
    return said + "."


def _what(claim: Claim) -> str:
    if claim.test is None:
        return "this"
    return f"{claim.test.outcome.replace('-', ' ')} by {claim.test.level}"


def _by_interval(claim: Claim, effect: EffectLike) -> Verdict:
    low, high, value = effect.conf_low, effect.conf_high, claim.expected
    if not (math.isfinite(low) and math.isfinite(high)):
        said = "the estimate has no interval."
        return _verdict(claim, "undecided", reason=said, effect=effect)
    span = f"the interval from {_shown(claim, low)} to {_shown(claim, high)}"
    claimed = f"the claimed {_shown(claim, value)}"
    if not low <= value <= high:
        side = "above" if value > high else "below"
        said = f"{claimed} lies {side} {span}."
        return _verdict(claim, "contradicted", reason=said, effect=effect)
    if low > 0 or high < 0:
        said = f"{span} holds {claimed} and leaves zero out."
        return _verdict(claim, "supported", reason=said, effect=effect)
    least = math.copysign(effect.minimum_detectable_effect, value)
    said = (
        f"{span} holds both zero and {claimed}; "
        f"the minimum detectable effect is {_shown(claim, least)}."
    )
    return _verdict(claim, "undecided", reason=said, effect=effect)


def _shown(claim: Claim, number: float) -> str:
    """Write a number of the test's scale as a reader expects it: log points as exact percent."""
    if claim.test and claim.test.scale == "log_points":
        return f"{100 * math.expm1(number):+.3g} percent"
    return f"{number:+.3g} {claim.unit}"
