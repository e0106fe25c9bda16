"""Readers of photo corpora: OASIS, IAPS, NAPS, EMOTIC and a person's own ratings, each from its distribution's folder.

Each copes with its distribution's quirks and tells what it could not use instead of dropping it silently. Layouts are
those of the original archives; labels come on [0, 1] by the ends of the corpus's own scale.
"""

from __future__ import annotations

import os
import re
import statistics
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from engine.images import PHOTO_SUFFIXES
from trainer.errors import CorpusMissing
from trainer.records import OnUnusable, PhotoRecord, Unusable, ignore_unusable, number_of, rating_on, standard_error
from trainer.tables import cells_of, column_name, existing, files_by_stem, named_rows

OASIS_SCALE: Final = (1.0, 7.0)
"""Ends of OASIS's rating scale (Kurdi, Lozano, Banaji 2017)."""

NINE_POINTS: Final = (1.0, 9.0)
"""Ends of the scale of IAPS (Lang, Bradley, Cuthbert 2008) and of NAPS (Marchewka et al. 2014)."""

EMOTIC_SCALE: Final = (1.0, 10.0)
"""Ends of EMOTIC's continuous scale (Kosti et al. 2017)."""

PERSONAL_SCALE: Final = (0.0, 1.0)

EMOTIC_SPLITS: Final = ("train", "val", "test")

NAPS_MEANS: Final = (6, 8)
"""Which of the columns named M hold valence and arousal of all raters where no row above tells: the seventh and the
ninth, since six of women and men come first."""

_TRAILING_NUMBER = re.compile(r"[\s\d]+$")
_NUMBERS = re.compile(r"nan|[-+]?\d*\.?\d+(?:e[-+]?\d+)?", re.IGNORECASE)

Labels = dict[str, list[tuple[str, tuple[float, float], tuple[float, float]]]]
"""By case-folded name of the image: its name, rating, and standard errors, once for each time it was rated."""


def oasis_group(theme: str) -> str:
    """Theme of an OASIS photo without its number, in lower case: "Beach 1" to "Beach 8" are one group."""
    return _TRAILING_NUMBER.sub("", theme.strip()).casefold()


def read_oasis(path: Path, *, on_unusable: OnUnusable = ignore_unusable) -> list[PhotoRecord]:
    """Read OASIS from its folder (`OASIS.csv` and `Images/<Theme>.jpg`), sorted by theme.

    The file's lines end in a bare CR, its first header is empty and some themes carry a trailing space.
    Raises CorpusMissing where the table or the folder of images is not there, or nothing of it can be used.
    """
    table = existing(path, "OASIS.csv", is_folder=False)
    images = files_by_stem(existing(path, "Images", is_folder=True), PHOTO_SUFFIXES)
    labels: Labels = {}
    for row in named_rows(table, required=("theme", "valence_mean", "arousal_mean")):
        errors = (
            standard_error(row.get("valence_sd", ""), row.get("valence_n", ""), OASIS_SCALE),
            standard_error(row.get("arousal_sd", ""), row.get("arousal_n", ""), OASIS_SCALE),
        )
        rating = rating_on(OASIS_SCALE, valence=row["valence_mean"], arousal=row["arousal_mean"])
        if row["theme"].casefold() in labels and not isinstance(rating, str):
            on_unusable(Unusable(row["theme"], "labelled twice; the first row counts"))
            continue
        _note(labels, row["theme"], rating, errors, on_unusable)
    return _matched("OASIS", path, labels, images, group_of=oasis_group, on_unusable=on_unusable)


def read_iaps(path: Path, *, on_unusable: OnUnusable = ignore_unusable) -> list[PhotoRecord]:
    """Read IAPS: `AllSubjects_1-20.txt` (or .csv, .xls) and `<IAPS>.jpg` anywhere in the folder, sorted by name.

    The table follows some lines of preamble, a missing value is a dot, and pictures of two rating sets have two rows,
    whose mean counts. Pictures whose numbers differ only behind the dot (2352.1, 2352.2) are one group.
    Raises CorpusMissing.
    """
    table = _table(path, "AllSubjects")
    images = files_by_stem(path, PHOTO_SUFFIXES, is_deep=True)
    labels: Labels = {}
    for row in named_rows(table, required=("iaps", "valmn", "aromn")):
        rating = rating_on(NINE_POINTS, valence=row["valmn"], arousal=row["aromn"])
        _note(labels, _without_zero(row["iaps"]), rating, (0.0, 0.0), on_unusable)
    return _matched("IAPS", path, labels, images, group_of=lambda name: name.partition(".")[0], on_unusable=on_unusable)


