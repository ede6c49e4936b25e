"""Sixty submissions of the regressor with two iterations, and the points that each is to have.

A case names the quantities that do not have all of their points, with those that they have; all others have them all.
"""

import io
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.formula.translate import Translator
from openpyxl.worksheet.formula import ArrayFormula

SPEC = "regressor.parity.toml"
NEXT = 21  # rows from an iteration to the next one
POINTS = {"training.sample_loss": 2.0, "training.dW1": 3.0}
OUTPUTS = ("A0", "W1", "b1", "z1", "A1", "y", "m", "sample_loss", "loss", "correct", "accuracy", "A0T", "dW1", "db1", "dz1",
           "W1_new", "b1_new")  # fmt: skip
OF_HISTORY = ("loss", "W1", "b1", "dW1", "db1", "accuracy", "A1")
OF = {f"training.{name}": POINTS.get(f"training.{name}", 1.0) for name in OUTPUTS} | {
    f"history.{name}": 0.5 for name in OF_HISTORY
}
"""The points of each quantity: one, unless the spec says otherwise, and the half of them in the history."""


@dataclass(frozen=True)
class Case:
    """A submission, and its grade: the points of quantities that do not have all, those that are open, and words of its note.

    ``data`` changes the solution's file, or makes another.
    """

    data: Callable[[bytes], bytes]
    lost: Mapping[str, float] = field(default_factory=dict)
    open: Mapping[str, float] = field(default_factory=dict)
    said: str = ""
    reason: str = ""


def write_spec(folder: Path, text: str) -> Path:
    """The generated spec with its checks of the training and its history alone, with points and a table [grade]."""
    text = text[: text.index("[check.gradient]")]
    text = re.sub(r'sample_loss = ("[^"]+")', r"sample_loss = { at = \1, points = 2 }", text)
    text = re.sub(r'dW1         = ("[^"]+")', r"dW1         = { at = \1, points = 3, partial = true }", text)
    text += "\n[grade]\npass = 80\nround = 0.5\nweights = { history = 0.5 }\n"
    spec = folder / SPEC
    spec.write_text(text)
    return spec


def with_cells(cells: Mapping[str, Any], settings: Mapping[str, Any] | None = None) -> Callable[[bytes], bytes]:
    """The solution with these contents: of an address without a sheet on Training, a text in braces an array formula.

    ``settings`` are those of the calculation.
    """

    def made(data: bytes) -> bytes:
        book = openpyxl.load_workbook(io.BytesIO(data))
        for address, content in cells.items():
            name, _, area = address.rpartition("!")
            sheet = book[name or "Training"]
            first = area.partition(":")[0]
            if isinstance(content, str) and content.startswith("{"):
                for row in sheet[area]:
                    for cell in row:
                        cell.value = None
                sheet[first] = ArrayFormula(area, content[1:-1])
                continue
            if isinstance(sheet[first].value, ArrayFormula):  # its other cells would keep what it computed there
                for row in sheet[sheet[first].value.ref]:
                    for cell in row:
                        cell.value = None
            for cell in (cell for row in sheet[area] for cell in row) if ":" in area else (sheet[area],):
                moved = isinstance(content, str) and content.startswith("=")
                cell.value = Translator(content, first).translate_formula(cell.coordinate) if moved else content
        for name, value in (settings or {}).items():
            setattr(book.calculation, name, value)
        return saved(book)

    return made


def saved(book: openpyxl.Workbook) -> bytes:
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def both(cells: Mapping[str, Any]) -> dict[str, Any]:
    """These contents of the first iteration, in the second as well."""
    return dict(cells) | {_on(address): _on(content) for address, content in cells.items()}


def _on(text: str) -> str:
    """The references of the first iteration as those of the second."""
    return re.sub(r"(?<![$A-Z0-9])([A-Z]{1,2})(\d+)(?![\d(])", lambda m: f"{m[1]}{int(m[2]) + NEXT}", text)


