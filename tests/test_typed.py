"""Formulas in reports for people: as they are typed in Excel; programs are given them as in the file."""

import json

import pytest

from xlparity.excel.prefixes import typed_formula


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("=_xlfn.STDEV.S(A1:A8)", "=STDEV.S(A1:A8)"), ("=SUM(_xlfn.ANCHORARRAY(A1))", "=SUM(A1#)"),
        ("=_xlfn.SINGLE(A1:A5)*2", "=@A1:A5*2"),
        ("=_xlfn.LET(_xlpm.x,A1,_xlpm.x+1)", "=LET(x,A1,x+1)"), ("=_xlfn._xlws.SORT(A1:A3)", "=SORT(A1:A3)"), ("=A1", "=A1"),
        ("=_xlfn.LAMBDA(_xlpm.a,_xlop.b,_xlpm.a)(1)", "=LAMBDA(a,b,a)(1)"),
        ("=_xlfn.MAP(_xlfn.ANCHORARRAY(B2),_xlfn.LAMBDA(_xlpm.v,_xlpm.v))", "=MAP(B2#,LAMBDA(v,v))"),
    ],
)  # fmt: skip
def test_a_formula_is_shown_as_it_is_typed(text, shown):
    """The prefixes are a matter of the file."""
    assert typed_formula(text) == shown


def test_people_read_what_they_type_and_programs_what_is_in_the_file(run, small):
    """The suggestion is one to type; --fix writes the name that the file needs."""
    small.write_cells({"A1": 3, "A2": 4, "B1": "=_xlfn.STDEV.P(A1:A2)"})
    small.write_spec(inputs='[inputs]\nx = "A1:A2"')
    small.reference.write_text("import numpy as np\ndef double(x):\n    return {'y': np.std(x, ddof=1)}\n")
    for form in ("text", "markdown", "html", "junit"):
        done = run("verify", small.spec, "--format", form)
        assert done.code == 1
        assert "_xlfn" not in done.out
        assert "STDEV.S" in done.out or "STDEV" in done.out
    found = json.loads(run("verify", small.spec, "--format", "json").out)["checks"][0]["findings"][0]
    assert found["formula"] == "=_xlfn.STDEV.P(A1:A2)"
    copy = small.folder / "fixed.xlsx"
    assert run("verify", small.spec, "--fix", copy).code == 1
    assert run("verify", small.spec, "--workbook", copy).code == 0
