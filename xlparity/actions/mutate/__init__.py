"""Workbooks broken on purpose, to measure how many faults a check detects, names and mends."""
