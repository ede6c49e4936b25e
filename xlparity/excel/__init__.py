"""The Excel layer: reads and changes workbook files, and models cells, formulas, names and dependencies."""
