"""The course's workbooks, a folder each: ``sheet.py`` has the Excel maths, ``reference.py`` the numpy maths."""
