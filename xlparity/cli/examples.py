"""The examples at the end of each command's help. A test runs every one of them."""

from collections.abc import Mapping

EXAMPLES: Mapping[str, Mapping[str, str]] = {
    "xlparity": {
        "write the week-1 workbooks and their spec files, and verify them": "xlparity generate --verify",
        "draft a spec file for a workbook of your own": "xlparity init training.xlsx --reference training.py:train",
        "whether the workbook computes what the function does": "xlparity verify training.parity.toml",
    },
    "verify": {
        "every spec file below this folder": "xlparity verify",
        "somebody else's workbook by the same spec": "xlparity verify training.parity.toml --workbook student.xlsx",
        "a copy with the suggestions applied": "xlparity verify student.parity.toml --fix fixed.xlsx",
        "a copy with its cells coloured and commented": "xlparity verify student.parity.toml --annotate shown.xlsx",
        "again at every save, until Ctrl-C": "xlparity verify student.parity.toml --watch",
        "a page for people, and the text on the terminal": (
            "xlparity verify --format text --format html --output report.html"
        ),
        "the stored values, compared as well": (
            "xlparity verify training.parity.toml --engine formulas --engine cached"
        ),
    },
    "init": {
        "training.parity.toml, with the names from the Python function": (
            "xlparity init training.xlsx --reference training.py:train"
        ),
        "one of its sheets, in a file for several checks": (
            "xlparity init training.xlsx --sheet Sheet --check one -o checks.parity.toml"
        ),
        "with the sheet's own names, in a file of another name": "xlparity init training.xlsx -o draft.parity.toml",
    },
    "generate": {
        "the week-1 workbooks and their spec files, in the folder workbooks": "xlparity generate",
        "a longer training of one of them in another folder, verified": (
            "xlparity generate two_layer --iterations 50 --alpha 0.5 --out scratch --verify"
        ),
        "a copy with three mistakes as well, to see what verify reports": (
            "xlparity generate regressor --faulty student.xlsx"
        ),
        "whether the files in workbooks are what generate would write": "xlparity generate --check",
    },
    "recalc": {
        "whether the workbook stores what its formulas compute": "xlparity recalc --check training.xlsx",
        "store that in the file itself": "xlparity recalc training.xlsx",
        "or in a copy": "xlparity recalc training.xlsx -o fresh.xlsx",
    },
    "mutate": {
        "with as many faults as two minutes allow, a thousand at most": "xlparity mutate training.parity.toml",
        "with fifty of them": "xlparity mutate training.parity.toml --limit 50",
        "with all thousand, however long that takes": "xlparity mutate training.parity.toml --time none",
    },
    "grade": {
        "a class's workbooks, with a page for each student": "xlparity grade training.parity.toml submissions --out grades",
        "the same again after some have handed in another one": (
            "xlparity grade training.parity.toml submissions --out grades --resume --jobs 2"
        ),
    },
    "spec": {
        "the format of spec files, with every key": "xlparity spec",
        "the JSON Schema for editors, as in parity.schema.json": "xlparity spec --schema",
    },
    "rules": {
        "all codes, one line each": "xlparity rules",
        "what XP101 means, with an example and what to do": "xlparity rules XP101",
    },
    "engines": {"which engines can run here, and what to install for the others": "xlparity engines"},
}
