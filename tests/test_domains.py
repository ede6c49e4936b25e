"""Right workbooks of ten domains pass as a person first writes them; samples that cannot speak are replaced by others."""

from dataclasses import replace

import pytest
from right_domains import DOMAINS, WITHOUT_RANGES, relu_net

import xlparity
from xlparity.results.report import Verdict
from xlparity.settings import Options


@pytest.mark.parametrize("name", DOMAINS)
@pytest.mark.parametrize("seed", [0, 1])
def test_a_right_workbook_passes(tmp_path, name, seed):
    """Half of the specs have no ranges: training diverges, rates have several solutions, matrices are singular."""
    report = xlparity.verify(DOMAINS[name]().write(tmp_path), options=Options(seed=seed))
    assert report.verdict is Verdict.PASS
    assert report.checks[0].scenarios.run >= 90


def test_half_of_the_workbooks_have_no_ranges():
    """With ranges everywhere, scenarios would not leave the domain of the model."""
    assert len(DOMAINS) == 2 * len(WITHOUT_RANGES)
    assert not any(word in build().spec for build in WITHOUT_RANGES for word in ("low =", "high =", "choices ="))


def test_a_branch_within_rounding_of_the_stored_inputs_is_decided_by_others(tmp_path):
    """z1 of one sample is 0.42-0.42, a residue to numpy's product: ReLU's slope is 0 in one and 1 in the other."""
    right = relu_net()
    tie = replace(right, cells={**right.cells, ("Sheet1", "A7"): -1.4})
    (check,) = xlparity.verify(tie.write(tmp_path)).checks
    assert (check.verdict, check.counts["match"]) == (Verdict.PASS, 603)
    wrong = {**tie.cells, ("Sheet1", "R15"): "=O15*$A$15*IF(F15>0,1,0.01)"}
    (check,) = xlparity.verify(replace(tie, cells=wrong).write(tmp_path)).checks
    assert check.verdict is Verdict.FAIL
    assert {cell.a1 for found in check.findings for cell in found.cells} == {"R15"}
    assert "on the stored inputs, rounding decides the value of Sheet1!R15 and" in " ".join(
        xlparity.verify(tie.write(tmp_path)).checks[0].notes
    )


@pytest.mark.parametrize("bound", [True, False])
def test_what_follows_from_a_wrong_shape_is_no_cause(tmp_path, bound):
    """z1 of the second step reads b1, which is updated with db1, of another shape in the reference: only db1 is reported."""
    right = relu_net()
    summed, state = "dz1.sum(axis=0, keepdims=True)", '\nb1 = "A13:C13"'
    head, outputs = right.spec.split("[outputs]")
    spec = right.spec if bound else f"{head}[outputs]{outputs.replace(state, '')}"
    reference = right.reference.replace(summed, "dz1.sum(axis=0)[:2]" if bound else "dz1.mean()")
    if bound:
        reference = reference.replace("b1 - alpha * db1,", "b1 - alpha * dz1.mean(axis=0, keepdims=True),")
    else:
        reference = reference.replace('"b1": b1, ', "")
    (check,) = xlparity.verify(replace(right, spec=spec, reference=reference).write(tmp_path)).checks
    assert check.verdict is Verdict.FAIL
    assert {found.code for found in check.findings} == {"XP401"}
    assert check.counts["mismatch"] > 300
    assert check.findings[0].affects >= check.counts["mismatch"]
