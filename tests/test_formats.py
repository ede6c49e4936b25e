"""Formats and the files they go to; and what GitHub Actions is told without being asked."""

import json
from xml.etree import ElementTree as ET

import pytest

from xlparity.reporters.formats import format_names


@pytest.fixture
def wrong(small):
    """The small workbook with a fault."""
    small.write_cells({"A1": 3, "B1": "=3*A1"})
    return small


@pytest.fixture
def on_github(monkeypatch, tmp_path):
    """As in a step of GitHub Actions; the path is the summary's, which has something in it already."""
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    return summary


def test_each_format_goes_to_its_own_file(run, wrong, tmp_path):
    """In the order in which they are given, one run for all."""
    files = {form: tmp_path / "reports" / f"report.{form}" for form in ("junit", "json", "markdown", "sarif", "text")}
    pairs = [word for form, path in files.items() for word in ("--format", form, "--output", path)]
    done = run("verify", wrong.spec, *pairs)
    assert (done.code, done.out) == (1, run("verify", wrong.spec, "--quiet").out)
    assert done.err.splitlines() == [f"wrote {path.as_posix()}" for path in files.values()]
    assert ET.parse(files["junit"]).getroot().get("failures") == "1"
    assert json.loads(files["json"].read_text())["verdict"] == "fail"
    assert files["markdown"].read_text().startswith("## ✗ FAIL")
    assert json.loads(files["sarif"].read_text())["version"] == "2.1.0"
    assert "✗ FAIL" in files["text"].read_text()


@pytest.mark.parametrize("order", [("text", "json", "junit"), ("json", "text", "junit"), ("json", "junit", "text")])
def test_text_goes_to_the_terminal_where_it_has_no_file(run, wrong, tmp_path, order):
    """Wherever it stands among the others, the files are theirs."""
    words = [word for form in order for word in ("--format", form)]
    done = run("verify", wrong.spec, *words, "--output", tmp_path / "r.json", "--output", tmp_path / "r.xml")
    assert "✗ FAIL" in done.out
    assert json.loads((tmp_path / "r.json").read_text())["verdict"] == "fail"
    assert ET.parse(tmp_path / "r.xml").getroot().tag == "testsuites"


@pytest.mark.parametrize("form", format_names())
def test_a_single_format_goes_to_standard_output(run, wrong, form):
    """Every one of them can be piped."""
    done = run("verify", wrong.spec, "--format", form)
    assert (done.code, done.err.startswith("✗ FAIL")) == (1, form != "text")
    assert len(done.out) > 100


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("--output a --output b", "--output b has no --format; give each file its own, such as --format json"),
        ("--format json --output a --output b", "--output b has no --format"),
        ("--format json --format junit", "2 times --format and 0 times --output; give each format its own --output"),
        ("--format json --format junit --output a", "2 times --format and 1 times --output"),
        ("--format text --format json --format junit --output a", "3 times --format and 1 times --output"),
        ("--format json --output a --format junit --output ./a", "--output a is given twice"),
        ("--format json --output r.json --format junit --output small.xlsx", "small.xlsx would overwrite"),
        ("--format json --output small.parity.toml", "small.parity.toml would overwrite"),
    ],
)
def test_formats_that_do_not_fit_their_files_are_one_clear_error(run, wrong, monkeypatch, arguments, said):
    """Before anything is written: nobody can tell which file is meant for which."""
    monkeypatch.chdir(wrong.folder)
    before = {path: path.read_bytes() for path in wrong.folder.iterdir() if path.is_file()}
    done = run("verify", wrong.spec, *arguments.split())
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert said in done.err
    assert {path: path.read_bytes() for path in wrong.folder.iterdir() if path.is_file()} == before


def test_an_unknown_format_names_the_known_ones(run, small):
    """The list is what somebody who mistypes one needs."""
    done = run("verify", small.spec, "--format", "xml")
    assert done.code == 2
    assert all(form in done.err for form in format_names())


def test_github_gets_annotations_behind_the_text_and_a_summary(run, wrong, on_github):
    """Without being asked, and the summary of an earlier step stays."""
    done = run("verify", wrong.spec)
    lines = done.out.splitlines()
    verdict = next(number for number, line in enumerate(lines) if line.startswith("✗ FAIL"))
    commands = [number for number, line in enumerate(lines) if line.startswith("::error ")]
    assert len(commands) == 2
    assert min(commands) > verdict
    assert f"file={wrong.workbook.as_posix()}," in lines[commands[0]].replace("%3A", ":")
    summary = on_github.read_text()
    assert summary.startswith("before\n## ✗ FAIL")
    run("verify", wrong.spec)
    assert on_github.read_text().count("## ✗ FAIL") == 2


