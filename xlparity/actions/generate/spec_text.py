"""The spec file of a generated workbook, written from the same names and places as its cells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from xlparity.actions.generate.language import Author, Place
from xlparity.spec.schema import LINE


@dataclass(frozen=True, slots=True)
class CheckText:
    """One check: the variables that the reference is called with, and those that are compared.

    ``blocks`` are the lines of the [blocks] table, ``given`` and ``shown`` the places of inputs and outputs that are elsewhere
    than the author's layout has them, ``extra`` further keys of an output, such as a tolerance of its own.
    """

    name: str
    reference: str
    author: Author
    sheet: str
    inputs: Sequence[str]
    outputs: Sequence[str]
    blocks: Sequence[str] = ()
    given: dict[str, Place] = field(default_factory=dict)
    shown: dict[str, Place] = field(default_factory=dict)
    extra: dict[str, str] = field(default_factory=dict)

    def lines(self, ranges: Mapping[str, str]) -> list[str]:
        """The check's tables in TOML; ``ranges`` has for an input the keys that say between what it may be varied."""
        head = f"check.{self.name}"
        text = [f"[{head}]", f'reference = "{self.reference}"', f'sheet = "{self.sheet}"', ""]
        if self.blocks:
            text += [f"[{head}.blocks]", *self.blocks, ""]
        for table, names in (("inputs", self.inputs), ("outputs", self.outputs)):
            width = max(map(len, names))
            text.append(f"[{head}.{table}]")
            text += [f"{name:<{width}} = {self._value(name, table, ranges)}" for name in names]
            text.append("")
        return text

    def _value(self, name: str, table: str, ranges: Mapping[str, str]) -> str:
        variable = self.author.model.variables[name]
        place = (self.given if table == "inputs" else self.shown).get(name, self.author.layout[name])
        shape = self.author.model.shape(variable)
        block = place.block(shape, 1)
        address = f'"{block.a1 if block.sheet == self.sheet else block}"'
        # The elements of a matrix that lie in a row are no transposed matrix: the reference gives them as a row.
        keys = ["transpose = true"] if shape != shape[::-1] == place.area(shape) else []
        further = (ranges if table == "inputs" else self.extra).get(name)
        if further:
            keys.append(further)
        return f"{{ at = {', '.join([address, *keys])} }}" if keys else address


def spec_text(title: str, workbook: str, checks: Sequence[CheckText], ranges: Mapping[str, str]) -> str:
    """The whole spec file; ``ranges`` has for an input, by name, the keys that say between what it may be varied."""
    lines = [LINE, f"# {title}", f'workbook  = "{workbook}"', "tolerance = { rtol = 1e-9, atol = 1e-12 }", ""]
    for check in checks:
        lines += check.lines(ranges)
    return "\n".join(lines[:-1]) + "\n"
