"""The domain workbooks of the planted-fault benchmark, one a module; ``planting.py`` says what is in one."""
