"""What is told from a formula's text alone about the operators that LibreOffice or IronCalc get wrong."""

import pytest

from xlparity.engines.common.operands import misreadings

T, F = True, False


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("=(A1>B1)=(A2>B2)", (T, F, F, T)), ("=NOT((A1>B1)<>(A2>B2))", (T, F, F, T)), ("=A1>B1>C1", (T, T, F, T)),
        ("=(A1>0)*2>1", (T, T, F, T)), ("=2>(A1>0)", (T, T, F, T)), ("=AND(A1)<2", (T, T, F, T)),
        ("=IF(A1>1,TRUE,5)=(A2>1)", (T, T, F, T)), ("=(A1>0)&1", (T, T, F, F)), ("=(A1+B1)%", (F, F, T, F)),
        ("=(A1&B1)*2", (F, F, T, F)), ("=SUM(A1)%", (F, F, F, F)), ("=IF(A1>0,1,2)>0", (F, F, F, T)),
        ("=((A1>0))*2-(B1>2)", (F, F, F, F)), ("=AND(A1>0,B1<2)", (F, F, F, T)), ("='a>(b'!A1=2", (F, F, F, T)),
        ('="x"&IF(A1>0,"a","b")&"=(>"', (F, F, F, F)), ("=SUMPRODUCT((A1:A3>1)*B1:B3)>2", (F, F, F, T)),
        ("=ISNUMBER(A1)", (F, F, F, T)), ("=TRUE", (F, F, F, T)), ("=IF(A1>1,TRUE,5)", (F, F, F, F)), ("=A1+TRUE", (F, F, F, F)),
        ("=PRODUCT(A1)", (F, F, F, F)), ("=_xlfn.IFS(A1>0,1,TRUE,0)", (F, F, F, F)),
        ("=_xlfn.SWITCH(A1,5,1,TRUE)", (F, F, F, F)), ("=_xlfn.IFNA(1,TRUE)", (F, F, F, F)),
    ],
)  # fmt: skip
def test_brackets_and_truth_values_are_seen_where_they_matter(formula, expected):
    """Seen too seldom, a wrong value passes for a second opinion; too often, there is none to be had."""
    assert misreadings(formula) == expected
