"""Matching doubts with what the user decided about them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from analysis.declarations.office import Decision, Decisions
from analysis.errors import Fault
from analysis.supply.doubts import Answer, Doubt
from analysis.supply.intake import Decided

#: Makes an answer of a text that is none of the fixed words; None when it means nothing.
Open = Callable[[str], Answer | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """Takes doubts one by one, applies decided ones and keeps the rest."""

    decisions: Decisions
    file: str
    open: list[Doubt] = field(default_factory=list)
    decided: list[Decided] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)

    def settle(
        self, doubt: Doubt, run: Callable[[str], None], *, other: Open | None = None
    ) -> bool:
        """Apply what was decided about a doubt, or keep it open; return whether it is settled."""
        self.asked.add(doubt.id)
        decision = next((one for one in self.decisions.decision if one.doubt == doubt.id), None)
        if decision is None or (decision.rows is not None and decision.rows != doubt.rows):
            self.open.append(doubt)
            return False
        answer = next((one for one in doubt.answers if one.id == decision.answer), None)
        if answer is None and other is not None:
            answer = other(decision.answer)
        if answer is None:
            self.faults.append(self._unknown(decision, doubt))
            return False
        for statement in answer.sql:
            run(statement)
        self.decided.append(Decided(doubt=doubt, answer=answer, reason=decision.reason))
        return True

    def all(self, doubts: Iterable[Doubt], run: Callable[[str], None]) -> None:
        """Settle all of them, each before the next is looked for."""
        for doubt in doubts:
            self.settle(doubt, run)

    def _unknown(self, decision: Decision, doubt: Doubt) -> Fault:
        words = " or ".join(repr(one.id) for one in doubt.answers)
        return Fault(
            file=self.file,
            column=decision.doubt,
            expected=" or ".join(filter(None, (words, doubt.open_answer))),
            found=repr(decision.answer),
            mend="write one of these answers",
        )

    def left_over(self, sources: Sequence[str]) -> Iterator[Fault]:
        """Yield a fault for each decision on something that nobody asked."""
        for one in self.decisions.decision:
            if one.doubt not in self.asked and not self.faults:
                yield Fault(
                    file=self.file,
                    column=one.doubt,
                    expected="decisions on doubts that are there",
                    found="no such doubt (any more) about " + ", ".join(sources),
                    mend="take the decision out, or correct its name",
                )
