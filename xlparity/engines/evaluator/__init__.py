"""The evaluator of the engine ``formulas``: each distinct formula shape is compiled once, and run over arrays of samples.

``functions`` says which functions are supported, and for which operands; ``shapes`` turns a shape into a ``program``, for
which ``kernels`` has array code where there is any, and ``session`` runs them over a workbook in dependency order.
"""
