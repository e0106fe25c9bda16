"""How closely an exported network must follow what it was made from."""

from __future__ import annotations

from typing import Final

PARITY_BATCHES: Final = (1, 2, 7)
"""One alone, the smallest batch, and one that is no multiple of any vector width."""

PARITY_TOLERANCE: Final = 1e-4
"""Largest absolute difference in ONNX Runtime that rounding explains."""
