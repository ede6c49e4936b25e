"""The manual of spec files that ``xlparity spec`` prints: an example with every key, the keys from their table, and the rest."""

import textwrap
from collections.abc import Iterator

from xlparity.spec.schema import FILE, LINE, TABLES_BY_NAME, Key, KeyTable

EXAMPLE = f"""\
{LINE}
workbook  = "training.xlsx"                # relative to this file
reference = "training.py:train"            # file.py:function, or package.module:function
tolerance = {{ rtol = 1e-9, atol = 1e-12 }}  # |actual - expected| <= atol + rtol*|expected|
sheet     = "Sheet1"                       # for addresses that name none
clock     = {{ now = 2024-01-31T12:00:00 }}  # what NOW gives
locale    = "en-US"                        # the region of the Excel that computes it; "de-DE" reads 1,5 from texts

[blocks]                                   # where the iterations are; left out for a single pass
label = "Epoch {{n}}"                        # the text that opens block n = 1, 2, …
# or  rows = [3, 16, 29]                   # the first row of each block (columns = [...] where they run across)
# or  first = 3, step = 13, count = 2
# or  sheets = "Epoch {{n}}"                # one per sheet; an address in each block on other sheets: "'Loss {{n}}'!B5"
# or  table = "Loan"                       # one per row of a table, whose columns are addresses: "Loan[balance]"

[inputs]                                   # passed to the reference by name, and varied in scenarios
alpha = "B1"                               # an address in the first block, or outside the blocks
X     = {{ at = "B5:D8", every_block = true, also = [{{ at = "B12:E14", transpose = true }}], low = -2, high = 2 }}
y     = {{ at = "N5:N8", every_block = true, choices = [0, 1] }}
# of other kinds:  {{ at = "B2", low = 1, high = 40, integer = true }}, {{ at = "B2:D9", one_hot = true }},
# {{ at = "B2", choices = ["male", "female"] }}, {{ at = "B2", low = 2020-01-01, blank = true }},
# {{ at = "B2:D9", draw = "training.py:rows" }}
W1    = {{ at = "G5:G7", cut = true }}       # of formulas there, the stored values are the input
b1    = {{ at = "H5", vary = false }}        # scenarios do not change it
# a table with headers, as a DataFrame: {{ at = "A1:D9", frame = true }}
# in every second row and column: {{ at = "B2:E5", step = [2, 2] }}

[outputs]                                  # compared, in every block
z1          = {{ at = "J5:J8", constants = "allowed" }}  # accept hard-coded numbers equal to the reference
sample_loss = {{ at = "P5:P8", rtol = 1e-7, ignore_case = true }}  # the latter of texts, which are compared to the letter
m           = {{ at = "Q5", skip = "that cell contains a caption" }}
# what exists once, after the last iteration: total = {{ at = "B40", every_block = false }}
W1          = "G5:G7"                      # state: an input in the first block, an output in the later ones
dW1         = {{ at = "G12:I12", transpose = true }}  # the sheet shows the array transposed
# for a grade: {{ at = "P9", points = 2, partial = true }}

[[accept]]                                 # a known difference: counted and shown, and not part of the verdict
cells  = ["P5:P8", "P18:P21"]              # an address, or a list of them
reason = "the course uses LOG, which is base 10"

[grade]                                    # how 'xlparity grade' grades submissions
pass       = 60                            # percent
round      = 0.5
# weights  = {{ forward = 1, training = 2 }}  # where there are several checks
circular   = 0                             # of its points, what a cell earns that closes a circle
unreadable = "review"                      # and one that could not be assessed: a person looks at it
"""

REFERENCE = """\
import numpy as np


def train(X, y, W1, b1, alpha):
    while True:
        z1 = X @ W1 + b1
        A1 = 1 / (1 + np.exp(-z1))
        sample_loss = -(y * np.log(A1) + (1 - y) * np.log(1 - A1))
        dW1 = X.T @ (A1 - y) / len(y)
        yield locals()
        W1, b1 = W1 - alpha * dW1, b1 - alpha * (A1 - y).mean()
"""

