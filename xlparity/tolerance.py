"""How close is close enough, and how far apart two floats are."""

import math
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray


def within(actual: Any, expected: Any, rtol: Any, atol: Any) -> "NDArray[Any]":
    """Where numbers agree: ``|actual - expected| <= atol + rtol*|expected|``, as numpy's ``isclose`` has it.

    All four are floats, or arrays that broadcast. Nothing agrees with a nan or an infinity.
    """
    bound = atol + rtol * abs(expected)
    return (abs(actual - expected) <= bound) & (bound < math.inf)  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Tolerance:
    """``|actual - expected| <= atol + rtol * |expected|``, as ``numpy.isclose`` has it.

    ``rtol`` is relative, without a unit; ``atol`` is absolute, in the unit of the quantity. Both are finite and not negative.
    """

    rtol: float = 1e-9
    atol: float = 1e-12

    def allows(self, actual: float, expected: float) -> bool:
        """Whether the two agree; nothing agrees with a nan or an infinity."""
        return bool(within(actual, expected, self.rtol, self.atol))


def _ordinal(number: float) -> int:
    bits: int = struct.unpack("<q", struct.pack("<d", number))[0]
    return bits if bits >= 0 else -(bits & 0x7FFF_FFFF_FFFF_FFFF)


def ulps(actual: float, expected: float) -> int:
    """How many steps from one double to the next lead from one finite number to the other; 0 for 0.0 and -0.0."""
    return abs(_ordinal(actual) - _ordinal(expected))
