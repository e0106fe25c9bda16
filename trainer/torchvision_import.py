"""Import torchvision also where its wheel was built for another torch: its C++ operators are then absent.

`import torchvision` registers shape functions for two of those operators and fails where they are not defined. Their
schemas are enough for it; models and transforms need no more. Where torch and torchvision match nothing is done.
"""

from __future__ import annotations

from types import ModuleType

import torch

_SCHEMAS = {
    "nms": "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}

_libraries: list[torch.library.Library] = []
"""A library's definitions live as long as the object does."""


def torchvision_models() -> ModuleType:
    """Import `torchvision.models`."""
    try:
        from torchvision import models
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        library = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
        for schema in _SCHEMAS.values():
            library.define(schema)  # type: ignore[no-untyped-call]
        _libraries.append(library)
        from torchvision import models
    found: ModuleType = models
    return found