def renamed(old: str, new: str) -> Callable[[bytes], bytes]:
    """The solution with a sheet under another name, which its formulas follow as in Excel."""

    def made(data: bytes) -> bytes:
        book = openpyxl.load_workbook(io.BytesIO(data))
        book[old].title = new
        for sheet in book:
            for row in sheet.iter_rows():
                for cell in row:
                    if isinstance(cell.value, str) and cell.value.startswith("="):
                        cell.value = cell.value.replace(f"{old}!", f"'{new}'!")
        return saved(book)

    return made


def without(*sheets: str) -> Callable[[bytes], bytes]:
    def made(data: bytes) -> bytes:
        book = openpyxl.load_workbook(io.BytesIO(data))
        for name in sheets:
            del book[name]
        return saved(book)

    return made


def emptied(data: bytes) -> bytes:
    """The solution without any formula of the training and of its history: what a student is given to fill."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    for name in ("Training", "History"):
        for row in book[name].iter_rows():
            for cell in row:
                if isinstance(cell.value, ArrayFormula):
                    for members in book[name][cell.value.ref]:
                        for member in members:
                            member.value = None
                elif isinstance(cell.value, str) and cell.value.startswith("="):
                    cell.value = None
    return saved(book)


def pasted(data: bytes) -> bytes:
    """The solution with its stored values in place of all formulas of the training."""
    book, values = (openpyxl.load_workbook(io.BytesIO(data), data_only=only) for only in (False, True))
    for row in values["Training"].iter_rows():
        for cell in row:
            if isinstance(cell.value, float | int):
                book["Training"][cell.coordinate].value = cell.value
    return saved(book)


def one_iteration(data: bytes) -> bytes:
    """The solution without its second iteration."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    for row in book["Training"].iter_rows(min_row=27):
        for cell in row:
            cell.value = None
    for cell in book["History"][7][:15]:
        cell.value = None
    return saved(book)


