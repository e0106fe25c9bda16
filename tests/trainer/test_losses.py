"""Every loss term equals its definition written as a loop, has the right gradient, and stands degenerate batches."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch
from torch import Tensor

from trainer.config import LossWeights
from trainer.losses import (
    EPSILON,
    EQUAL_LABELS,
    LossTerms,
    cross_feature_margin,
    cross_feature_ratio,
    draw_partners,
    similarity_error,
    single_feature_ratio,
    total_loss,
    va_error,
)

SIGMA = 0.27


def make_batch(n: int = 6, d: int = 5, *, seed: int = 0) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    batch = {
        name: torch.randn(n, d, generator=generator, dtype=torch.float64, requires_grad=True)
        for name in ("photo", "music")
    }
    for name in ("photo_va", "music_va"):
        batch[name] = torch.rand(n, 2, generator=generator, dtype=torch.float64)
    batch["similarity"] = torch.exp(-torch.cdist(batch["photo_va"], batch["music_va"]) / SIGMA)
    batch["partners"] = draw_partners(n, 3, generator=generator)
    return batch


def value(loss: Tensor) -> float:
    return float(loss.detach())


def d(a: Tensor, b: Tensor) -> float:
    return sum((x - y) ** 2 for x, y in zip(a.tolist(), b.tolist(), strict=True))


def log_ratio(a: float, b: float) -> float:
    return math.log(a + EPSILON) - math.log(b + EPSILON)


def cross_ratio_loop(batch: dict[str, Tensor], *, printed: bool) -> list[float]:
    photo, music, similarity = batch["photo"], batch["music"], batch["similarity"]
    terms = []
    for i, partners in enumerate(batch["partners"].tolist()):
        for j in partners:
            for near, far, s_near, s_far in (
                (d(photo[i], music[i]), d(photo[i], music[j]), similarity[i, i], similarity[i, j]),
                (d(music[i], photo[i]), d(music[i], photo[j]), similarity[i, i], similarity[j, i]),
            ):
                near_d, far_d = ((SIGMA * math.log(float(s))) ** 2 for s in (s_near, s_far))
                if min(near_d, far_d, abs(near_d - far_d)) <= EQUAL_LABELS:
                    continue
                label = log_ratio(float(s_near), float(s_far)) if printed else log_ratio(near_d, far_d)
                terms.append((log_ratio(near, far) - label) ** 2)
    return terms


@pytest.mark.parametrize("label", ["distance", "printed"])
def test_cross_ratio_equals_its_loop(label: str) -> None:
    batch = make_batch()
    terms = cross_ratio_loop(batch, printed=label == "printed")
    arguments = (batch["photo"], batch["music"], batch["similarity"], batch["partners"])
    total = cross_feature_ratio(*arguments, sigma=SIGMA, label=label, reduction="sum")
    assert value(total) == pytest.approx(sum(terms), rel=1e-9)
    mean = cross_feature_ratio(*arguments, sigma=SIGMA, label=label)
    assert value(mean) == pytest.approx(sum(terms) / len(terms), rel=1e-9)


def test_cross_ratio_of_distance_is_zero_where_embeddings_are_the_emotions() -> None:
    batch = make_batch()
    loss = cross_feature_ratio(
        batch["photo_va"], batch["music_va"], batch["similarity"], batch["partners"], sigma=SIGMA
    )
    assert float(loss) < 1e-6


def test_cross_ratio_as_printed_puts_the_best_match_farthest() -> None:
    """One photo between two songs: at the printed loss's minimum the more similar song is the more distant one."""
    similarity = torch.tensor([[0.9, 0.3], [0.3, 0.9]], dtype=torch.float64)
    partners = torch.tensor([[1], [0]])
    photo = torch.zeros(2, 1, dtype=torch.float64)

    def loss(near: float, far: float, label: str) -> float:
        # Photos at 0 and far away, so that photo 0 lies `near` its own song and `far` from the other.
        music = torch.tensor([[near], [far]], dtype=torch.float64)
        photos = photo + torch.tensor([[0.0], [near + far]], dtype=torch.float64)
        return value(cross_feature_ratio(photos, music, similarity, partners, sigma=SIGMA, label=label))

    assert loss(0.3, 1.0, "distance") < loss(1.0, 0.3, "distance")
    assert loss(0.3, 1.0, "printed") > loss(1.0, 0.3, "printed")


def test_margin_equals_its_loop() -> None:
    batch = make_batch()
    alpha = 2.5
    terms = [
        max(0.0, math.sqrt(d(p, m) + EPSILON) - alpha) for p, m in zip(batch["photo"], batch["music"], strict=True)
    ]
    assert 0 < sum(term == 0 for term in terms) < len(terms), "some pairs within the margin, some beyond"
    found = cross_feature_margin(batch["photo"], batch["music"], alpha=alpha, reduction="sum")
    assert value(found) == pytest.approx(sum(terms), rel=1e-9)
    found = cross_feature_margin(batch["photo"], batch["music"], alpha=alpha)
    assert value(found) == pytest.approx(sum(terms) / len(terms), rel=1e-9)


