"""Diagnosis: the root causes of what differs, with the formulas that fix them where these are found."""
