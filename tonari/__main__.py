"""``python -m tonari``."""

from tonari.cli import main

main()
