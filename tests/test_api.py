"""``import xlparity``: what a program is offered, what it costs to import, and that threads may use it at once."""

import gc
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from math import inf
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from conftest import Small

import xlparity
from xlparity import collector
from xlparity.excel.workbook import read_workbook
from xlparity.reporters.formats import json as json_reporter

FUNCTIONS = ["annotate", "assert_parity", "fix", "generate", "grade", "init", "mutate", "recalculate", "verify"]
VALUES = [
    "Finding", "Limits", "Options", "Report", "Tolerance", "Verdict", "WorkbookLimits", "Workers", "BLANK", "ErrorValue",
]  # fmt: skip
FAULTY = {"A1": 3, "B1": "=3*A1"}


# --- what is offered -------------------------------------------------------------------------------------------------


def test_all_is_every_public_name_sorted():
    """A name that is offered and absent from the list, or the other way round, is one that nobody finds."""
    errors = [
        name
        for name, value in vars(xlparity.errors).items()
        if isinstance(value, type) and value.__module__ == "xlparity.errors"
    ]
    assert xlparity.__all__ == sorted([*FUNCTIONS, *VALUES, *errors, "__version__"])
    assert all(getattr(xlparity, name) is not None for name in xlparity.__all__)
    assert set(xlparity.__all__) <= set(dir(xlparity))
    with pytest.raises(AttributeError, match="has no attribute 'verfy'"):
        xlparity.verfy  # noqa: B018


def test_every_error_is_in_the_one_tree():
    """One ``except`` is enough for whatever a person can correct."""
    errors = [getattr(xlparity, name) for name in xlparity.__all__ if name.endswith("Error")]
    assert len(errors) == 7
    assert all(issubclass(error, xlparity.XlparityError) for error in errors)


@pytest.mark.parametrize("name", [*FUNCTIONS, *VALUES])
def test_a_public_name_has_a_docstring_of_its_own(name):
    """``help(xlparity.verify)`` is the reference; that of a class must not be the one that it inherits."""
    value = getattr(xlparity, name)
    documented = value if callable(value) else type(value)
    assert len(vars(documented)["__doc__"] if isinstance(documented, type) else documented.__doc__) > 30
    assert name in (xlparity.__doc__ or "") or name in VALUES


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_public_function_has_more_than_six_parameters(name):
    """What more there is to say is in Options, or in what a spec file says; each parameter is spoken of in the docstring."""
    function = getattr(xlparity, name)
    parameters = inspect.signature(function).parameters
    assert len(parameters) <= 6
    assert all(re.search(rf"\b{parameter}\b", function.__doc__) for parameter in parameters)


def test_every_option_is_documented_with_its_default():
    """An option whose unit is not said is one that is guessed."""
    text = xlparity.Options.__doc__
    said = {
        name for line in re.findall(r"^\s*- (``.*?):", text, re.MULTILINE) for name in re.findall(r"``(\w+)``", line)
    }
    assert said == {field.name for field in fields(xlparity.Options)}
    assert text.count("Default") == len(fields(xlparity.Options)) - 1  # rtol and atol have theirs together


def test_no_module_hides_a_public_name():
    """Once ``xlparity.fix`` was imported as a module, the name would be that module."""
    modules = {module.name for module in pkgutil.iter_modules(xlparity.__path__)}
    assert not modules & set(xlparity.__all__)


def test_the_readme_names_what_is_offered():
    """Its section is the list of what there is."""
    readme = Path(__file__).parents[1] / "README.md"
    section = readme.read_text(encoding="utf-8").partition("\n## Python, pytest and CI\n")[2].partition("\n## ")[0]
    assert {*FUNCTIONS, *VALUES, "XlparityError"} <= set(re.findall(r"`(?:xlparity\.)?(\w+)`", section))


