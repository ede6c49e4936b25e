"""The evaluator of the engine ``formulas``: each distinct formula shape is compiled once, and run over arrays of samples.

``functions`` says which functions are supported, and for which operands; ``shapes`` compiles a shape to a ``program``, of
which ``kernels`` computes many samples at once where it can, and ``session`` runs programs in dependency order.
"""
