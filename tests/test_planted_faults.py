"""The planted-fault benchmark: its right workbooks pass, and what it counts as found, named and fixed is so."""

import sys
from pathlib import Path

import pytest
from openpyxl import load_workbook

import xlparity
from xlparity.actions.fix import corrected
from xlparity.excel.workbook import read_workbook

sys.path.append(
    str(Path(__file__).parent / "benchmarks")
)  # the last one: a benchmark is named coverage, as a library is
from faults import judged_fix, prepare
from planting import DOMAINS, Domain

ONE_EACH = {
    "finance": "principal with the wrong sign",
    "options": "d2 adds",
    "lifetable": "whole deaths taken off",
    "epidemic": "recovered added",
    "filters": "level without the trend",
    "adam": "step added",
    "prices": "discount added",
    "invoices": "fee not owed",
    "net": "no ReLU",
    "tax": "top bracket left out",
}


@pytest.mark.parametrize("name", DOMAINS)
def test_a_right_workbook_passes_and_a_fault_in_it_is_found(name, tmp_path):
    """Without the first, what is found in the faulty ones would prove nothing."""
    domain = Domain(name)
    ground, right = prepare(domain, tmp_path)
    assert (right["verdict"], right["findings"]) == ("pass", [])
    fault = next(fault for fault in domain.faults() if fault.name == ONE_EACH[name])
    path = domain.write(tmp_path, fault, "faulty.xlsx")
    assert ground.expected[0].differs(path.read_bytes())
    report = xlparity.verify(tmp_path / f"{name}.parity.toml", workbook=path)
    named = {cell for check in report.checks for finding in check.findings for cell in finding.cells}
    assert str(report.verdict) == "fail" and named & domain.changed(fault)[0]


@pytest.mark.parametrize("name", DOMAINS)
def test_each_workbook_has_twenty_five_single_faults_and_five_double_ones_which_change_cells(name):
    domain = Domain(name)
    faults = domain.faults()
    assert [len(fault.parts) for fault in faults] == [1] * 25 + [2] * 5
    assert all(cells for fault in faults for cells in domain.changed(fault))


def test_a_fault_over_a_column_is_filled_as_excel_does():
    domain = Domain("finance")
    fault = next(fault for fault in domain.faults() if fault.name == "payment not anchored")
    grid = domain.planted(fault)
    assert [grid["Loan", f"D{row}"] for row in (12, 13, 35)] == ["=B7-C12", "=B8-C13", "=B30-C35"]
    assert [len(domain.changed(fault, anchors=anchors)[0]) for anchors in (True, False)] == [24, 23]


def test_a_suggestion_counts_as_a_fix_only_if_it_computes_what_the_right_workbook_does(tmp_path):
    """It is applied to the copy, and the result compared with the right workbook."""
    domain = Domain("options")
    ground, _ = prepare(domain, tmp_path)
    fault = next(fault for fault in domain.faults() if fault.name == "d2 adds")
    path = domain.write(tmp_path, fault, "faulty.xlsx")
    report = xlparity.verify(tmp_path / "options.parity.toml", workbook=path)
    found = judged_fix(ground, report, path, domain.changed(fault)[0])
    assert found == {"fix": "right", "text": True, "suggested": sorted(f"=C{row}-$E$1" for row in range(9, 17))[:4]}


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        # Of a column that is wrong in some months alone, the others are wrong because of these, and agree with any edit.
        ("finance", "extra every fourth month"),
        # The column is covered by no output, and which branch has a tie is decided by inputs that are searched for.
        ("epidemic", "reduction below the threshold"),
        # In some samples a half of a cent is within rounding error, and the right formula differs from the reference there.
        ("tax", "month of 52 weeks"),
        # The range of helpers that no output covers is known by the formula that fills it.
        ("net", "softmax over the column"),
        # Only a tie shows it, which inputs of few digits reach; in powers of two, the rates above and below are one.
        ("tax", "marginal rate at the step"),
        ("finance", "fee also halved at the limit"),
        # Two references to one quantity, and each is to be another.
        ("filters", "trend from the measurements"),
    ],
)
def test_the_suggestions_restore_the_formulas(name, fault, tmp_path):
    domain = Domain(name)
    planted = next(each for each in domain.faults() if each.name == fault)
    original = read_workbook(domain.write(tmp_path))
    report = xlparity.verify(tmp_path / f"{name}.parity.toml", workbook=domain.write(tmp_path, planted, "faulty.xlsx"))
    suggested = {cell: str(formula) for cell, formula in corrected(report)[1].items()}
    assert suggested == {cell: str(original.formula(cell)) for cell in domain.changed(planted)[0]}


def test_samples_within_the_ranges_tell_a_comparison_from_its_neighbour(tmp_path):
    """At a tie alone ``>`` and ``>=`` differ: some samples have equal inputs."""
    domain = Domain("options")
    ground, _ = prepare(domain, tmp_path)
    fault = next(fault for fault in domain.faults() if fault.name == "equal strikes are in")
    assert ground.expected[0].differs(domain.write(tmp_path, fault, "faulty.xlsx").read_bytes())


def test_samples_are_whole_numbers_where_the_spec_says_so():
    drawn = {cell.a1: set(column) for cell, column in Domain("invoices").draw(1).items()}
    assert (drawn["B3"], drawn["C8"]) == (set(range(11)), {1, 2, 3})


def test_the_values_of_a_domain_workbook_are_stored(tmp_path):
    """A workbook as Excel saves it has them, and stored inputs are those that ``verify`` starts from."""
    path = Domain("tax").write(tmp_path)
    stored = load_workbook(path, data_only=True)["Tax"]
    assert stored["B13"].value == pytest.approx(
        sum(stored.cell(row, c).value for row in range(2, 12) for c in (7, 8, 9))
    )
    assert read_workbook(Path(path)).sheets == ("Rates", "Tax")