def test_the_import_loads_no_library():
    """Neither a spec nor a workbook is there yet, and a second is long for a program that may need none."""
    heavy = "{'numpy', 'openpyxl', 'formulas', 'pandas', 'scipy', 'rich', 'typer', 'matplotlib'}"
    code = f"import sys, xlparity; xlparity.Options(seed=1); dir(xlparity); print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


# --- the options of a run --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"engines": 1}, "engines is one name or several, such as 'formulas' or ('formulas', 'ironcalc')"),
        ({"engines": ()}, "engines is one name or several"),
        ({"engines": ""}, "engines is one name or several"),
        ({"engines": ("formulas", "")}, "engines is one name or several"),
        ({"scenarios": 1.5}, "scenarios is a whole number from 0 to 100,000"),
        ({"seed": True}, "seed is a whole number from 0 to 4,294,967,295"),
        ({"tolerance": 1e-9}, "tolerance is a Tolerance of two numbers"),
        ({"tolerance": xlparity.Tolerance(rtol=-1.0)}, "tolerance is a Tolerance of two numbers"),
        ({"rtol": inf}, "rtol is a number such as 1e-9"),
        ({"atol": "1"}, "atol is a number such as 1e-9"),
        ({"reference_timeout": 0}, "reference_timeout is a number of seconds, such as 60"),
        ({"mutants": 0}, "mutants is a whole number from 1"),
        ({"mutants": None}, "mutants is a whole number from 1"),
        ({"time": 0}, "time is a number of seconds such as 120, or math.inf for no limit"),
        ({"jobs": -1}, "jobs is a whole number from 1"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused_where_it_is_given(given, said):
    """And not a minute later, by an error that does not say which."""
    with pytest.raises(xlparity.UsageError) as error:
        xlparity.Options(**given)
    assert str(error.value).startswith(said)


def test_engines_are_a_tuple_however_they_are_given():
    """So that options can be compared and kept in a set."""
    one, two = (xlparity.Options(engines=given) for given in ("cached", ["cached"]))
    assert one == two == xlparity.Options(engines=("cached",))
    assert len({one, two}) == 1


@pytest.fixture
def project(small, monkeypatch):
    """A project with settings of its own, in whose folder the test runs."""
    text = (
        "[tool.xlparity]\nengine = 'formulas'\nscenarios = 3\nseed = 7\nrtol = 0.6\nreference_timeout = 30\ntime = 0\n"
    )
    (small.folder / "pyproject.toml").write_text(text)
    monkeypatch.chdir(small.folder)
    return small


def test_every_function_obeys_the_project(project):
    """And options that are given are taken as they are, whatever the project says."""
    project.write_cells({"A1": 3, "B1": "=3*A1"})
    cells = {"inputs": {"x": "A1"}, "outputs": {"y": "B1"}, "sheet": "Sheet"}
    for report in (
        xlparity.verify(project.spec),
        xlparity.assert_parity(project.workbook, "small.py:double", **cells),
    ):
        assert report.verdict is xlparity.Verdict.PASS
        assert (report.checks[0].scenarios.asked, report.checks[0].scenarios.seed) == (3, 7)
        assert report.checks[0].tolerances == {"y": xlparity.Tolerance(0.6, 1e-12)}
    assert xlparity.verify(project.spec, options=xlparity.Options()).verdict is xlparity.Verdict.FAIL
    project.write_cells({"A1": 3, "B1": "=2*A1"})
    mutated = xlparity.mutate(project.spec)
    assert (mutated.scenarios, mutated.seed, mutated.time) == (3, 7, None)
    (project.folder / "pyproject.toml").write_text("[tool.xlparity]\nengine = 'cached'\n")
    with pytest.raises(xlparity.EngineError):  # openpyxl has stored no value
        xlparity.recalculate(project.workbook)["B1"]
    assert xlparity.recalculate(project.workbook, options=xlparity.Options())["B1"] == 6.0


def test_tolerances_of_the_options_replace_those_of_the_spec_in_every_function(project):
    """``rtol`` and ``atol`` overrule what is written beside a quantity; ``tolerance`` is for what has none."""
    project.write_cells({"A1": 3, "B1": "=2.001*A1"})
    project.write_spec(blocks="tolerance = { rtol = 1e-9 }")
    loose = xlparity.Options(rtol=0.1, scenarios=3, mutants=1, jobs=1)
    assert xlparity.verify(project.spec).verdict is xlparity.Verdict.FAIL
    assert xlparity.verify(project.spec, options=loose).verdict is xlparity.Verdict.PASS
    assert len(xlparity.mutate(project.spec, options=loose).outcomes) == 1
    own = {"inputs": {"x": "A1"}, "outputs": {"y": {"at": "B1", "rtol": 1e-9}}, "sheet": "Sheet"}
    assert xlparity.assert_parity(project.workbook, "small.py:double", options=loose, **own)
    wide = replace(loose, rtol=None, tolerance=xlparity.Tolerance(rtol=0.1))
    with pytest.raises(AssertionError):
        xlparity.assert_parity(project.workbook, "small.py:double", options=wide, **own)


# --- functions that write --------------------------------------------------------------------------------------------


def test_fix_writes_the_corrected_workbook_and_says_what_was_changed(small):
    """The copy passes; the original stays as it is."""
    small.write_cells(FAULTY)
    before = small.workbook.read_bytes()
    fixed = xlparity.fix(xlparity.verify(small.spec), small.folder / "fixed.xlsx")
    assert {str(cell): text for cell, text in fixed.formulas.items()} == {"Sheet!B1": "=2*A1"}
    assert (Path(fixed.path).name, fixed.report) == ("fixed.xlsx", None)
    assert xlparity.verify(small.spec, workbook=fixed.path).verdict is xlparity.Verdict.PASS
    assert openpyxl.load_workbook(fixed.path, data_only=True)["Sheet"]["B1"].value == 6
    assert small.workbook.read_bytes() == before


def test_fix_writes_nothing_where_nothing_is_to_be_corrected(small):
    """A copy that is not corrected would be taken for one that is."""
    fixed = xlparity.fix(xlparity.verify(small.spec), small.folder / "fixed.xlsx")
    assert (fixed.formulas, fixed.cells) == ({}, ())
    assert not Path(fixed.path).exists()


@pytest.mark.parametrize("write", [xlparity.fix, xlparity.annotate])
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("small.xlsx", "the copy .* would overwrite .*small.xlsx"),
        ("small.parity.toml", "the copy .* would overwrite .*small.parity.toml"),
        ("small.xlsm", r"the copy of .* must end in \.xlsx"),
    ],
)
def test_a_copy_overwrites_nothing_that_was_read(small, write, name, said):
    """As on the command line."""
    small.write_cells(FAULTY)
    report = xlparity.verify(small.spec)
    before = {path: path.read_bytes() for path in small.folder.iterdir() if path.is_file()}
    with pytest.raises(xlparity.UsageError, match=said):
        write(report, small.folder / name)
    assert {path: path.read_bytes() for path in small.folder.iterdir() if path.is_file()} == before


