"""An existing file changed in the places that are meant, and nowhere else.

openpyxl loads a workbook and saves another: charts, macros and whatever it does not know are gone. Here values,
formulas and formats are written into the XML of a sheet as it stands, and the package is closed around it; every other
byte stays.
"""

from xlparity.patch.formulas import write_formulas
from xlparity.patch.package import pack, repack
from xlparity.patch.styles import styles_in, write_styles
from xlparity.patch.values import encoded, write_values

__all__ = ["encoded", "pack", "repack", "styles_in", "write_formulas", "write_styles", "write_values"]
