"""The margin alpha of Eq. 3, which the paper does not give: tried at several values, chosen on the validation split."""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from trainer.config import TrainConfig, config_to_dict
from trainer.errors import TrainerError

ALPHAS: Final = (0.5, 1.0, 2.0, 4.0, 8.0)
"""From under the nearest pairs of a trained space to beyond the farthest, where the term is as good as off."""

AUTO: Final = "auto"
ALPHA_FILE: Final = "alpha.json"


def add_alpha(parser: argparse.ArgumentParser) -> None:
    """Add the option --alpha, which gives the values to choose from, or none for that of the settings."""
    parser.add_argument(
        "--alpha",
        type=_alphas,
        default=(),
        metavar="A,A,...",
        help=f"train with each margin of Eq. 3 and keep the one with the least similarity MSE of the validation split; "
        f"{AUTO} tries {', '.join(f'{alpha:g}' for alpha in ALPHAS)} (default: the settings' alpha)",
    )


def choose_alpha(
    config: TrainConfig,
    alphas: Sequence[float],
    *,
    score: Callable[[TrainConfig], float],
    kept: Path,
    data: str = "",
) -> tuple[float, Mapping[float, float]]:
    """Choose the alpha whose training scores least; returns it and the score of each, which the file `kept` records.

    `score` trains with the settings it gets. A score that the file holds, of the same data (named by `data`) and
    settings, is not asked for again. Raises TrainerError where Eq. 3 has no weight.
    """
    if not config.loss.cross_margin:
        raise TrainerError("alpha is of Eq. 3, and these settings give it no weight (loss.cross_margin)")
    same = json.dumps(config_to_dict(dataclasses.replace(config, alpha=0.0)))
    key = hashlib.sha256(f"{data}{same}".encode()).hexdigest()[:12]
    scores = _read_scores(kept, key)
    for alpha in alphas:
        if alpha not in scores:
            scores[alpha] = score(dataclasses.replace(config, alpha=alpha))
            _write_scores(kept, key, scores)
    asked = {alpha: scores[alpha] for alpha in alphas}
    return min(asked, key=asked.__getitem__), asked


def _alphas(text: str) -> tuple[float, ...]:
    if text == AUTO:
        return ALPHAS
    values = tuple(float(part) for part in text.split(","))
    if not all(math.isfinite(value) and value >= 0 for value in values):
        raise ValueError(text)
    return values


def _read_scores(path: Path, key: str) -> dict[float, float]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if values["key"] != key:
            return {}
        return {float(alpha): float(mse) for alpha, mse in values["validation_similarity_mse"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _write_scores(path: Path, key: str, scores: Mapping[float, float]) -> None:
    # At run time only where it is used: it imports torch, which other commands can do without.
    from trainer.data import write_atomically

    values = {
        "key": key,
        "alpha": min(scores, key=scores.__getitem__),
        "validation_similarity_mse": {f"{alpha:g}": mse for alpha, mse in scores.items()},
    }
    write_atomically(path, (json.dumps(values, indent=1) + "\n").encode())
