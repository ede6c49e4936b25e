"""Reads spec files, ``NAME.parity.toml``, which bind cells of a workbook to quantities of a reference.

The format is what ``xlparity spec`` prints.

Reading takes two steps. ``read_spec`` reads the text, and ``bind`` looks up its addresses and names in the workbook.
Either raises SpecError with the file, the line, what is wrong and the nearest right name.
"""

from xlparity.spec.binder import bind
from xlparity.spec.check import Check, References
from xlparity.spec.plan import SUFFIX, Acceptance, Address, Blocks, CheckPlan, Spec, workbook_of
from xlparity.spec.reader import read_spec, spec_of

__all__ = [
    "SUFFIX", "Acceptance", "Address", "Blocks", "Check", "CheckPlan", "References", "Spec", "bind", "read_spec", "spec_of",
    "workbook_of",
]  # fmt: skip
