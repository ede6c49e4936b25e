"""The layouts met in the wild: each verified right, and each failing, with the cell named, when a fault is planted."""

import json

import pytest
from layouts import LAYOUTS, Layout, bias_in_one_cell, side_by_side_by_label, stacked_with_one_late

BUILT = {name: builder() for name, builder in LAYOUTS.items()}


def verified(run, spec, *arguments):
    """The exit code and the JSON of verifying a spec."""
    done = run("verify", spec, "--format", "json", "--quiet", *arguments)
    assert not done.err, done.err
    return done.code, json.loads(done.out)


@pytest.mark.parametrize("layout", BUILT.values(), ids=BUILT)
def test_a_layout_that_is_right_is_verified_right(run, tmp_path, layout: Layout):
    """No false alarm, on the stored inputs and on a hundred other sets, and every formula of the file is accounted for."""
    code, document = verified(run, layout.write(tmp_path))
    assert code == 0
    for check in document["checks"]:
        assert check["counts"]["match"] == check["counts"]["bound"] > 0
        tried = check["scenarios"]
        assert (tried["run"] - tried["replaced"] + tried["dropped"], tried["failed"], tried["unsure"]) == (100, 0, [])
        assert tried["dropped"] < 10
    assert document["census"]["unbound"] == 0 or layout is BUILT["several_checks"]  # its loss is in no check


@pytest.mark.parametrize(
    ("layout", "kind"),
    [pytest.param(layout, kind, id=f"{name}: {kind}") for name, layout in BUILT.items() for kind in layout.faults],
)
def test_a_fault_is_found_in_the_cell_where_it_was_planted(run, tmp_path, layout: Layout, kind):
    """A layout is supported when its faults are seen, not when it passes."""
    code, document = verified(run, layout.with_fault(kind).write(tmp_path))
    assert code == 1
    named = {cell["cell"]: cell["status"] for check in document["checks"] for cell in check["cells"]}
    assert named.get(layout.faults[kind].named) in ("mismatch", "hardcoded")


def test_every_layout_has_faults_of_every_kind():
    """A wrong function, a wrong reference, a number where a formula must stand, and a sign."""
    for layout in BUILT.values():
        assert len(layout.faults) >= 4


def test_a_late_block_is_used_and_said(run, tmp_path):
    """Below or beside one another: every cell of the late block is where it stands, and the report tells which it is."""
    said = "block 3 is at another distance from the block before than block 2 is from block 1"
    for builder, blocks in ((stacked_with_one_late, 4), (side_by_side_by_label, 3)):
        _, document = verified(run, builder().write(tmp_path))
        (check,) = document["checks"]
        assert check["iterations"]["count"] == blocks
        assert said in check["notes"]


def test_a_bias_in_one_cell_is_a_finding_and_the_rest_goes_on(run, tmp_path):
    """numpy holds a row of three: both shapes are said, the cell is missing, and all others are compared."""
    code, document = verified(run, bias_in_one_cell().write(tmp_path))
    assert code == 1
    (check,) = document["checks"]
    (finding,) = check["findings"]
    assert (finding["code"], finding["cells"]) == ("XP401", ["Sheet1!F9"])
    assert "(1, 3)" in finding["message"]
    assert "1 × 1 cells" in finding["message"]
    assert check["counts"].items() >= {"bound": 7, "match": 6, "missing": 1}.items()
    assert check["scenarios"].items() >= {"run": 100, "failed": 0}.items()


@pytest.mark.parametrize("kind", bias_in_one_cell().faults)
def test_beside_a_bias_in_one_cell_every_fault_is_named(run, tmp_path, kind):
    """The fault is in the list beside what has another shape."""
    layout = bias_in_one_cell()
    code, document = verified(run, layout.with_fault(kind).write(tmp_path))
    assert code == 1
    named = {cell["cell"]: cell["status"] for cell in document["checks"][0]["cells"]}
    assert named.pop("Sheet1!F9") == "missing"
    assert named[layout.faults[kind].named] in ("mismatch", "hardcoded")


def test_one_spec_may_be_pointed_at_another_file(run, tmp_path):
    """A teacher has one spec and a folder of workbooks."""
    layout = stacked_with_one_late()
    spec = layout.write(tmp_path)
    layout.write(tmp_path, "ann")
    layout.with_fault("a wrong function").write(tmp_path, "bob")
    codes = {name: verified(run, spec, "--workbook", tmp_path / f"{name}.xlsx")[0] for name in ("ann", "bob")}
    assert codes == {"ann": 0, "bob": 1}
    assert verified(run, spec)[0] == 0
