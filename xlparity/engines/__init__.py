"""Engines, which recalculate workbooks: a file each, with the constant ``ENGINE`` by which ``registry`` knows it.

``protocol`` says what an engine is, ``evaluator`` computes for the engine ``formulas``, and ``common`` has what engines share.
"""
