"""What a mutation run found out: the mutants, and what became of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from xlparity.excel.address import Cell
from xlparity.excel.values import Value
from xlparity.excel.workbook import Formula, Workbook
from xlparity.results.report import Verdict

Fate = Literal["detected", "equivalent", "survived"]
Shown = Literal["formulas", "inputs"]


@dataclass(frozen=True, slots=True)
class Mutant:
    """What is put into a workbook to break it, by cell; ``kind`` is that of the edit, ``said`` what it did.

    The sentence reads from the right formula to the wrong one. ``original`` is what stands in the first of the cells;
    ``formula`` is that without its addresses, which many cells may share.
    """

    check: str
    variable: str
    kind: str
    said: str
    contents: Mapping[Cell, Value | Formula]
    original: str
    formula: str = ""

    def cells(self, workbook: Workbook) -> set[Cell]:
        """The cells that the mutant's formulas fill in the original workbook."""
        return {filled for cell in self.contents for filled in workbook.filled(cell).cells()}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one mutant.

    ``equivalent`` is one that computes what the original does on ``evidence`` sets of values: ``shown`` by its formulas,
    which come to the same whatever the cells hold that they read, or by every bound cell on other inputs.
    ``named`` says whether a finding names one of its cells, ``restored`` whether what is suggested makes the workbook
    compute what the original does; ``code`` and ``suggestion`` are those of the finding.
    """

    mutant: Mutant
    fate: Fate
    evidence: int = 0
    shown: Shown | None = None
    named: bool = False
    restored: bool = False
    code: str | None = None
    suggestion: str | None = None


@dataclass(frozen=True, slots=True)
class MutationReport:
    """The outcomes of the mutants of a spec's workbook, in the order in which they were run.

    ``asked`` is how many were to be run: where there are fewer outcomes, the ``time``, in seconds, has ended before.
    """

    spec: str
    workbook: str
    seed: int
    scenarios: int
    outcomes: tuple[Outcome, ...]
    asked: int
    time: float | None = None

    @property
    def verdict(self) -> Verdict:
        """Pass where no mutant survived of those that were run."""
        return Verdict.FAIL if self.of("survived") else Verdict.PASS

    def of(self, fate: Fate) -> list[Outcome]:
        """The outcomes with this fate."""
        return [outcome for outcome in self.outcomes if outcome.fate == fate]

    @property
    def counts(self) -> dict[str, int]:
        """How many mutants there were, and how many had each fate; how many of the detected were named and restored."""
        return count(self.outcomes)

    @property
    def kinds(self) -> dict[str, dict[str, int]]:
        """The counts by kind of edit, in alphabetical order."""
        names = sorted({outcome.mutant.kind for outcome in self.outcomes})
        return {name: count([outcome for outcome in self.outcomes if outcome.mutant.kind == name]) for name in names}


def count(outcomes: Sequence[Outcome]) -> dict[str, int]:
    """The numbers of a report on these outcomes."""
    return {
        "mutants": len(outcomes),
        "equivalent": sum(outcome.fate == "equivalent" for outcome in outcomes),
        "detected": sum(outcome.fate == "detected" for outcome in outcomes),
        "named": sum(outcome.named for outcome in outcomes),
        "restored": sum(outcome.restored for outcome in outcomes),
        "survived": sum(outcome.fate == "survived" for outcome in outcomes),
    }