def bomb(data: bytes) -> bytes:
    """A small file of which a sheet unpacks to more than a gigabyte."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new,
    ):
        for name in old.namelist():
            if name != "xl/worksheets/sheet1.xml":
                new.writestr(name, old.read(name))
        with new.open("xl/worksheets/sheet1.xml", "w") as part:
            for _ in range(1100):
                part.write(b" " * (1 << 20))
    return target.getvalue()


RIGHT = {
    "as it is": Case(lambda data: data),
    "array formulas": Case(with_cells(both({
        "J9:J12": "{=1/(1+EXP(-I9:I12))}", "I16:I19": "{=J9:J12-L9:L12}", "F23:F25": "{=F9:F11-$B$3*F16:F18}",
    }))),
    "a formula per cell": Case(with_cells({
        **{"I9:I12": "=$B9*F$9+$C9*F$10+$D9*F$11+G$9", "I30:I33": "=$B30*F$30+$C30*F$31+$D30*F$32+G$30"},
        **both({"F16": "=SUMPRODUCT(B9:B12,I16:I19)/M9", "F17": "=SUMPRODUCT(C9:C12,I16:I19)/M9",
                "F18": "=SUMPRODUCT(D9:D12,I16:I19)/M9"}),
    })),
    "helper cells": Case(with_cells(both({
        "S9:S12": "=EXP(-I9)", "J9:J12": "=1/(1+S9)", "T9:T12": "=LN(J9)", "U9:U12": "=LN(1-J9)",
        "N9:N12": "=-(L9*T9+(1-L9)*U9)",
    }))),
    "another order": Case(with_cells(both({
        "N9:N12": "=(L9-1)*LN(1-J9)-L9*LN(J9)", "F23:F25": "=-$B$3*F16+F9", "O9": "=AVERAGE(N9:N12)",
        "G16": "=AVERAGE(I16:I19)", "Q9": "=AVERAGE(P9:P12)",
    }))),
    "own weights": Case(with_cells({"B3": 0.5, "F9": 0.3, "F10": -0.2, "F11": 0.9, "G9": 0.1})),
    "alpha as a formula": Case(with_cells({"B3": "=1/2"})),
    "a renamed sheet": Case(renamed("Training", "My training"), said="'Training' was found under the name 'My training'"),
    "a number of samples typed": Case(with_cells({"O9": "=1/4*SUM(N9:N12)"})),  # there are always four
    "the same input elsewhere": Case(with_cells({"N10": "=-(L31*LN(J10)+(1-L10)*LN(1-J10))"})),
}  # fmt: skip
"""All points: other styles, other inputs, and faults that are none."""

NONE = {
    "arguments": ("sample_loss", both({"N9:N12": "=-(L9*LN(J9)+(L9-1)*LN(1-J9))"})),
    "arguments in one cell": ("db1", {"G37": "=M30/1*SUM(I37:I40)"}),
    "frozen": ("loss", both({"O9": "=M9/M9*SUM(N9:N12)"})),
    "iteration": ("W1_new", {"F23": "=F9-$B$3*F37"}),  # which closes a circle
    "power": ("W1_new", {"F23": "=F9-$B$3*F16^2"}),
    "parentheses in one cell": ("A1", {"J11": "=1/1+EXP(-I11)"}),
    "parentheses": ("db1", {"G37": "=1/(M30*SUM(I37:I40))"}),
    "function": ("z1", {"I30:I33": "{=SUM(B30:D33,F30:F32)+G30}"}),
    "logarithm": ("sample_loss", both({"N9:N12": "=-(L9*LOG(J9)+(1-L9)*LOG(1-J9))"})),
    "axis": ("A0T", both({"B16:E18": "{=TRANSPOSE(B9:B12)}"})),
    "range": ("m", {"M30": "=COUNT(L30:L32)"}),
    "reference": ("accuracy", both({"Q9": "=SUM(P9:P12)/F9"})),
    "offset": ("correct", both({"P9:P12": "=IF((J10>0.5)=(L9>0.5),1,0)"})),
    "term": ("b1_new", both({"G23": "=G9-($B$3*G16-2)"})),
    "sign": ("dz1", both({"I16:I19": "=J9--L9"})),
    "wrap": ("W1_new", both({"F23:F25": "=MAX(F9-$B$3*F16,F9)"})),
    "operator": ("dz1", both({"I16:I19": "=J9*L9"})),
    "constant": ("A1", {"J11": "=100/(1+EXP(-I11))"}),
    "anchor": ("W1_new", {"F44:F46": "=F30-$B$3*$F$37"}),
    "anchor of alpha": ("W1_new", {"F23:F25": "=F9-B3*F16"}),
    "typed": ("dz1", {"I16": 0.6084136604602889}),
    "typed array": ("A0T", {"B16:E18": 0.0}),
    "typed state": ("b1", {"G30": 0.05}),
    "empty": ("loss", {"O30": None}),
    "an error": ("accuracy", {"Q9": "=SUM(P9:P12)/S9"}),
    "a formula of numbers": ("db1", {"G16": "=0.1-0.2"}),
}
"""One fault of each kind in one quantity of the training, which costs the whole quantity and nothing else."""

TRAINING = {name: 0.0 for name in OF if name.startswith("training.")}
HISTORY = {name: 0.0 for name in OF if name.startswith("history.")}

CIRCLE = ("training.b1", "training.z1", "training.A1", "training.sample_loss")

OTHERS = {
    "half of the gradient": Case(
        with_cells({"F37:F39": "{=2/M30*MMULT(B37:E39,I37:I40)}"}), {"training.dW1": 1.5}, said="in iteration 2"
    ),
    "a sixth of the gradient": Case(
        with_cells({"F16": "=1/M9*SUMPRODUCT(B9:B12,I16:I19)", "F17": 0.0746, "F18": "=SUMPRODUCT(D9:D12,I16:I19)/M9"}),
        {"training.dW1": 2.5}, said="typed numbers in Training!F17",
    ),
    "the whole gradient": Case(with_cells(both({"F16:F18": "{=(1-M9)*MMULT(B16:E18,I16:I19)}"})), {"training.dW1": 0}),
    "the history": Case(with_cells({"History!B7": "=Training!O9"}), {"history.loss": 0}),
    "two faults": Case(
        with_cells({**both({"N9:N12": "=-(L9*LOG(J9)+(1-L9)*LOG(1-J9))"}), "G37": 0.1}),
        {"training.sample_loss": 0, "training.db1": 0},
    ),
    "two faults, one after the other": Case(
        with_cells(both({"I16:I19": "=L9-J9", "G23": "=G9+$B$3*G16"})), {"training.dz1": 0, "training.b1_new": 0}
    ),
    "two faults in one quantity": Case(with_cells({"J9": "=1/(1+EXP(I9))", "J31": 0.5}), {"training.A1": 0}),
    "a wrong helper": Case(
        with_cells(both({"S9": "=COUNT(L9:L12)+1", "O9": "=SUM(N9:N12)/S9"})), {"training.loss": 0}
    ),
    "a typed helper": Case(with_cells({"S9": 0.5, "W1": None, **{"F23:F25": "=F9-$S$9*F16"}}), {"training.W1_new": 0}),
    "a link to a typed number": Case(  # which would earn the points of a calculation that is nowhere
        with_cells({"O9": "=History!B6*1", "History!B6": 0.69, "S30": "=History!B7", "O30": "=S30", "History!B7": 0.65}),
        {"training.loss": 0, "history.loss": 0}, {"training.loss": 1.0}, said="which takes the value from History!B6",
    ),
    "everything typed": Case(pasted, TRAINING),
    "nothing filled in": Case(emptied, {**TRAINING, **HISTORY}),
    "one iteration": Case(
        one_iteration,
        {name: 0.0 for name in OF if name != "training.dW1"} | {"training.dW1": 1.5},
        said="iteration 2 is missing",
    ),
    "no history": Case(without("History"), HISTORY, said="there is no sheet 'History'"),
    "a circle of right formulas": Case(
        with_cells({"G30": "=IF(N30>0,G23,0)"}),  # N30 is above 0 always: each of four formulas is right by itself
        dict.fromkeys(CIRCLE, 0.0), {name: OF[name] for name in CIRCLE},
    ),
    "a circle": Case(with_cells({"J9": "=J9+1"}), {"training.A1": 0}),
    "an endless circle": Case(
        with_cells({"O9": "=1-O30", "O30": "=O9+1"}, {"iterate": True, "iterateCount": 32767, "iterateDelta": 1e-12}),
        {"training.loss": 0}, {"training.loss": 1.0},  # what Excel shows depends on where it stops
    ),
    "a function that is not supported": Case(
        with_cells({"O9": "=INFO(\"numfile\")*SUM(N9:N12)"}), {"training.loss": 0}, {"training.loss": 1.0},
        said="which cannot be assessed: ",
    ),
    "an input of text": Case(
        with_cells({"B3": "0,5"}), said="Training!B3 contains '0,5', which is no number; graded with 1 there"
    ),
    "an input of text and a mistake": Case(
        with_cells({"B3": "0,5", "O9": "=SUM(N9:N12)"}), {"training.loss": 0}, said="Training!B3 contains '0,5'"
    ),
    "weights from an array formula": Case(with_cells({"F9:F11": "{={0.1;0.2;0.3}}"})),
    "an empty input": Case(
        with_cells({"B3": None}), TRAINING | HISTORY, OF, said="Training!B3, the input 'alpha', is empty"
    ),
    "a renamed history": Case(renamed("History", "Verlauf"), said="'History' was found under the name 'Verlauf'"),
    "captions in another language": Case(with_cells({"A1": "Mein Heft", "A3": "Lernrate", "A8": "x"})),
    "a password": Case(lambda data: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504), reason="password"),
    "cut off": Case(lambda data: data[: len(data) // 2], reason="xlsx"),
    "no workbook": Case(lambda data: b"PK\x03\x04 this is a letter", reason="xlsx"),
    "no bytes": Case(lambda data: b"", reason="empty"),
    "a bomb": Case(bomb, reason="over the limit of"),
}  # fmt: skip

CASES: Mapping[str, Case] = {
    **{f"right - {name}": case for name, case in RIGHT.items()},
    **{
        f"fault - {name}": Case(with_cells(cells), {f"training.{quantity}": 0.0})
        for name, (quantity, cells) in NONE.items()
    },
    **{f"other - {name}": case for name, case in OTHERS.items()},
}
