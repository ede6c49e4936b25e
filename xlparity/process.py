"""The lock for settings of the whole process, such as the current folder and the warnings filters."""

import os
import threading

LOCK = threading.RLock()
"""Held around each call of a reference, which may change the warnings filters, the current folder, ``sys.modules`` and more.

So does whoever of xlparity changes the warnings filters or ``sys.path``, and whoever follows a relative path.
"""

if hasattr(os, "register_at_fork"):  # a process that is forked while another thread holds it could never take it
    os.register_at_fork(before=LOCK.acquire, after_in_parent=LOCK.release, after_in_child=LOCK.release)
