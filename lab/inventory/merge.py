"""Deep merge of defaults and overrides."""

from __future__ import annotations

import copy
from typing import Any


def merged(base: Any, over: Any) -> Any:
    """A copy of ``base`` with ``over`` laid on it: dicts merge, everything else replaces; None removes a key."""
    if not isinstance(base, dict) or not isinstance(over, dict):
        return copy.deepcopy(over)
    out = {key: copy.deepcopy(value) for key, value in base.items()}
    for key, value in over.items():
        if value is None:
            out.pop(key, None)
        else:
            out[key] = merged(out[key], value) if key in out else copy.deepcopy(value)
    return out
