"""Comparison of the engines' values with the references' expected values, and the consensus of engines."""