def test_annotate_writes_a_copy_with_the_report_in_it(small):
    """What the command's option does, for a program."""
    small.write_cells(FAULTY)
    copy = xlparity.annotate(xlparity.verify(small.spec), small.folder / "shown.xlsx")
    assert (copy.coloured, copy.commented, copy.sheet) == (1, 1, "xlparity")
    book = openpyxl.load_workbook(small.folder / "shown.xlsx")
    assert book.sheetnames == ["Sheet", "xlparity"]
    assert "=2*A1" in book["Sheet"]["B1"].comment.text


def test_init_drafts_a_spec_that_can_be_read_and_overwrites_nothing(small):
    """With the names of the reference, and with the schema beside it for editors."""
    small.spec.unlink()
    written = xlparity.init(small.workbook, f"{small.reference}:double")
    assert written == (small.spec, small.folder / "parity.schema.json")
    assert xlparity.verify(small.spec).verdict is xlparity.Verdict.PASS
    other = small.folder / "other.parity.toml"
    assert xlparity.init(small.workbook, path=other) == (other,)
    with pytest.raises(xlparity.UsageError, match="exists, and init overwrites nothing"):
        xlparity.init(small.workbook)


def test_generate_writes_a_course_workbook_that_passes(tmp_path):
    """And a faulty one beside it, whose mistakes are found."""
    written = xlparity.generate(
        "regressor", tmp_path, iterations=2, alpha=0.5, seed=3, faulty=tmp_path / "student.xlsx"
    )
    names = ["regressor.xlsx", "regressor.parity.toml", "parity.schema.json", "student.xlsx"]
    assert [path.name for path in written] == names
    assert all(path.is_file() for path in written)
    options = xlparity.Options(scenarios=5)
    assert xlparity.verify(written[1], options=options).verdict is xlparity.Verdict.PASS
    assert xlparity.verify(written[1], workbook=written[3], options=options).verdict is xlparity.Verdict.FAIL


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"course": "regresor"}, "there is no course workbook 'regresor' (did you mean 'regressor'?)"),
        ({"iterations": 1}, "regressor: iterations is a whole number from 2 to 2,000"),
        ({"iterations": 201}, "wine_solution: iterations is a whole number from 2 to 200"),
        ({"alpha": float("nan")}, "alpha nan is no learning rate; give a number such as 0.5"),
        ({"seed": -1}, "seed is a whole number from 0 to 4,294,967,295"),
    ],
)
def test_generate_refuses_what_makes_no_sense(tmp_path, given, said):
    """What the command refuses, a program is refused too."""
    with pytest.raises(xlparity.UsageError, match=f"^{re.escape(said)}$"):
        xlparity.generate(folder=tmp_path, **given)
    assert not list(tmp_path.iterdir())