def test_github_gets_paths_from_the_top_of_the_repository(run, wrong, on_github, monkeypatch):
    """The step may run in a folder of it; and to what is outside GitHub can point in no way."""
    monkeypatch.chdir(wrong.folder)
    top = wrong.folder.parent
    for workspace, path in ((top, f"{wrong.folder.name}/small.xlsx"), (top / "other", "small.xlsx")):
        monkeypatch.setenv("GITHUB_WORKSPACE", str(workspace))
        done = run("verify", "small.parity.toml", "--format", "text", "--format", "sarif", "--output", "r.sarif")
        assert [line.partition(",")[0] for line in done.out.splitlines() if "::" in line] == [
            f"::error file={path}"
        ] * 2
        (log,) = json.loads((wrong.folder / "r.sarif").read_text())["runs"]
        assert [one["location"]["uri"] for one in log["artifacts"]] == [path]


def test_a_format_for_programs_is_never_mixed_with_annotations(run, wrong, on_github):
    """On standard output they would break it; the runner reads standard error for commands as well."""
    done = run("verify", wrong.spec, "--format", "json")
    assert json.loads(done.out)["verdict"] == "fail"
    assert "\n::error " in done.err
    assert "✗ FAIL" in on_github.read_text()


def test_annotations_go_to_standard_output_where_the_report_is_a_file(run, wrong, on_github, tmp_path):
    """There is nothing there that they could break."""
    done = run("verify", wrong.spec, "--format", "json", "--output", tmp_path / "r.json")
    assert "\n::error " in done.out
    assert "::error" not in (tmp_path / "r.json").read_text()


@pytest.mark.parametrize("text", ["a\n::add-mask::FAIL", "##[error]no"])
def test_a_formula_gives_the_runner_no_command(run, wrong, on_github, text):
    """A text with a line break in it is shown over two lines, and the runner reads every line of a log."""
    wrong.write_cells({"A1": 3, "B1": f'=3*A1+LEN("{text}")'})
    lines = run("verify", wrong.spec).out.splitlines()
    token = lines[0].removeprefix("::stop-commands::")
    last = lines.index(f"::{token}::")
    (command,) = [number for number, line in enumerate(lines) if text.splitlines()[-1] in line][:1]
    assert 0 < command < last
    assert all(line.startswith("::error ") for line in lines[last + 1 :])


def test_a_pass_has_a_summary_and_no_annotation(run, small, on_github):
    """Silence is no news."""
    assert "::" not in run("verify", small.spec).out
    assert "## ✓ PASS" in on_github.read_text()


def test_a_summary_is_never_longer_than_github_takes(run, wrong, on_github):
    """Of one that is longer it shows nothing at all; what passes can best be done without."""
    spec = wrong.spec.rename(wrong.folder / "wrong.parity.toml")
    spec.write_text(spec.read_text().replace("small.xlsx", "wrong.xlsx"))
    wrong.workbook.rename(wrong.folder / "wrong.xlsx")
    wrong.write_cells({"A1": 3, "B1": "=2*A1"})
    wrong.write_spec()
    on_github.write_text("x" * (1024 * 1024 - 3000))
    run("verify", wrong.spec, wrong.spec, spec, "--scenarios=0")
    said = on_github.read_text().lstrip("x")
    assert len(on_github.read_bytes()) <= 1024 * 1024
    assert said.startswith("## ✗ FAIL")
    assert said.endswith("\nand 1 more workbook in the report.\n")


def test_a_summary_that_cannot_be_written_changes_no_verdict(run, small, on_github, monkeypatch):
    """What was not asked for must not fail a build."""
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(small.folder))
    done = run("verify", small.spec)
    assert done.code == 0
    assert "the summary" in done.err


def test_a_spec_that_cannot_be_used_is_annotated_too(run, small, on_github):
    """Exit code 2 without a word beside the commit would send people into the log."""
    small.write_spec(outputs="")
    done = run("verify", small.spec)
    assert done.code == 2
    complaint, command = done.err.splitlines()
    assert complaint.startswith("xlparity: ")
    assert command.startswith("::error title=xlparity::")


def test_elsewhere_nobody_is_told(run, wrong, on_github, monkeypatch):
    """Only the value that GitHub sets counts."""
    monkeypatch.setenv("GITHUB_ACTIONS", "false")
    assert "::error" not in run("verify", wrong.spec).out
    assert on_github.read_text() == "before\n"


def test_the_copy_that_is_put_right_is_told_of(run, wrong, tmp_path):
    """In the Markdown with its own verdict, in JUnit as a property of the suite."""
    files = tmp_path / "r.md", tmp_path / "r.xml"
    formats = "--format", "markdown", "--output", files[0], "--format", "junit", "--output", files[1]
    assert run("verify", wrong.spec, "--fix", tmp_path / "mended.xlsx", *formats).code == 1
    said = f"wrote {(tmp_path / 'mended.xlsx').as_posix()}: 1 formula corrected, Sheet!B1."
    last = files[0].read_text().splitlines()
    assert said in [line.replace("\\", "") for line in last]
    assert last[-1].startswith("**✓ PASS**")
    assert ET.parse(files[1]).find("testsuite/properties/property[@name='fixed']").get("value") == said
