"""``python -m api.cli`` is ``hub``."""

from api.cli import main

main()
