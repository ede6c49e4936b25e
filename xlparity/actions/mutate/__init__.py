"""``mutate``: plants faults in a workbook, to measure how many a check detects, locates and fixes."""
