"""What the process of a reference answers is data: what was sent arrives, and what makes no sense is refused."""

import json
import math
from datetime import datetime

import numpy as np
import pytest
from conftest import examples
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from xlparity.excel.values import BLANK, ErrorValue
from xlparity.references.wire import Layout, header_of, packed
from xlparity.spec.reference import Finder

SHAPES = arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
NUMBERS = arrays.arrays(st.sampled_from([np.dtype(float), np.dtype(bool)]), SHAPES)
CELLS = st.one_of(
    st.floats(), st.booleans(), st.text(st.characters(codec="utf-8")), st.just(BLANK), st.datetimes(),
    st.sampled_from(["#N/A", "#NUM!"]).map(ErrorValue),
)  # fmt: skip
MIXED = arrays.arrays(object, SHAPES, elements=CELLS)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["f", "b", "o"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["error", "date", "x"]), inner),
    max_leaves=12,
)


def alike(one, other):
    return type(one) is type(other) and (
        one == other or (isinstance(one, float) and math.isnan(one) and math.isnan(other))
    )


@given(st.lists(NUMBERS | MIXED, max_size=4))
@examples(200)
def test_arrays_arrive_as_they_were_sent(sent):
    """To the last bit, of whatever shape and kind, since they are what a workbook is compared with."""
    layouts, payload = packed(sent)
    found = Layout(header_of(json.dumps(layouts).encode())).unpacked(bytearray(payload))
    assert len(found) == len(sent)
    for one, other in zip(sent, found, strict=True):
        assert (one.shape, one.dtype) == (other.shape, other.dtype)
        if one.dtype == object:
            assert all(map(alike, one.flat, other.flat))
        else:
            assert one.tobytes() == other.tobytes()


@given(JSON, st.binary(max_size=64))
@examples(500)
def test_what_makes_no_sense_is_refused(layouts, payload):
    """A reference may write to the connection what it likes: it is arrays of cell values, or a ValueError."""
    try:
        found = Layout(layouts).unpacked(bytearray(payload))
    except ValueError:
        return
    for array in found:
        assert array.dtype in (float, bool, object)
        assert all(
            isinstance(value, float | bool | np.bool_ | str | datetime | ErrorValue) or value is BLANK
            for value in array.flat
        )


@pytest.mark.parametrize("shape", [[2**47], [-1], [1.0], [True], ["1"], [2**70], 70 * [1]])
@pytest.mark.parametrize("code", ["f", "b", "o"])
def test_a_shape_that_is_none_takes_no_memory(code, shape):
    """An array of a thousand terabytes is said in ten characters."""
    with pytest.raises(ValueError):
        Layout([[code, shape, *([[]] if code == "o" else [])]]).unpacked(bytearray())


def test_a_deep_answer_is_refused():
    """The parser of JSON would end in a RecursionError, which is no reference's fault to a reader."""
    with pytest.raises(ValueError):
        header_of(b"[" * 100_000)


def test_a_finder_that_nobody_ends_leaves_no_process(tmp_path):
    """As in a program that binds a spec and goes on."""
    (tmp_path / "own.py").write_text("def double(x):\n    return {'y': 2 * x}\n")
    finder = Finder(tmp_path)
    reference = finder.found("own.py:double")
    process = finder._process._running._process
    assert process.poll() is None
    del finder, reference
    assert process.poll() is not None
