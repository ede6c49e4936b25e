"""The course's workbooks, a folder each: ``sheet.py`` has the Excel maths, ``reference.py`` the numpy maths.

``pages.py`` lays the workbook out, and has the constant ``COURSE`` by which ``xlparity.actions.courses`` knows it. The modules
beside the folders are what several workbooks share; a reference shares nothing, as it imports numpy alone.
"""