def test_single_ratio_equals_its_loop() -> None:
    batch = make_batch()
    va = batch["photo_va"].clone()
    va[1] = va[0]  # equal labels are no triple
    first, second = batch["partners"][:, :2], batch["partners"][:, 1:]
    terms = []
    for i in range(len(va)):
        for j, k in zip(first[i].tolist(), second[i].tolist(), strict=True):
            if min(d(va[i], va[j]), d(va[i], va[k]), d(va[j], va[k])) <= EQUAL_LABELS:
                continue
            embedding = log_ratio(d(batch["photo"][i], batch["photo"][j]), d(batch["photo"][i], batch["photo"][k]))
            terms.append((embedding - log_ratio(d(va[i], va[j]), d(va[i], va[k]))) ** 2)
    assert 0 < len(terms) < first.numel(), "some triples count and some do not"
    found = single_feature_ratio(batch["photo"], va, first, second, reduction="sum")
    assert value(found) == pytest.approx(sum(terms), rel=1e-9)
    found = single_feature_ratio(batch["photo"], va, first, second)
    assert value(found) == pytest.approx(sum(terms) / len(terms), rel=1e-9)


def test_errors_equal_their_loops() -> None:
    batch = make_batch()
    predicted = torch.rand(6, 2, dtype=torch.float64)
    by_hand = sum(d(p, t) for p, t in zip(predicted, batch["photo_va"], strict=True)) / 6
    assert float(va_error(predicted, batch["photo_va"])) == pytest.approx(by_hand)
    ones = torch.ones(6, 2, dtype=torch.float64)
    assert float(va_error(predicted, batch["photo_va"], weights=2 * ones)) == pytest.approx(2 * by_hand)
    by_hand = sum((float(p) - float(t)) ** 2 for p, t in zip(predicted[:, 0], predicted[:, 1], strict=True)) / 6
    assert float(similarity_error(predicted[:, 0], predicted[:, 1])) == pytest.approx(by_hand)


def test_gradients_are_right() -> None:
    batch = make_batch(4, 3)
    similarity, partners, va = batch["similarity"], batch["partners"], batch["photo_va"]
    both = (batch["photo"], batch["music"])
    assert torch.autograd.gradcheck(lambda p, m: cross_feature_ratio(p, m, similarity, partners, sigma=SIGMA), both)
    assert torch.autograd.gradcheck(
        lambda p, m: cross_feature_ratio(p, m, similarity, partners, sigma=SIGMA, label="printed"), both
    )
    assert torch.autograd.gradcheck(lambda p, m: cross_feature_margin(p, m, alpha=1.0), both)
    first, second = partners[:, :1], partners[:, 1:2]
    assert torch.autograd.gradcheck(lambda p: single_feature_ratio(p, va, first, second), both[:1])
    predicted = torch.rand(4, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda p: va_error(p, va), (predicted,))
    assert torch.autograd.gradcheck(lambda p: similarity_error(p, va), (predicted,))


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_batches_without_a_ratio_give_zero_and_a_finite_gradient(reduction: str) -> None:
    va = torch.full((4, 2), 0.4)
    embedding = torch.zeros(4, 3, requires_grad=True)
    partners = draw_partners(4, 2)
    losses = [
        single_feature_ratio(embedding, va, partners[:, :1], partners[:, 1:], reduction=reduction),
        cross_feature_ratio(embedding, embedding + 0, torch.ones(4, 4), partners, sigma=SIGMA, reduction=reduction),
        cross_feature_margin(embedding, embedding + 0, alpha=0.5, reduction=reduction),
    ]
    assert [value(loss) for loss in losses] == [0.0, 0.0, 0.0]
    torch.autograd.backward(torch.stack(losses).sum())
    assert embedding.grad is not None
    assert torch.isfinite(embedding.grad).all()


def test_a_batch_of_one_pair_has_no_partners() -> None:
    assert draw_partners(1, 4).shape == (1, 0)
    one = torch.randn(1, 3)
    assert value(cross_feature_ratio(one, one + 1, torch.full((1, 1), 0.5), draw_partners(1, 4), sigma=SIGMA)) == 0.0


def test_partners_are_other_rows_without_repetition() -> None:
    partners = draw_partners(7, 4, generator=torch.Generator().manual_seed(3))
    assert partners.shape == (7, 4)
    for i, row in enumerate(partners.tolist()):
        assert i not in row
        assert len(set(row)) == 4
    assert draw_partners(3, 9).shape == (3, 2)


def test_total_is_the_weighted_sum() -> None:
    values = {field.name: float(i + 1) for i, field in enumerate(dataclasses.fields(LossTerms))}
    terms = LossTerms(**{name: torch.tensor(value) for name, value in values.items()})
    assert float(total_loss(terms, LossWeights())) == sum(values.values())
    assert terms.values() == values
    assert float(total_loss(terms, LossWeights(*[0.0] * 6, music_va=0.5))) == 3.5
    without = dataclasses.replace(terms, cross_ratio=torch.tensor(float("nan")))
    assert math.isfinite(float(total_loss(without, LossWeights(cross_ratio=0.0))))
    assert float(total_loss(terms, LossWeights(*[0.0] * 7))) == 0.0
