"""A small network over a song's windows, to draw its emotion line; compared with the plain smoother (docs/sequence.md).

No corpus here tells how mood moves within a song. What can be had honestly: excerpts of songs, each with its song's
label, joined to sequences whose truth is known at every window. The network learns on predictions by regressions that
never met the song; it adds a correction to the smoothed curve, so that before it has learnt anything it is the plain
smoother.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.bundle import ModelBundle
from engine.emotion import SMOOTH_WIDTH_S, FloatArray, smooth_curve
from engine.encoders import Encoders
from engine.features import WINDOW_S
from engine.progress import Progress, Report, ignore
from trainer.data import SongSet, even_windows
from trainer.errors import CorpusMissing
from trainer.metrics import pearson_r
from trainer.pairs import SPLITS, fold_of_rows, split_of

EXCERPT_WINDOWS: Final = 5
"""Windows of a 10 s excerpt."""

PASSAGES: Final = (2, 6)
"""Changes of mood in a sequence are one less; a passage holds excerpts of songs that feel alike."""

PASSAGE_SONGS: Final = (1, 4)
"""So a mood lasts from 10 to 40 s."""

NEIGHBOURS: Final = 40
"""Songs that feel alike: the nearest on the plane, of some thousand."""

N_COMPONENTS: Final = 16
"""Directions of the music features beside valence and arousal: most of what a window can tell of a change."""

WIDTHS_S: Final = (2.0, 3.0, 4.0, 6.0, 8.0)
RIDGES: Final = 3_000.0
N_FOLDS: Final = 5

STEPS: Final = 600
BATCH: Final = 16
N_VALIDATION: Final = 60
N_TEST: Final = 300


class SequenceNetwork(nn.Module):
    """Windows (n, T, 2 + 2 + C): raw and smoothed VA less 0.5, components -> an emotion line (n, T, 2)."""

    def __init__(self, n_components: int = N_COMPONENTS, width: int = 32) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv1d(4 + n_components, width, 5, padding=2),
            nn.ReLU(),
            nn.Conv1d(width, width, 5, padding=4, dilation=2),
            nn.ReLU(),
            nn.Conv1d(width, 2, 1),
        )
        last = self.layers[-1]
        assert isinstance(last, nn.Conv1d)
        nn.init.zeros_(last.weight)
        assert last.bias is not None
        nn.init.zeros_(last.bias)

    def forward(self, windows: Tensor) -> Tensor:
        correction = self.layers(windows.transpose(1, 2)).transpose(1, 2)
        return windows[:, :, 2:4] + 0.5 + torch.as_tensor(correction)


@dataclass(frozen=True, slots=True, eq=False)
class Excerpts:
    """Windows of songs: va (n, W, 2) as predicted, components (n, W, C), and the songs' labels (n, 2)."""

    va: FloatArray
    components: FloatArray
    labels: FloatArray

    def take(self, rows: NDArray[np.intp]) -> Excerpts:
        """Those of some songs."""
        return Excerpts(self.va[rows], self.components[rows], self.labels[rows])


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """A sequence of joined excerpts: va (T, 2) as predicted, components (T, C), truth (T, 2)."""

    va: FloatArray
    components: FloatArray
    truth: FloatArray

    def smoothed(self, width_s: float) -> FloatArray:
        """The plain smoother's line."""
        times_s = (np.arange(len(self.va), dtype=np.float32) + np.float32(0.5)) * np.float32(WINDOW_S)
        return smooth_curve(times_s, self.va, width_s=width_s).va

    def inputs(self) -> Tensor:
        """What the network sees, (T, 4 + C)."""
        line = self.smoothed(SMOOTH_WIDTH_S)
        return torch.from_numpy(np.concatenate([self.va - 0.5, line - 0.5, self.components], axis=1)).float()


@dataclass(frozen=True, slots=True)
class LineScores:
    """Errors of one way to draw the line on joined excerpts of test songs, both dimensions summed in mse.

    r is the mean of valence's and arousal's; r_movement that within sequences, about each one's mean. p_better: in how
    many resamples of the sequences its error is below the plain smoother's.
    """

    name: str
    mse: float
    r: float
    r_movement: float
    p_better: float

    def to_dict(self) -> dict[str, Any]:
        """The row for JSON."""
        return asdict(self)


