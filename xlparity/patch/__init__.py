"""An existing file changed in the places that are meant, and nowhere else.

openpyxl loads a workbook and saves another: charts, macros and whatever it does not know are gone. Here values and
formulas are written into the XML of a sheet as it stands, and the package is closed around it; every other byte stays.
"""

from xlparity.patch.formulas import write_formulas
from xlparity.patch.package import pack, repack
from xlparity.patch.values import write_values

__all__ = ["pack", "repack", "write_formulas", "write_values"]