PROJECT = """\
[tool.xlparity]
engine    = ["formulas"]
scenarios = 200
seed      = 1
rtol      = 1e-9
atol      = 1e-12
reference_timeout = 30  # seconds, for one call of the reference
min_coverage = 100      # percent of what the samples must reach for a pass
time      = 60          # seconds, for mutate
limits    = { sheets = 100, elements = 4_000_000 }  # how large a workbook may be; an error about a limit has its name
"""

_INTRODUCTION = """\
A spec file NAME.parity.toml is beside its workbook. It says which cells are which quantity, and which Python function \
computes them. 'xlparity init WORKBOOK' drafts one, 'xlparity verify' without arguments verifies all below the folder."""

_ADDRESSES = """\
An address is a cell or a range ("B5:D8", "Sheet2!B5", "'My sheet'!A1:A3"), a defined name ("rate", or "Sheet2!rate" for a \
name that belongs to a sheet), or a table or a part of it, as formulas write it ("Sales", "Sales[Net]", \
"Sales[[Net]:[Tax]]", "Sales[[#Totals],[Net]]"). A sheet's own name comes before the workbook's."""

_REFERENCE = (
    """\
The reference is a Python function whose parameters are the names of the inputs. It returns a mapping of names to arrays, \
or yields one for each iteration, endlessly if it likes; 'yield locals()' is fine, and so is updating arrays in place, since \
values are copied when yielded. Names that no output asks for are ignored. An output that exists once (every_block = false) \
has the value that the last of these iterations yields; earlier ones need not give it. A function that returns a mapping may \
give such outputs only where the workbook has several blocks, since nobody knows of which block the others would be.""",
    """\
The inputs are passed once, before the first iteration. What differs from block to block, such as a month's rainfall in each \
row, is one input too: the range of all of them ("B3:B14", "Loan[rain]", or { at = "B5:B41", step = [3, 1] } where the \
blocks are three rows apart), of which the reference takes one element an iteration.""",
    """\
A single cell is passed as a float, anything else as a two-dimensional array; where the spec says so, texts, booleans and \
dates are passed as such, of a range as an array of objects, of booleans or of datetime64. A frame is \
passed as a DataFrame of pandas. Where the function gives \
booleans, cells may contain TRUE and FALSE, or 1 and 0; where it gives numbers, TRUE is not 1. A text agrees with the same \
text, a date or a datetime with its serial number, to half a millisecond or atol days, None with a blank cell or an empty \
text, and xlparity.ErrorValue("#N/A") with that error. A text that spells a number agrees with no number.""",
    """\
The reference runs in a process of its own, with 2 GB of memory and 60 seconds for the stored inputs, or --timeout SECONDS. What \
it prints is shown with --verbose. --in-process calls it in the process of xlparity, without these limits, for a debugger.""",
)