TOY = """
import openpyxl
from xlparity.actions.courses import Course
from xlparity.actions.generate import Draft

SPEC = '''workbook = "toy.xlsx"
reference = "toy.py:double"
sheet = "Sheet"
inputs = { x = "A1" }
outputs = { y = "B1" }
'''


def draft(iterations, alpha, seed):
    book = openpyxl.Workbook()
    book.active.append([alpha, "=2*A1"])
    return Draft("toy", book, SPEC)


def plant_mistakes(draft, iterations):
    draft.book.active["B1"] = "=3*A1"


COURSE = Course(1.0, draft, plant_mistakes)
"""


def test_a_new_course_workbook_is_a_new_folder(tmp_path, monkeypatch, run):
    """A function of the package and the command know it, and no line of another file names it."""
    course = importlib.import_module("xlparity.course")
    monkeypatch.setattr(course, "__path__", [*course.__path__, str(tmp_path / "course")])
    (tmp_path / "course" / "toy").mkdir(parents=True)
    (tmp_path / "course" / "toy" / "__init__.py").write_text("")
    (tmp_path / "course" / "toy" / "pages.py").write_text(TOY)
    (tmp_path / "toy.py").write_text("def double(x):\n    return {'y': 2 * x}\n")
    written = xlparity.generate("toy", tmp_path, faulty=tmp_path / "student.xlsx")
    assert xlparity.verify(written[1]).verdict is xlparity.Verdict.PASS
    assert xlparity.verify(written[1], workbook=written[3]).verdict is xlparity.Verdict.FAIL
    assert run("generate", "toy", "--out", tmp_path, "--check").code == 0
    assert (
        "one of 'all', 'regressor', 'toy', 'two_layer', 'wine_challenge', 'wine_solution'" in run("generate", "tou").err
    )


