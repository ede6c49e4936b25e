"""Scenarios: other inputs than the stored ones, drawn, compared, checked for rounding error, and shrunk to counterexamples."""