def compare_lines(
    bundle: ModelBundle, songs: SongSet, *, steps: int = STEPS, report: Report = ignore
) -> list[LineScores]:
    """Score the raw curve, the plain smoother, the best of its widths and the network on joined test excerpts.

    Widths and the network's epoch are chosen on validation songs. Raises CorpusMissing.
    """
    seed = bundle.manifest.split_seed
    rows = {name: np.flatnonzero([split_of(group, seed=seed) == name for group in songs.groups]) for name in SPLITS}
    if min(map(len, rows.values())) == 0:
        raise CorpusMissing("the corpus is too small: a split has no songs")
    found = excerpts_of(bundle, songs, rows["train"], report=report)
    rng = np.random.default_rng(0)
    validation = [joined(found.take(rows["validation"]), rng) for _ in range(N_VALIDATION)]
    test = [joined(found.take(rows["test"]), rng) for _ in range(N_TEST)]
    errors = {width: _mse([one.smoothed(width) for one in validation], validation) for width in WIDTHS_S}
    width = min(errors, key=lambda key: errors[key])
    network = train_network(found.take(rows["train"]), validation, steps=steps, report=report)
    with torch.no_grad():
        drawn = [network(one.inputs()[None])[0].numpy() for one in test]
    plain = [one.smoothed(SMOOTH_WIDTH_S) for one in test]
    lines = {
        "raw windows": [one.va for one in test],
        f"plain smoother, {SMOOTH_WIDTH_S:g} s": plain,
        f"plain smoother, best width {width:g} s": [one.smoothed(width) for one in test],
        "network over windows": drawn,
    }
    return [_scores(name, line, plain, test) for name, line in lines.items()]


