"""References: Python functions that somebody has written, called so that they cannot end, hang or change xlparity.

``function`` finds a function and calls it where it is; ``containment``, ``tracing``, ``constants`` and ``values`` are what such a
call needs, and ``case`` is what it is given. ``child`` runs the same in a process of its own, ``process`` starts and ends that
one, and ``remote`` asks it; ``wire`` has the messages, which run no code of the child's in the process that reads them, and
``frames`` how they begin.
"""