def test_recalculate_sets_cells_and_computes_the_rest(small):
    """By address, on the first sheet where none is named; the engine is that of the options."""
    small.write_cells({"A1": 3, "B1": "=2*A1", "C1": "=1/A2", "D1": '=A1&" m"', "E1": "=A1>2"})
    values = xlparity.recalculate(small.workbook, {"A1": 5, "Sheet!A2": 4})
    assert [values[at] for at in ("B1", "C1", "D1", "E1", "F1")] == [10.0, 0.25, "5 m", True, xlparity.BLANK]
    assert xlparity.recalculate(small.workbook)["C1"] == xlparity.ErrorValue("#DIV/0!")
    with pytest.raises(xlparity.EngineError):  # nothing is stored
        xlparity.recalculate(small.workbook, options=xlparity.Options(engines=("cached",)))["B1"]
    both = xlparity.Options(engines=("cached", "formulas"))
    assert xlparity.recalculate(small.workbook, options=both)["B1"] == 6.0


# --- the data frame --------------------------------------------------------------------------------------------------

DTYPES = {
    "check": "string", "variable": "string", "iteration": "int64", "index": "object", "cell": "string", "formula": "string",
    "expected": "float64", "expected_text": "string", "actual": "object", "difference": "float64", "ulps": "Int64",
    "status": "string",
    "engine": "string",
}  # fmt: skip


def test_the_frame_has_the_documented_columns_and_dtypes_whatever_is_in_it(small):
    """Numbers, truth values, errors and constants in one column; a dtype that hangs on the data breaks somebody's program."""
    small.write_cells({"A1": 3, "B1": "=2*A1", "B2": "=A1>2", "B3": "=1/0", "B4": 6, "B5": "=A1"})
    small.reference.write_text(
        "def double(x):\n    return {'y': 2 * x, 'big': x > 2, 'z': 1.0, 'w': 6.0, 'short': [[1.0]]}\n"
    )
    small.write_spec(outputs='[outputs]\ny = "B1"\nbig = "B2"\nz = "B3"\nw = "B4"\nshort = "B5:B6"')
    frame = xlparity.verify(small.spec).to_frame()
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == DTYPES
    rows = frame.set_index("variable")
    assert rows.loc["y", "expected"] == rows.loc["y", "actual"] == 6.0
    assert (rows.loc["big", "expected"], rows.loc["big", "actual"]) == (1.0, True)
    assert rows.loc["z", "actual"] == "#DIV/0!"
    assert np.isnan(rows.loc["z", "difference"]) and rows.loc["z", "ulps"] is pd.NA
    assert rows.loc["w", "formula"] is pd.NA
    assert rows.loc["short", "expected"].isna().all()
    assert list(rows.loc["short", "index"]) == [(0, 0), (1, 0)]
    documented = re.findall(r"^\s*- ``(\w+)`` \((\w+)\)", xlparity.Report.to_frame.__doc__, re.MULTILINE)
    assert dict(documented) == DTYPES


def test_the_frame_of_a_report_without_cells_has_the_same_dtypes(small):
    """So that reports can be concatenated without a look at each."""
    report = xlparity.verify(small.spec)
    frame = replace(report, checks=(replace(report.checks[0], results=()),)).to_frame()
    assert frame.shape == (0, 13)
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == DTYPES


# --- threads ---------------------------------------------------------------------------------------------------------

