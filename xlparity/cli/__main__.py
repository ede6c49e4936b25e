"""``python -m xlparity.cli``."""

from xlparity.cli import main

main()
