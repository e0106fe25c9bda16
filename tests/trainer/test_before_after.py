"""Two predictions compared: the figures of the whole set are those of their definitions."""

from __future__ import annotations

import numpy as np
import pytest

from trainer.before_after import compare


def test_concordance_minds_level_and_scale_where_correlation_does_not() -> None:
    rng = np.random.default_rng(0)
    labels = rng.uniform(0.2, 0.8, (50, 2)).astype(np.float32)
    before = (0.4 * labels + 0.1 + 0.02 * rng.standard_normal((50, 2))).astype(np.float32)
    figures = compare(before, labels, labels, list(range(50)), n_resamples=200).figures
    for axis, name in enumerate(("valence", "arousal")):
        p, t = before[:, axis].astype(np.float64), labels[:, axis].astype(np.float64)
        ccc = 2 * np.cov(p, t, bias=True)[0, 1] / (p.var() + t.var() + (p.mean() - t.mean()) ** 2)
        assert figures[f"{name}_ccc"].before.value == pytest.approx(ccc)
        assert figures[f"{name}_ccc"].after.value == pytest.approx(1)
        assert figures[f"{name}_r"].before.value > 0.9 > 0.5 > figures[f"{name}_ccc"].before.value
    mean = figures["mean_ccc"]
    assert mean.before.value == pytest.approx(
        (figures["valence_ccc"].before.value + figures["arousal_ccc"].before.value) / 2
    )
    assert mean.before.low < mean.before.value < mean.before.high
    assert mean.p_better == 1