MANNERS = {
    "plain": "def double(x):\n    return {'y': 2 * x}\n",
    "warning": "import warnings\nwarnings.simplefilter('ignore')\n\ndef double(x):\n"
    "    warnings.warn('mine')\n    return {'y': 2 * x}\n",
    "moving": "import os, pathlib\n\ndef double(x):\n"
    "    os.chdir(pathlib.Path(__file__).parent.parent)\n    return {'y': 2 * x}\n",
    "collecting": "import gc\n\ndef double(x):\n    gc.disable()\n    return {'y': 2 * x}\n",
    "printing": "import sys\n\ndef double(x):\n    sys.stdout = sys.stderr\n    print('x')\n    return {'y': 2 * x}\n",
    "helped": "import helper\n\ndef double(x):\n    return {'y': helper.twice(x)}\n",
    "ending": "import os\n\ndef double(x):\n    if x > 5:\n        os._exit(0)\n    return {'y': 2 * x}\n",
    "slow": "import time\n\ndef double(x):\n    while x > 5:\n        time.sleep(0.01)\n    return {'y': 2 * x}\n",
    "rounding": "import decimal, numpy as np\n\ndef double(x):\n    decimal.getcontext().prec = 3\n"
    "    np.seterr(all='raise')\n    return {'y': 2 * x}\n",
}


@pytest.fixture
def many(tmp_path, monkeypatch):
    """A spec, by its relative path, for each manner of a reference, with a right and a wrong workbook by turns."""
    found = []
    for number, (name, text) in enumerate(MANNERS.items()):
        (tmp_path / name).mkdir()
        one = Small(tmp_path / name)
        one.reference.write_text(text)
        (one.folder / "helper.py").write_text(f"def twice(x):\n    return 2 * x + {number // 100}\n")
        cells = {f"B{row}": f"={2 + number % 2}*A1+{row}" for row in range(1, 40)}
        one.write_cells({"A1": 3, **cells, "B1": f"={2 + number % 2}*A1"})
        one.write_spec(inputs='[inputs]\nx = { at = "A1", low = 0, high = 10 }')
        found.append(Path(name) / one.spec.name)
    monkeypatch.chdir(tmp_path)
    return found


def test_verifications_in_threads_are_those_that_each_is_by_itself(many, capfd):
    """Reports to the byte, and what belongs to the process afterwards as it was before: filters, folder, collector, path."""
    options = xlparity.Options(scenarios=12, reference_timeout=0.5)

    def verified(spec):
        return json_reporter.render([xlparity.verify(spec, options=options)])

    def state():
        return list(warnings.filters), gc.isenabled(), Path.cwd(), list(sys.path), sys.stdout, "helper" in sys.modules

    alone = [verified(spec) for spec in many]
    assert len({text.partition('"verdict"')[2][:12] for text in alone}) > 1
    before = state()
    with ThreadPoolExecutor(len(many)) as pool:
        for together in [list(pool.map(verified, many)) for _ in range(3)]:
            assert together == alone
    assert state() == before


def test_a_pause_of_the_collector_outlasts_no_thread():
    """Two that overlap, begun by one thread and ended by another: the first to end must not begin collection for the other."""
    first, second = collector.paused(), collector.paused()
    assert gc.isenabled()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert not gc.isenabled() and collector.enabled()
    collector.enable(False)  # as a reference does that is called meanwhile …
    collector.enable(True)  # … and what is done to undo it
    assert not gc.isenabled()
    second.__exit__(None, None, None)
    assert gc.isenabled()


def test_a_workbook_is_read_where_it_is_while_a_reference_is_elsewhere(small, tmp_path, monkeypatch):
    """The current folder is the whole process's, and a reference that has another is one call long."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(small.folder)
    inside, leave = threading.Event(), threading.Event()

    def staying(x):
        import os  # noqa: PLC0415

        os.chdir(tmp_path / "elsewhere")
        inside.set()
        leave.wait(20)
        return {"y": 2 * x}

    cells = {"inputs": {"x": "A1"}, "outputs": {"y": "B1"}, "sheet": "Sheet"}
    options = xlparity.Options(scenarios=1)
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(xlparity.assert_parity, small.workbook.name, staying, options=options, **cells)
        assert inside.wait(20)
        other = pool.submit(read_workbook, Path(small.workbook.name))
        waiting = threading.Timer(0.3, leave.set)
        waiting.start()
        assert other.result(20).path == Path("small.xlsx")
        assert one.result(20).verdict is xlparity.Verdict.PASS