_SCENARIOS = (
    """\
Agreement on the stored inputs does not show that a formula is live: a hard-coded number agrees as well. So \
'verify' also sets other inputs in the workbook, passes them to the reference, and compares everything again, in 100 \
scenarios or as many as --scenarios says (0 for none), drawn from --seed. They are a Latin hypercube within an input's low, \
high or choices, with corners, zeros and the opposite sign among them, and in a dozen of a hundred numbers as people write \
them: whole ones, halves, one or two decimals, and the same number in several inputs. An input without a range is drawn \
around its stored value, from near to far, with one small and one large magnitude; a quarter is around 1 where the value is \
above 10.""",
    """\
Agreement says nothing about a branch that no sample reaches. The report counts what the samples reach: the outcomes of \
comparisons, branches and lookups in formulas, the lines and branches of the reference, and the numbers that compared formulas \
read and that no input varies. What is missing is named. With --min-coverage PERCENT (min_coverage in [tool.xlparity]) a \
check that reaches less is unassessed. It is measured with the engine formulas. What only raises in the reference, a \
numpy.where in it, and inputs with vary = false do not count.""",
    """\
Where an input keeps its stored value in all scenarios, or moves by less than the tolerance, or hardly any scenario is \
defined, the check is unassessed. Scenarios for which the reference is undefined are left out and counted, and so are \
those for which it does not return within ten seconds, or ten times what the stored inputs took; after three of these no \
more are run, and the check is unassessed. Where a formula agrees on the stored inputs only, the smallest change of \
inputs that shows it is reported. An engine that computes one scenario at a time runs eight.""",
    """\
A workbook and numpy may round differently. In a scenario a difference counts as rounding only if the reference itself \
moves as far when its inputs are moved by a few units in the last place, and not in every fifth scenario; a cell that never \
follows the reference is unassessed. Where Excel has #NUM! because of an overflow and numpy goes on with an infinity, the \
cells that depend on the overflow are excused in that scenario, and no others. Inputs with ranges are not excused.""",
)

_PROJECT = """\
Defaults for verify, mutate, assert_parity and pytest. A tolerance in a spec comes before these, and the command line \
before both."""

_EDITORS = f"""\
The first line names a JSON Schema, by which editors such as Even Better TOML (Taplo) complete and check the spec. \
'init' and 'generate' write it beside the spec as {FILE}, where none is; 'xlparity spec --schema > {FILE}' writes it by \
hand, or again after an update. There is no public address for it. Without the file an editor may warn; xlparity does not \
read it."""


def manual(width: int = 100) -> str:
    """The manual as a text of lines that are no longer than ``width``, but for the examples."""
    return "".join(f"{line}\n" for line in _lines(width))


def _lines(width: int) -> Iterator[str]:
    yield from _section("SPEC FILES", (_INTRODUCTION,), width)
    yield from _section("EXAMPLE (training.parity.toml, which has every key)", (), width, EXAMPLE)
    for table in TABLES_BY_NAME.values():
        yield from _section(f"KEYS OF {table.name}", (table.about,), width)
        yield from _keys(table, width)
    yield from _section("ADDRESSES", (_ADDRESSES,), width)
    yield from _section("THE REFERENCE (training.py, of the example)", (), width, REFERENCE)
    yield from _paragraphs(_REFERENCE, width)
    yield from _section("SCENARIOS", _SCENARIOS, width)
    yield from _section("DEFAULTS OF A PROJECT (pyproject.toml)", (_PROJECT,), width, PROJECT)
    yield from _section("EDITORS", (_EDITORS,), width)


def _section(title: str, texts: tuple[str, ...], width: int, example: str = "") -> Iterator[str]:
    yield title
    yield ""
    yield from _paragraphs(texts, width)
    if example:
        yield from (f"    {line}".rstrip() for line in example.splitlines())
        yield ""


def _paragraphs(texts: tuple[str, ...], width: int) -> Iterator[str]:
    for text in texts:
        yield from _wrapped(text, width)
        yield ""


def _keys(table: KeyTable, width: int) -> Iterator[str]:
    if table.name == "[check.NAME]":  # whose keys are those of the file
        return
    for key in table.keys:
        yield f"  {key.name}: {key.kind.words}{', required' if key.required else ''}"
        yield from _wrapped(_said(key), width, "      ")
        yield f"      {key.example}"
    yield ""


def _said(key: Key) -> str:
    sentence = f"{key.meaning[0].upper()}{key.meaning[1:]}."
    sentence += f" {key.more}" if key.more else ""
    return f"{sentence} Default: {key.default}." if key.default else sentence


def _wrapped(text: str, width: int, indent: str = "") -> list[str]:
    return textwrap.wrap(text, width, initial_indent=indent, subsequent_indent=indent, break_long_words=False,
                         break_on_hyphens=False)  # fmt: skip
