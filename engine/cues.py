"""What a show is made of: the options a person chose, the cues and the plan, and how a plan becomes JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from engine.moments import Mood
from engine.timing import MAX_HOLD_S, MIN_HOLD_S, check_holds
from engine.transitions import Transition, TransitionChoice

if TYPE_CHECKING:
    from engine.library import Photo

Repeats = Literal["auto", "best", "all"]
"""Show every photo before any comes again, or let the best matches come again after a minute (see `selection`)."""

Sad = Literal["all", "fewer", "none"]
"""How many sad or disturbing photos are shown."""

FORMAT = "moodreel-plan"
FORMAT_VERSION = 3
"""3 added the theme of a show."""


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What a person may choose about a plan. Raises ValueError for holds that cannot tile every song.

    arc, where not empty, replaces the song's curve in the choice of photos: points (t_s, valence, arousal) drawn by
    hand, ascending in time, in the scale of the plane as it is shown. theme is a word for what the photos should show
    ("beach"), empty for none; theme_share in [0, 1] goes from the mood alone to the theme alone (see `themes`),
    more than half as a rule: a theme that is asked for is to be seen.
    """

    min_hold_s: float = MIN_HOLD_S
    max_hold_s: float = MAX_HOLD_S
    seed: int = 0
    mood: Mood = "relative"
    repeats: Repeats = "auto"
    sad: Sad = "all"
    transition: TransitionChoice = "auto"
    has_pairs: bool = True
    arc: tuple[tuple[float, float, float], ...] = ()
    theme: str = ""
    theme_share: float = 0.7

    def __post_init__(self) -> None:
        check_holds(self.min_hold_s, self.max_hold_s)
        if self.mood not in ("relative", "absolute"):
            raise ValueError(f"mood is {self.mood!r}, not relative or absolute")
        if self.seed < 0:
            raise ValueError("a seed is not negative")
        choices = {"repeats": get_args(Repeats), "sad": get_args(Sad), "transition": get_args(TransitionChoice)}
        for name, known in choices.items():
            if getattr(self, name) not in known:
                raise ValueError(f"{name} is {getattr(self, name)!r}, not one of {', '.join(known)}")
        if any(after[0] <= before[0] for before, after in pairwise(self.arc)):
            raise ValueError("the points of an arc are not in order")
        if not all(0 <= value <= 1 for point in self.arc for value in point[1:]):
            raise ValueError("an arc's mood is beyond [0, 1]")
        if not 0 <= self.theme_share <= 1:
            raise ValueError("a theme's share is beyond [0, 1]")


@dataclass(frozen=True, slots=True)
class Cue:
    """One photo's stretch of the show, [start_s, end_s].

    score is the match in [0, 1] (see `matching`), said as a percentage. fade_s is the length of the transition that
    brings the photo in, 0 for a cut; its middle, the visible change, lies at start_s. The zoom runs from zoom_from to
    zoom_to while the photo is visible, transitions included; 1 fills the frame. partner is a second portrait photo,
    shown beside the first in a landscape frame. A pinned cue stays exactly as it is whenever the show is planned anew.
    """

    photo: Photo
    start_s: float
    end_s: float
    score: float
    fade_s: float
    zoom_from: float
    zoom_to: float
    why: str
    transition: Transition = "crossfade"
    partner: Photo | None = None
    is_pinned: bool = False

    @property
    def hold_s(self) -> float:
        """Time from this cut to the next."""
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True)
class Plan:
    """All cues of a show; they tile [0, duration_s], each beginning where the one before ends.

    heard_s is how much of the song was known when they were planned, None for all of it; until then the cues of a long
    song may end before it does.
    """

    song: Path
    duration_s: float
    cues: tuple[Cue, ...]
    bundle_id: str
    options: PlanOptions = field(default_factory=PlanOptions)
    heard_s: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Give the plan as a dictionary for `json.dumps`; `from_json` gives an equal plan."""
        shown = [photo for cue in self.cues for photo in (cue.photo, cue.partner) if photo is not None]
        return {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "song": str(self.song),
            "duration_s": self.duration_s,
            "bundle_id": self.bundle_id,
            "heard_s": self.heard_s,
            "options": asdict(self.options),
            "cues": [
                {
                    **{name: getattr(cue, name) for name in _CUE_FIELDS},
                    "photo": str(cue.photo.path),
                    "partner": None if cue.partner is None else str(cue.partner.path),
                }
                for cue in self.cues
            ],
            "photos": list({str(photo.path): {**asdict(photo), "path": str(photo.path)} for photo in shown}.values()),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Plan:
        """Read a plan that `to_json` gave, of this version or an older one. Raises ValueError for anything else."""
        if data.get("format") != FORMAT or data.get("version") not in range(1, FORMAT_VERSION + 1):
            raise ValueError(f"not a plan of format {FORMAT} {FORMAT_VERSION}")
        try:
            photos = {record["path"]: _photo_of(record) for record in data["photos"]}
            arc = tuple((t_s, valence, arousal) for t_s, valence, arousal in data["options"].get("arc", ()))
            return cls(
                song=Path(data["song"]),
                duration_s=data["duration_s"],
                cues=tuple(_cue_of(record, photos) for record in data["cues"]),
                bundle_id=data["bundle_id"],
                options=PlanOptions(**{**data["options"], "arc": arc}),
                heard_s=data.get("heard_s"),
            )
        except (KeyError, TypeError, AttributeError) as fault:
            raise ValueError(f"a damaged plan: {fault}") from fault


_CUE_FIELDS = tuple(field.name for field in fields(Cue))


def _photo_of(record: Mapping[str, Any]) -> Photo:
    from engine.focus import Focus  # here, so that the window need not wait for the imports of the database
    from engine.library import Photo

    focus = record.get("focus")
    return Photo(**{**record, "path": Path(record["path"]), "focus": None if focus is None else Focus(**focus)})


def _cue_of(record: Mapping[str, Any], photos: Mapping[str, Photo]) -> Cue:
    partner = record.get("partner")
    return Cue(**{**record, "photo": photos[record["photo"]], "partner": None if partner is None else photos[partner]})
