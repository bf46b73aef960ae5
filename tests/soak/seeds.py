"""
Where the soak's seeds begin: it repeats itself, so that a failure does, unless told otherwise.

``SOAK_SEED=N`` in the environment moves every seed by ``N``, 0 by default; a failure names it.
"""

from __future__ import annotations

import os

OFFSET = int(os.environ.get("SOAK_SEED", "0"))
