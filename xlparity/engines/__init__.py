"""Engines, which recalculate workbooks: one module each, with a constant ``ENGINE`` that ``registry`` reads.

``protocol`` defines an engine, ``evaluator`` computes for the engine ``formulas``, and ``common`` has code that engines share.
"""
