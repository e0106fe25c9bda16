"""The loss terms of cross-modal deep continuous metric learning, one function a term (Eqs. 2 to 8 of the paper).

Shapes: n items in a batch, d the embedding's width, k partners drawn for each anchor. D is the squared Euclidean
distance. The paper sums Eqs. 2 to 5 and averages Eqs. 6 and 7; `reduction` chooses, over the terms that count.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import torch
from torch import Tensor

from trainer.config import LossWeights, RatioLabel, Reduction

EPSILON: Final = 1e-6
"""Added to squared distances and similarities under a logarithm or root, so that equal items give finite gradients."""

EQUAL_LABELS: Final = 1e-12
"""Items whose labels' D is at most this are equal: they say nothing about a ratio and are never part of a triple."""


@dataclass(frozen=True, slots=True, eq=False)
class LossTerms:
    """The seven terms of Eq. 8, each a scalar; those that were not computed are zero."""

    cross_ratio: Tensor
    cross_margin: Tensor
    similarity: Tensor
    photo_ratio: Tensor
    music_ratio: Tensor
    photo_va: Tensor
    music_va: Tensor

    def values(self) -> dict[str, float]:
        """Each term by name as a plain number."""
        return {field.name: float(getattr(self, field.name).detach()) for field in fields(self)}


def squared_distance(a: Tensor, b: Tensor) -> Tensor:
    """D of the last dimension, broadcast over the others."""
    return (a - b).square().sum(dim=-1)


def draw_partners(n: int, k: int, *, generator: torch.Generator | None = None) -> Tensor:
    """Draw for each of n anchors k other rows, shape (n, k): j != i as Eq. 2 asks; k is cut to n - 1."""
    k = max(0, min(k, n - 1))
    scores = torch.rand(n, n, generator=generator)
    scores.fill_diagonal_(2.0)
    return scores.argsort(dim=1)[:, :k]


def cross_feature_ratio(
    photo: Tensor,
    music: Tensor,
    similarity: Tensor,
    partners: Tensor,
    *,
    sigma: float,
    label: RatioLabel = "distance",
    reduction: Reduction = "mean",
) -> Tensor:
    """L_CFR, Eq. 2: ratios of embedding distance follow ratios of emotional distance across the modalities.

    photo and music (n, d) are the pairs, similarity (n, n) holds S(I_i, M_j), partners (n, k) rows j != i. Each anchor
    photo i takes music i and j; each anchor music i takes photos i and j.

    As printed, Eq. 2 sets log D against log S: at its minimum the embedding distance grows with similarity and the
    best match lies farthest away. `distance` therefore takes D of the VA labels, (sigma log S)^2 by Eq. 1, as Eqs. 4
    and 5 do; `printed` exists for comparison.
    """
    rows = torch.arange(len(photo), device=photo.device)[:, None]
    far = torch.cdist(photo, music, compute_mode="donot_use_mm_for_euclid_dist").square()  # (n, n)
    terms, counted = [], []
    for distances, similarities in ((far, similarity), (far.T, similarity.T)):
        term, counts = _ratio_terms(
            distances[rows, rows],
            distances[rows, partners],
            similarities[rows, rows],
            similarities[rows, partners],
            sigma=sigma,
            label=label,
        )
        terms.append(term)
        counted.append(counts)
    return _reduce(torch.cat(terms), torch.cat(counted), reduction)


def cross_feature_margin(photo: Tensor, music: Tensor, *, alpha: float, reduction: Reduction = "mean") -> Tensor:
    """L_CFM, Eq. 3: the part of each pair's Euclidean distance beyond alpha; photo and music (n, d)."""
    distance = (squared_distance(photo, music) + EPSILON).sqrt()
    excess = (distance - alpha).clamp(min=0.0)
    return _reduce(excess, torch.ones_like(excess, dtype=torch.bool), reduction)


def single_feature_ratio(
    embedding: Tensor, va: Tensor, first: Tensor, second: Tensor, *, reduction: Reduction = "mean"
) -> Tensor:
    """L_SFR of one modality, Eq. 4 (photos) or 5 (music): ratios of embedding D follow ratios of VA D.

    embedding (n, d), va (n, 2), first and second (n, k) the rows j and k of each anchor's triple. A triple with two
    equal rows or two equal labels does not count.
    """
    anchors = torch.arange(len(embedding), device=embedding.device)[:, None]
    label_first = squared_distance(va[anchors], va[first])
    label_second = squared_distance(va[anchors], va[second])
    between = squared_distance(va[first], va[second])
    counts = (label_first > EQUAL_LABELS) & (label_second > EQUAL_LABELS) & (between > EQUAL_LABELS)
    near = squared_distance(embedding[anchors], embedding[first])
    far = squared_distance(embedding[anchors], embedding[second])
    term = _log_ratio(near, far) - _log_ratio(label_first, label_second)
    return _reduce(term.square(), counts, reduction)


def similarity_error(predicted: Tensor, similarity: Tensor) -> Tensor:
    """L_Sim, Eq. 6: mean squared error of predicted similarities (n,)."""
    return (predicted - similarity).square().mean()


def va_error(predicted: Tensor, va: Tensor, *, weights: Tensor | None = None) -> Tensor:
    """L_VA of one modality, Eq. 7: mean over items of the squared error vector's length; predicted and va (n, 2).

    weights (n, 2) scales each label's squared error, 1 on average, for labels of unequal certainty.
    """
    error = (predicted - va).square()
    if weights is not None:
        error = error * weights
    return error.sum(dim=-1).mean()


def total_loss(terms: LossTerms, weights: LossWeights) -> Tensor:
    """L_CDCML, Eq. 8: the weighted sum of the terms. A term of weight 0 is left out, whatever its value."""
    parts = [getattr(weights, f.name) * getattr(terms, f.name) for f in fields(weights) if getattr(weights, f.name)]
    return torch.stack(parts).sum() if parts else torch.zeros_like(terms.similarity)


def _ratio_terms(
    near: Tensor,
    far: Tensor,
    near_similarity: Tensor,
    far_similarity: Tensor,
    *,
    sigma: float,
    label: RatioLabel,
) -> tuple[Tensor, Tensor]:
    """Squared differences of the log ratios of Eq. 2, (n, k) flattened, and which of them count."""
    near_d = (sigma * near_similarity.clamp(min=EPSILON).log()).square()
    far_d = (sigma * far_similarity.clamp(min=EPSILON).log()).square()
    if label == "printed":
        labels = (near_similarity + EPSILON).log() - (far_similarity + EPSILON).log()
    else:
        labels = _log_ratio(near_d, far_d)
    counts = (near_d > EQUAL_LABELS) & (far_d > EQUAL_LABELS) & ((near_d - far_d).abs() > EQUAL_LABELS)
    term = (_log_ratio(near, far) - labels).square()
    return term.flatten(), counts.expand_as(term).flatten()


def _log_ratio(numerator: Tensor, denominator: Tensor) -> Tensor:
    return (numerator + EPSILON).log() - (denominator + EPSILON).log()


def _reduce(terms: Tensor, counts: Tensor, reduction: Reduction) -> Tensor:
    """Sum or average the terms that count; with none it is 0 and still has a (zero) gradient."""
    total = torch.where(counts, terms, torch.zeros_like(terms)).sum()
    return total if reduction == "sum" else total / counts.sum().clamp(min=1)
