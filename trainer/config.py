"""One training run's settings: a frozen dataclass, its presets, and its way to and from TOML. Saved with each run."""

from __future__ import annotations

import dataclasses
import tomllib
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from trainer.class_affect import N_AFFECT
from trainer.errors import TrainerError

PhotoBackbone = Literal["lite2-stages", "lite2", "resnet50"]
MusicBackbone = Literal["cnn", "resnet18"]
Reduction = Literal["mean", "sum"]
RatioLabel = Literal["distance", "printed"]


@dataclass(frozen=True, slots=True)
class LossWeights:
    """Weight of each term of Eq. 8. The paper weighs all alike."""

    cross_ratio: float = 1.0
    cross_margin: float = 1.0
    similarity: float = 1.0
    photo_ratio: float = 1.0
    music_ratio: float = 1.0
    photo_va: float = 1.0
    music_va: float = 1.0


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """Settings of a run. An epoch is one random window of each training song."""

    preset: str = "default"
    seed: int = 0
    split_seed: int = 0

    photo_backbone: PhotoBackbone = "lite2-stages"
    """EfficientNet-Lite2 stays frozen and its features are cached: those of its last three stages, or of its last
    layer. resnet50 is trained with the rest."""
    photo_px: int = 260
    """Side of what Lite2 sees. Trained at 260 px, at 300 it tells valence better (r on theme-grouped folds + .02)."""
    photo_int8: bool = False
    """Quantise a frozen backbone to 8-bit integers, and learn from the features of what ships."""
    photo_affect: bool = False
    """Two more features of Lite2: what it sees, weighed by a table of how each of its classes feels to most people."""
    music_backbone: MusicBackbone = "cnn"
    photo_weights: str = ""
    """State file of torchvision's resnet50 (ImageNet); random weights without it."""
    music_weights: str = ""
    """State file of torchvision's resnet18."""

    n_views: int = 4
    """Views of each photo: the whole picture, its mirror image, and random crops."""
    photo_dropout: float = 0.5
    photo_mix: float = 1.0
    """Parameter of the Beta distribution by which features of two photos, and their labels, are mixed; 0: none."""
    music_dropout: float = 0.2
    predictor_dropout: float = 0.3
    predictor_hidden: tuple[int, int] = (128, 64)

    device: Literal["cpu", "cuda"] = "cpu"
    precision: Literal["full", "mixed"] = "full"
    """mixed: the backbones compute in bfloat16, which a GPU does several times as fast; the losses never do."""
    compile: bool = False
    """Let torch compile the backbones: pays where they are trained for long, on a GPU."""

    epochs: int = 60
    batch: int = 128
    optimizer: Literal["adamw", "sgd"] = "adamw"
    schedule: Literal["one-cycle", "steps"] = "one-cycle"
    """one-cycle: linear warm-up over a tenth, then a half cosine to 0; steps: x0.1 every 10 epochs, as in the paper."""
    lr: float = 4e-3
    photo_lr_factor: float = 0.2
    """The photo head learns from few photos and slower than the rest."""
    weight_decay: float = 0.1
    photo_weight_decay: float = 0.02
    ema: float = 0.0
    """Decay of the running mean of the weights that is validated and exported; 0 takes the weights themselves."""
    clip_norm: float = 5.0
    patience: int = 0
    """Epochs without a better validation loss after which training stops; 0 never stops early."""

    photo_readout: float = 0.0
    """Share of the readouts (trainer/readouts.py) in a photo's VA; the rest is the common predictor's. 0: none."""
    photo_members: int = 4
    photo_landmarks: int = 512
    photo_reach: float = 0.4
    photo_penalty: float = 1.2
    member_width: int = 256
    member_steps: int = 200
    music_readout: float = 0.0
    """Share of the readout in a window's VA. 0: none, and the level is heard by level_kept alone."""
    music_landmarks: int = 6400
    """Room for five windows of each of 1,280 songs."""
    music_reach: float = 1.0
    music_penalty: float = 1.0
    va_axes: float = 0.0
    """Scale of VA as the last two coordinates of served embeddings; 0: none, all 512 are learned."""

    near_share: float = 0.3
    """Share of training pairs whose photo is one of the nearest tenth in emotion."""
    n_partners: int = 8
    """Other items drawn for each anchor of Eqs. 2, 4 and 5."""
    eq2: RatioLabel = "distance"
    reduction: Reduction = "mean"
    alpha: float = 1.0
    """Margin of Eq. 3, in units of embedding distance; the paper does not give it."""
    loss: LossWeights = field(default_factory=LossWeights)

    level_kept: float = 0.0
    """Share of a window's mean level that the cnn hears; 0 makes it deaf to the volume."""
    level_slopes: tuple[float, float] = (0.0035, 0.0045)
    """What a dB of a window's level adds to its valence and its arousal, beside the cnn; needs music_readout. A song at
    -6 dB may move its curve by .03 at most, and quiet songs are calm (r .67) and a little sad (r .37): a regression
    would take .0056 for valence, less beside the other numbers, and .0122 for arousal."""
    max_gain_db: float = 10.0
    mask_rows: int = 32
    mask_frames: int = 12

    @property
    def n_affect(self) -> int:
        """How many features of a photo the table of `class_affect` gives."""
        return N_AFFECT if self.photo_affect and self.photo_backbone != "resnet50" else 0


