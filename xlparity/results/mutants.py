"""The result of a mutation run: each mutant with its status, and the counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from xlparity.excel.address import Cell
from xlparity.excel.values import Value
from xlparity.excel.workbook import Formula, Workbook
from xlparity.results.report import Verdict

MutantStatus = Literal["detected", "equivalent", "survived"]
Shown = Literal["formulas", "inputs"]


@dataclass(frozen=True, slots=True)
class Mutant:
    """One planted fault: the new ``contents`` by cell.

    ``kind`` is the kind of the edit, and ``description`` a sentence on the change from the right formula to the wrong one.
    ``original`` is the content of the first cell before the edit, and ``formula`` its formula without the addresses, which
    many cells may share.
    """

    check: str
    variable: str
    kind: str
    description: str
    contents: Mapping[Cell, Value | Formula]
    original: str
    formula: str = ""

    def cells(self, workbook: Workbook) -> set[Cell]:
        """Every cell of the original workbook that the edited formulas fill: of an array formula, its whole range."""
        return {filled for cell in self.contents for filled in workbook.filled(cell).cells()}


@dataclass(frozen=True, slots=True)
class MutantResult:
    """The result of one mutant.

    An ``equivalent`` mutant computes what the original does on ``evidence`` samples. ``shown`` says how this was found:
    "formulas" where the edited formulas give the same for random values of their precedents, "inputs" where every bound cell
    has the same value in scenarios. ``named`` is whether a finding names one of the edited cells, ``restored`` whether the
    workbook with the suggestion computes what the original does. ``code`` and ``suggestion`` are those of the finding.
    """

    mutant: Mutant
    status: MutantStatus
    evidence: int = 0
    shown: Shown | None = None
    named: bool = False
    restored: bool = False
    code: str | None = None
    suggestion: str | None = None


@dataclass(frozen=True, slots=True)
class MutationReport:
    """The results of the mutants of a spec's workbook, in the order of the run.

    ``asked`` is how many mutants were to be run. Where there are fewer outcomes, the ``time`` limit (in seconds) ended the run.
    """

    spec: str
    workbook: str
    seed: int
    scenarios: int
    outcomes: tuple[MutantResult, ...]
    asked: int
    time: float | None = None

    @property
    def verdict(self) -> Verdict:
        """Fail if any mutant survived, otherwise pass."""
        return Verdict.FAIL if self.of("survived") else Verdict.PASS

    def of(self, status: MutantStatus) -> list[MutantResult]:
        """The outcomes with this status."""
        return [outcome for outcome in self.outcomes if outcome.status == status]

    @property
    def counts(self) -> dict[str, int]:
        """The number of mutants, of each status, and of those named and restored."""
        return count(self.outcomes)

    @property
    def kinds(self) -> dict[str, dict[str, int]]:
        """The counts by kind of edit, sorted by kind."""
        names = sorted({outcome.mutant.kind for outcome in self.outcomes})
        return {name: count([outcome for outcome in self.outcomes if outcome.mutant.kind == name]) for name in names}


def count(outcomes: Sequence[MutantResult]) -> dict[str, int]:
    """The number of outcomes, of each status, and of those named and restored."""
    return {
        "mutants": len(outcomes),
        "equivalent": sum(outcome.status == "equivalent" for outcome in outcomes),
        "detected": sum(outcome.status == "detected" for outcome in outcomes),
        "named": sum(outcome.named for outcome in outcomes),
        "restored": sum(outcome.restored for outcome in outcomes),
        "survived": sum(outcome.status == "survived" for outcome in outcomes),
    }