def read_naps(path: Path, *, on_unusable: OnUnusable = ignore_unusable) -> list[PhotoRecord]:
    """Read NAPS: `Valence, arousal and approach-avoidance ratings ....xls` (or saved as .csv) and `Animals_001_h.jpg`
    and the like anywhere in the folder, sorted by name.

    Two rows above the header tell whose ratings of what each pair of columns M and SD holds; those of all raters
    count, or the mean of women's and men's. Raises CorpusMissing.
    """
    table = _table(path, "Valence")
    images = files_by_stem(path, PHOTO_SUFFIXES, is_deep=True)
    labels: Labels = {}
    for name, valence, arousal in _naps_rows(table):
        _note(labels, name, rating_on(NINE_POINTS, valence=valence, arousal=arousal), (0.0, 0.0), on_unusable)
    return _matched("NAPS", path, labels, images, group_of=str.casefold, on_unusable=on_unusable)


def read_emotic(path: Path, *, on_unusable: OnUnusable = ignore_unusable) -> list[PhotoRecord]:
    """Read EMOTIC: `Annotations/Annotations.mat`, or the converted `train.csv`, `val.csv`, `test.csv`, and the images
    below `emotic` (or the folder itself) as `<folder>/<filename>`, sorted by path.

    A photo's label is the mean over the people in it, a person's the combined one where several raters gave it; people
    without a number count for nothing. Its own splits are not used: the photo is the group. Raises CorpusMissing.
    """
    tables = {file.name.casefold(): file for file in sorted(path.rglob("*")) if file.suffix.lower() in (".mat", ".csv")}
    if "annotations.mat" in tables:
        people = _emotic_people_of_mat(tables["annotations.mat"])
    else:
        converted = [tables[f"{split}.csv"] for split in EMOTIC_SPLITS if f"{split}.csv" in tables]
        converted = converted or [file for name, file in tables.items() if "annotation" in name]
        if not converted:
            raise CorpusMissing(f"{path}: there is no Annotations.mat and no converted train.csv, val.csv or test.csv")
        people = (person for file in converted for person in _emotic_people_of_csv(file))
    root = path / "emotic" if (path / "emotic").is_dir() else path
    ratings: dict[str, list[tuple[float, float]]] = {}
    problems: dict[str, str] = {}
    for place, valence, arousal in people:
        rating = rating_on(EMOTIC_SCALE, valence=valence, arousal=arousal)
        if isinstance(rating, str):
            problems[place] = rating
        else:
            ratings.setdefault(place, []).append(rating)
    records: list[PhotoRecord] = []
    for place in sorted(ratings.keys() | problems.keys()):
        if place in problems:
            on_unusable(Unusable(place, f"a person's {problems[place]}"))
        if place not in ratings:
            continue
        if not os.path.isfile(root / place):  # noqa: PTH113, Path's own raises for a name that is too long
            on_unusable(Unusable(place, "labelled, but there is no image of it"))
            continue
        v, a = (statistics.fmean(axis) for axis in zip(*ratings[place], strict=True))
        records.append(PhotoRecord(root / place, place.casefold(), v, a))
    folders = {record.path.parent for record in records}
    for file in sorted(
        file for folder in folders for file in folder.iterdir() if file.suffix.lower() in PHOTO_SUFFIXES
    ):
        place = file.relative_to(root).as_posix()
        if place not in ratings and place not in problems and not file.name.startswith("."):
            on_unusable(Unusable(place, "an image without a label"))
    if not records:
        raise CorpusMissing(f"{path}: no photo of EMOTIC here has both a label and an image")
    return records