_DEFAULT: Final = TrainConfig(
    # The metric terms are kept small: with 557 photos they are learnt by heart. Three to seven times these weights
    # order the shared space a little better and cost .05 in r of photos on theme-grouped folds.
    loss=LossWeights(
        cross_ratio=0.003,
        cross_margin=0.01,
        similarity=0.3,
        photo_ratio=0.002,
        music_ratio=0.002,
        photo_va=2.0,
        music_va=2.0,
    ),
    photo_px=300,
    photo_int8=True,
    photo_affect=True,
    photo_penalty=1.2,
    epochs=24,
    ema=0.99,
    max_gain_db=0.0,
    photo_readout=0.8,
    music_readout=0.9,
    va_axes=4.0,
)

PRESETS: Final[Mapping[str, TrainConfig]] = {
    "default": _DEFAULT,
    # Section 6.1.3: ResNet-50 and ResNet-18, SGD at 1e-3 with batches of 128, x0.1 every 10 epochs, dropout 0.5,
    # sums as printed and every weight 1.
    "paper": TrainConfig(
        preset="paper",
        photo_backbone="resnet50",
        music_backbone="resnet18",
        n_views=2,
        photo_dropout=0.0,
        photo_mix=0.0,
        music_dropout=0.0,
        predictor_dropout=0.5,
        epochs=30,
        optimizer="sgd",
        schedule="steps",
        lr=1e-3,
        photo_lr_factor=1.0,
        weight_decay=0.0,
        photo_weight_decay=0.0,
        near_share=0.4,
        n_partners=1,
        reduction="sum",
        max_gain_db=0.0,
        mask_rows=0,
        mask_frames=0,
    ),
    "quick": dataclasses.replace(_DEFAULT, preset="quick", n_views=2, epochs=4),
}


def make_config(preset: str, *, file: Path | None = None, overrides: Sequence[str] = ()) -> TrainConfig:
    """Build a run's settings: a preset, then a TOML file over it, then `key=value` texts (`loss.similarity=2`).

    Raises TrainerError for an unknown preset or key, a file that cannot be read, or a value of the wrong kind.
    """
    if preset not in PRESETS:
        raise TrainerError(f"there is no preset {preset!r}; there are {', '.join(PRESETS)}")
    config = PRESETS[preset]
    texts = [_as_toml_line(override) for override in overrides]
    if file is not None:
        try:
            texts.insert(0, file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise TrainerError(f"{file}: cannot be read ({error})") from error
    for text in texts:
        try:
            config = config_from(tomllib.loads(text), base=config)
        except tomllib.TOMLDecodeError as error:
            raise TrainerError(f"not TOML: {error}") from error
    return config


def config_from(values: Mapping[str, Any], *, base: TrainConfig | None = None) -> TrainConfig:
    """Put values over a base (the default preset). Raises TrainerError for an unknown key or a wrong kind."""
    config: TrainConfig = _replaced(base or PRESETS["default"], values, where="")
    return config


def config_to_dict(config: TrainConfig) -> dict[str, Any]:
    """The settings as plain values, which `config_from` reads back."""
    return dataclasses.asdict(config)


def _replaced(config: Any, values: Mapping[str, Any], *, where: str) -> Any:
    hints = typing.get_type_hints(type(config))
    changes: dict[str, Any] = {}
    for key, value in values.items():
        if key not in hints:
            raise TrainerError(f"there is no setting {where}{key}; there are {', '.join(hints)}")
        current = getattr(config, key)
        if dataclasses.is_dataclass(current):
            if not isinstance(value, Mapping):
                raise TrainerError(f"{where}{key} is a group of settings, not {value!r}")
            changes[key] = _replaced(current, value, where=f"{where}{key}.")
        else:
            changes[key] = _checked(f"{where}{key}", value, hints[key])
    return dataclasses.replace(config, **changes)


def _checked(name: str, value: Any, kind: Any) -> Any:
    """Convert a value to a field's type or raise TrainerError."""
    origin = typing.get_origin(kind)
    if origin is Literal:
        if value in typing.get_args(kind):
            return value
        raise TrainerError(f"{name} is {value!r}; it can be {', '.join(map(repr, typing.get_args(kind)))}")
    if origin is tuple:
        parts = typing.get_args(kind)
        if isinstance(value, Sequence) and not isinstance(value, str) and len(value) == len(parts):
            return tuple(_checked(name, part, of) for part, of in zip(value, parts, strict=True))
        raise TrainerError(f"{name} needs {len(parts)} values, not {value!r}")
    if isinstance(kind, types.UnionType) or isinstance(value, bool) is not (kind is bool):
        raise TrainerError(f"{name} cannot be {value!r}")
    if kind is float and isinstance(value, int):
        return float(value)
    if not isinstance(value, kind):
        raise TrainerError(f"{name} is {value!r}, not of kind {kind.__name__}")
    return value


def _as_toml_line(override: str) -> str:
    """Make a line of TOML of `key=value`; a bare word as the value is taken as text."""
    key, separator, value = override.partition("=")
    if not separator:
        raise TrainerError(f"{override!r} is not key=value")
    try:
        tomllib.loads(f"x = {value}")
    except tomllib.TOMLDecodeError:
        quoted = value.strip().replace("\\", "\\\\").replace('"', '\\"')
        return f'{key} = "{quoted}"'
    return f"{key} = {value}"
