"""The journal, from which a run that was interrupted is continued."""

import json

import pytest
from conftest import examples
from hypothesis import given
from hypothesis import strategies as st

from xlparity.errors import UsageError
from xlparity.jobs.journal import Journal

VALUES = st.dictionaries(
    st.text(), st.none() | st.booleans() | st.floats(allow_nan=False) | st.text() | st.lists(st.integers())
)


@examples(50)
@given(entries=st.lists(st.tuples(st.text(), VALUES)), cut=st.integers(0, 200))
def test_a_journal_has_what_was_put_but_for_a_torn_last_line(entries, cut, tmp_path_factory):
    """Wherever the process was killed: all whole lines are there, the torn one is not, and the next run adds behind it."""
    path = tmp_path_factory.mktemp("journal") / "results.jsonl"
    with Journal(path) as journal:
        for key, value in entries:
            journal.put(key, value)
            assert journal.get(key) == value
    data = path.read_bytes()
    lines = data.split(b"\n")
    path.write_bytes(data[: max(0, len(data) - cut)])
    *whole, last = path.read_bytes().split(b"\n")
    kept = dict(
        entries[: len(whole) + (last in lines[:-1])]
    )  # a line of which only the end of line is torn off is whole
    with Journal(path) as journal:
        assert {key: journal.get(key) for key, _ in entries} == {key: kept.get(key) for key, _ in entries}
        journal.put("new", {"points": 1})
    with Journal(path) as journal:
        assert journal.get("new") == {"points": 1}
        assert all(journal.get(key) == value for key, value in kept.items() if key != "new")


def test_a_journal_with_nothing_but_a_torn_line_is_empty(tmp_path):
    """The first result may be the one that was interrupted."""
    path = tmp_path / "results.jsonl"
    path.write_text('{"key": "a", "val')
    with Journal(path) as journal:
        assert journal.get("a") is None
        journal.put("b", {"points": 2})
    with Journal(path) as journal:
        assert journal.get("b") == {"points": 2}


def test_a_result_is_on_disk_when_put_returns(tmp_path):
    """The process may be killed at any time after, and what was put is not changed by what becomes of the value."""
    path = tmp_path / "folder" / "results.jsonl"
    journal = Journal(path)
    value = {"points": 2.5, "name": "Zoë"}
    journal.put("a", value)
    value["points"] = 0
    assert json.loads(path.read_text(encoding="utf-8")) == {"key": "a", "value": {"points": 2.5, "name": "Zoë"}}
    assert journal.get("a") == {"points": 2.5, "name": "Zoë"}
    journal.put("a", value)
    journal.close()
    with Journal(path) as again:
        assert again.get("a")["points"] == 0  # the last one counts


def test_a_name_that_is_no_utf_8_is_kept(tmp_path):
    """As an archive from another system unpacks names: Python reads the byte as half a surrogate pair."""
    with Journal(tmp_path / "results.jsonl") as journal:
        journal.put("a", {"student": "M\udcfcller"})
    with Journal(tmp_path / "results.jsonl") as journal:
        assert journal.get("a") == {"student": "M\udcfcller"}


def test_another_file_is_not_taken_for_a_journal(tmp_path):
    """Nothing is added to a gradebook whose name was given by mistake."""
    path = tmp_path / "grades.csv"
    path.write_text("name,points\nZoë,3\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"grades.csv is not a journal of xlparity; name another file, or delete it"):
        Journal(path)
    assert path.read_text(encoding="utf-8") == "name,points\nZoë,3\n"
    with pytest.raises(UsageError, match="cannot be used"):
        Journal(tmp_path)