def read_ratings(path: Path, *, on_unusable: OnUnusable = ignore_unusable) -> list[PhotoRecord]:
    """Read a person's ratings: a CSV file with the columns path, valence, arousal on [0, 1], in the order of the file.

    Paths are as they stand or relative to the file; the last rating of a photo counts. Each photo is a group.
    Raises CorpusMissing where the file or a column is not there, or no row can be used.
    """
    records: dict[Path, PhotoRecord] = {}
    for row in named_rows(path, required=("path", "valence", "arousal")):
        # A file that the app exported holds comparisons and marks of songs as well, which are no ratings of photos.
        if not any(row.values()) or row.get("kind", "") not in ("", "photo"):
            continue
        photo = Path(row["path"]) if Path(row["path"]).is_absolute() else path.parent / row["path"]
        rating = rating_on(PERSONAL_SCALE, valence=row["valence"], arousal=row["arousal"])
        if not row["path"]:
            on_unusable(Unusable(f"{row['valence']}, {row['arousal']}", "a rating without a path"))
        elif "\0" in row["path"]:
            on_unusable(Unusable(row["path"].replace("\0", "?"), "not the name of a file"))
        elif isinstance(rating, str):
            on_unusable(Unusable(row["path"], rating))
        elif photo.suffix.lower() not in PHOTO_SUFFIXES:
            on_unusable(Unusable(row["path"], "not a photo"))
        else:
            records.pop(photo, None)
            records[photo] = PhotoRecord(photo, str(photo), *rating)
    if not records:
        raise CorpusMissing(f"{path}: no row here rates a photo")
    return list(records.values())


def _table(folder: Path, start: str) -> Path:
    """Find the table of a corpus by the start of its name, a text before a workbook. Raises CorpusMissing."""
    suffixes = (".txt", ".csv", ".tsv", ".xls")
    found = [
        file
        for file in (sorted(folder.rglob("*")) if folder.is_dir() else [])
        if file.suffix.lower() in suffixes and file.name.casefold().startswith(start.casefold())
    ]
    if not found:
        raise CorpusMissing(f"{folder}: there is no table {start}... as text, .csv or .xls")
    return min(found, key=lambda file: suffixes.index(file.suffix.lower()))


def _note(
    labels: Labels, name: str, rating: tuple[float, float] | str, errors: tuple[float, float], on_unusable: OnUnusable
) -> None:
    """Keep one row's rating under its name, or tell why it cannot be used. Rows without a name are not rows."""
    if not name:
        return
    of_name = labels.setdefault(name.casefold(), [])
    if isinstance(rating, str):
        on_unusable(Unusable(name, rating))
    else:
        of_name.append((name, rating, errors))


def _matched(
    corpus: str,
    path: Path,
    labels: Labels,
    images: Mapping[str, Path],
    *,
    group_of: Callable[[str], str],
    on_unusable: OnUnusable,
) -> list[PhotoRecord]:
    """Records of the labels whose image is there, several ratings of one averaged; the rest is told. Sorted by name."""
    records: list[PhotoRecord] = []
    for key in sorted(labels):
        if not labels[key]:
            continue
        name = labels[key][0][0]
        if key not in images:
            on_unusable(Unusable(name, "labelled, but there is no image of it"))
            continue
        valence, arousal = (statistics.fmean(rating[i] for _, rating, _ in labels[key]) for i in range(2))
        valence_se, arousal_se = (max(errors[i] for _, _, errors in labels[key]) for i in range(2))
        records.append(PhotoRecord(images[key], group_of(name), valence, arousal, valence_se, arousal_se))
    for key in sorted(images.keys() - labels.keys()):
        on_unusable(Unusable(images[key].name, "an image without a label"))
    if not records:
        raise CorpusMissing(f"{path}: no photo of {corpus} here has both a label and an image")
    return records


def _without_zero(name: str) -> str:
    """An IAPS number as its image is called: "1050.0", as a spreadsheet keeps it, is 1050, but 2352.1 is its own."""
    return name.removesuffix(".0")


def _naps_rows(table: Path) -> Iterator[tuple[str, str, str]]:
    """Name, valence and arousal of each row of NAPS's table, as text. Raises CorpusMissing."""
    rows = cells_of(table)
    start = next((i for i, row in enumerate(rows) if "id" in map(column_name, row)), None)
    if start is None:
        raise CorpusMissing(f"{table}: there is no column ID")
    header = [column_name(cell) for cell in rows[start]]
    means = [i for i, name in enumerate(header) if name in ("m", "mean") or re.fullmatch(r"m\.\d+", name)]
    titles = _titles(rows[:start], len(header))
    columns = [
        _naps_columns(means, titles, dimension, place)
        for dimension, place in zip(("valenc", "arous"), NAPS_MEANS, strict=True)
    ]
    if not all(columns):
        raise CorpusMissing(f"{table}: no columns M of valence and arousal are found")
    for row in rows[start + 1 :]:
        cells = row + [""] * (len(header) - len(row))
        valence, arousal = (_mean_text([cells[i] for i in chosen]) for chosen in columns)
        yield cells[header.index("id")], valence, arousal


