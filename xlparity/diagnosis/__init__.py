"""Opinions: which formulas are to blame, what they should say, and what is known where nobody can tell."""