def excerpts_of(
    bundle: ModelBundle, songs: SongSet, train_rows: NDArray[np.intp], *, report: Report = ignore
) -> Excerpts:
    """Windows of all songs as a bundle sees them; those it was trained on by regressions that never met the song.

    The bundle is surer of the songs it was taught than of new ones, so a network that learnt from its word on them
    would trust single windows too much.
    """
    encoders = Encoders(bundle, n_threads=torch.get_num_threads())
    parts = []
    for first in range(0, len(songs.va), BATCH):
        report(Progress("windows", first, len(songs.va)))
        rows = np.arange(first, min(first + BATCH, len(songs.va)))
        windows = even_windows(songs.take(rows), n_windows=EXCERPT_WINDOWS).flatten(0, 1).numpy()
        parts.append(encoders.music_features(windows))
    features = np.concatenate(parts)
    va = encoders.music_heads(features)[1].reshape(-1, EXCERPT_WINDOWS, 2)
    trained = features.reshape(len(songs.va), EXCERPT_WINDOWS, -1)[train_rows]
    flat = trained.reshape(-1, trained.shape[2]).astype(np.float64)
    middle, spread = flat.mean(axis=0), np.maximum(flat.std(axis=0), 1e-6)
    points = (flat - middle) / spread
    _, _, axes = np.linalg.svd(points[:: max(1, len(points) // 3000)], full_matrices=False)
    axes = axes[:N_COMPONENTS] / (points @ axes[:N_COMPONENTS].T).std(axis=0)[:, None]
    components = ((features - middle) / spread) @ axes.T
    va[train_rows] = _held_out(points, songs.va[train_rows], [songs.groups[row] for row in train_rows])
    shape = (len(songs.va), EXCERPT_WINDOWS, -1)
    return Excerpts(va, components.reshape(shape).astype(np.float32), songs.va)


def joined(excerpts: Excerpts, rng: np.random.Generator) -> Joined:
    """Join excerpts to passages of one mood, and passages to a sequence. Labels are those of each song."""
    rows: list[int] = []
    for _ in range(rng.integers(*PASSAGES, endpoint=True)):
        anchor = excerpts.labels[rng.integers(len(excerpts.labels))]
        nearest = np.argsort(np.square(excerpts.labels - anchor).sum(axis=1))[:NEIGHBOURS]
        n_songs = min(int(rng.integers(*PASSAGE_SONGS, endpoint=True)), len(nearest))
        rows += rng.choice(nearest, n_songs, replace=False).tolist()
    va, components = (part[rows].reshape(-1, part.shape[2]) for part in (excerpts.va, excerpts.components))
    return Joined(va, components, np.repeat(excerpts.labels[rows], excerpts.va.shape[1], axis=0))


def train_network(
    excerpts: Excerpts, validation: Sequence[Joined], *, steps: int, report: Report = ignore, seed: int = 0
) -> SequenceNetwork:
    """Train on joined excerpts drawn anew at each step; keeps the weights that validation likes best."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = SequenceNetwork(excerpts.components.shape[2])
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps)
    best, best_error = {name: value.clone() for name, value in network.state_dict().items()}, np.inf
    for step in range(steps):
        report(Progress("train", step, steps))
        drawn = [joined(excerpts, rng) for _ in range(BATCH)]
        losses = [(network(one.inputs()[None])[0] - torch.from_numpy(one.truth)).square().mean() for one in drawn]
        loss = torch.stack(losses).mean()
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        schedule.step()
        if step % 25 == 24 or step == steps - 1:
            with torch.no_grad():
                error = _mse([network(one.inputs()[None])[0].numpy() for one in validation], validation)
            if error < best_error:
                best, best_error = {name: value.clone() for name, value in network.state_dict().items()}, error
    network.load_state_dict(best)
    return network.eval()


def markdown_table(rows: Sequence[LineScores]) -> str:
    """The comparison as a Markdown table."""
    lines = ["| line | squared error | r | r of movement | P(better than the app's) |", "|---|---|---|---|---|"]
    lines += [
        f"| {row.name} | {row.mse:.4f} | {row.r:.3f} | {row.r_movement:.3f} | {row.p_better:.2f} |" for row in rows
    ]
    return "\n".join(lines)


def _held_out(points: NDArray[np.float64], labels: FloatArray, groups: Sequence[str]) -> FloatArray:
    """VA (n, W, 2) of windows (n * W, F) by ridge regressions that never met the song."""
    fold = np.repeat(fold_of_rows(groups, n_folds=N_FOLDS), EXCERPT_WINDOWS)
    wanted = np.repeat(labels.astype(np.float64), EXCERPT_WINDOWS, axis=0)
    va = np.zeros_like(wanted)
    for number in range(N_FOLDS):
        kept, held = fold != number, fold == number
        middle = wanted[kept].mean(axis=0)
        gram = points[kept].T @ points[kept] + RIDGES * np.eye(points.shape[1])
        va[held] = middle + points[held] @ np.linalg.solve(gram, points[kept].T @ (wanted[kept] - middle))
    return np.clip(va, 0, 1).astype(np.float32).reshape(-1, EXCERPT_WINDOWS, 2)


def _errors(lines: Sequence[FloatArray], sequences: Sequence[Joined]) -> NDArray[np.float64]:
    """Mean squared error of each sequence."""
    pairs = zip(lines, sequences, strict=True)
    return np.array([float(np.square(line - one.truth).sum(axis=1).mean()) for line, one in pairs])


def _mse(lines: Sequence[FloatArray], sequences: Sequence[Joined]) -> float:
    return float(_errors(lines, sequences).mean())


def _scores(
    name: str, lines: Sequence[FloatArray], plain: Sequence[FloatArray], sequences: Sequence[Joined]
) -> LineScores:
    errors, usual = _errors(lines, sequences), _errors(plain, sequences)
    drawn = np.random.default_rng(0).integers(len(errors), size=(1000, len(errors)))
    difference = (errors - usual)[drawn].mean(axis=1)
    p_better = float((difference < 0).mean() + 0.5 * (difference == 0).mean())
    r, r_movement = (_r(lines, sequences, about_means=about_means) for about_means in (False, True))
    return LineScores(name, float(errors.mean()), r, r_movement, p_better)


def _r(lines: Sequence[FloatArray], sequences: Sequence[Joined], *, about_means: bool) -> float:
    """Mean of valence's and arousal's correlation over all windows, or about each sequence's own mean."""

    def centred() -> Iterator[tuple[FloatArray, FloatArray]]:
        for line, one in zip(lines, sequences, strict=True):
            yield (line - line.mean(axis=0), one.truth - one.truth.mean(axis=0)) if about_means else (line, one.truth)

    said, truth = (np.concatenate(part) for part in zip(*centred(), strict=True))
    return float(np.mean([pearson_r(said[:, k], truth[:, k]) for k in range(2)]))