def _titles(rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """What stands above each column: the cells of all rows, a merged cell reaching to the next one that is filled."""
    titles = [""] * width
    for row in rows:
        last = ""
        for i in range(width):
            last = row[i] if i < len(row) and row[i] else last
            titles[i] += " " + last.casefold()
    return titles


def _naps_columns(means: Sequence[int], titles: Sequence[str], dimension: str, place: int) -> list[int]:
    """Columns whose mean is the dimension's: all raters', else women's and men's, else by their usual place."""
    of_dimension = [i for i in means if dimension in titles[i] and not _is_shared(titles[i])]
    by_sex = [i for i in of_dimension if re.search(r"\b(wo)?m[ae]n\b|\b(fe)?males?\b", titles[i])]
    of_all = [i for i in of_dimension if i not in by_sex]
    if of_all or by_sex:
        return of_all[:1] or by_sex[:2]
    return [means[place]] if len(means) > place else []


def _is_shared(title: str) -> bool:
    """Whether a title names both dimensions, as the table's own heading does: it then tells nothing."""
    return "valenc" in title and "arous" in title


def _mean_text(cells: Sequence[str]) -> str:
    numbers = [number_of(cell) for cell in cells]
    known = [number for number in numbers if number is not None]
    return cells[0] if len(known) < len(cells) or len(cells) == 1 else repr(statistics.fmean(known))


def _emotic_people_of_csv(table: Path) -> Iterator[tuple[str, str, str]]:
    """Place of the image, valence and arousal of each person of a converted table."""
    for row in named_rows(table, required=("folder", "filename", "continuous_labels")):
        if not row["filename"]:
            continue
        # A list of valence, arousal and dominance, or one such list for each rater.
        numbers = _NUMBERS.findall(row["continuous_labels"])
        valence, arousal = (_mean_of_known(numbers[i::3]) for i in range(2))
        folder = row["folder"].replace("\\", "/").strip("/")
        yield f"{folder}/{row['filename']}", valence, arousal


def _emotic_people_of_mat(file: Path) -> Iterator[tuple[str, str, str]]:
    """Place of the image, valence and arousal of each person of Annotations.mat. Raises CorpusMissing."""
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        stored = loadmat(file, squeeze_me=True, struct_as_record=False)
    except (
        OSError,
        EOFError,
        ValueError,
        TypeError,
        LookupError,
        zlib.error,
        NotImplementedError,
        MatReadError,
    ) as fault:
        raise CorpusMissing(f"{file}: not a MATLAB file that can be read ({fault})") from fault
    if not any(split in stored for split in EMOTIC_SPLITS):
        raise CorpusMissing(f"{file}: holds none of train, val and test")
    for image in (image for split in EMOTIC_SPLITS for image in _each(stored.get(split))):
        if not all(hasattr(image, name) for name in ("folder", "filename", "person")):
            raise CorpusMissing(
                f"{file}: a record lacks its folder, filename or person: not the file that comes with EMOTIC"
            )
        place = f"{str(image.folder).strip('/')}/{image.filename}"
        for person in _each(image.person):
            # A struct array when several raters gave it; then the combined one is what they agreed on.
            labels = getattr(person, "combined_continuous", None)
            labels = labels if hasattr(labels, "valence") else getattr(person, "annotations_continuous", None)
            raters = [rater for rater in _each(labels) if hasattr(rater, "valence")]
            texts = [[str(getattr(rater, axis)) for rater in raters] for axis in ("valence", "arousal")]
            yield place, _mean_of_known(texts[0]), _mean_of_known(texts[1])


def _mean_of_known(texts: Sequence[str]) -> str:
    """Mean of the numbers among some texts, as text; empty where there is none."""
    known = [number for number in map(number_of, texts) if number is not None]
    return repr(statistics.fmean(known)) if known else ""


def _each(value: Any) -> Iterator[Any]:
    """What MATLAB keeps as one struct or an array of them, one by one; nothing of an empty array."""
    if value is None:
        return
    yield from value.ravel() if hasattr(value, "ravel") else [value]
