"""Pairs of pictures in the layouts of Labeled Faces in the Wild.

Source: Huang et al., "Labeled Faces in the Wild" (2007): ``pairs.txt`` of its second view.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from face_service.errors import EvaluationError
from face_service.evaluation.data.files import picture_beside, read_lines

DEFAULT_FOLDS = 10
Pair = tuple[Path, Path]


@dataclass(frozen=True)
class Pairs:
    """Pairs of picture files.

    ``genuine_folds`` and ``impostor_folds`` hold each pair's fold, counted from 0. ``official``
    says that the file's header named the folds.
    """

    genuine: list[Pair]
    impostor: list[Pair]
    genuine_folds: list[int]
    impostor_folds: list[int]
    folds: int
    official: bool

    @property
    def pictures(self) -> list[Path]:
        """Every picture once, in order."""
        return sorted({path for pair in (*self.genuine, *self.impostor) for path in pair})


def read_pairs(images: Path, pairs: Path) -> Pairs:
    """Return the pairs of a ``pairs.txt``.

    With a header (``folds pairs``, or ``pairs`` alone for one fold) so many genuine and then so
    many impostor pairs follow for each fold. Without one, all lines of three fields are genuine
    and all of four impostor pairs, and each kind is split evenly, in its order.

    Args:
        images: holds ``<Name>/<Name>_0001.jpg`` or ``.png``.
        pairs: lines ``name a b`` and ``name a other b``, fields separated by tabs or spaces.

    Raises:
        EvaluationError: a line is malformed, or a picture is missing.
    """
    lines = [(number, line.split()) for number, line in enumerate(read_lines(pairs), 1) if line]
    if not lines:
        raise EvaluationError(f"{pairs}: holds no pairs")
    if len(lines[0][1]) in (1, 2):
        return _with_header(images, pairs, lines)
    genuine: list[Pair] = []
    impostor: list[Pair] = []
    for number, fields in lines:
        kind = genuine if len(fields) == 3 else impostor
        kind.append(_pair(images, fields, f"{pairs}: line {number}"))
    return _split(pairs, genuine, impostor)


def _with_header(images: Path, pairs: Path, lines: Sequence[tuple[int, list[str]]]) -> Pairs:
    numbers = [_number(field, f"{pairs}: line {lines[0][0]}") for field in lines[0][1]]
    folds, each = (1, numbers[0]) if len(numbers) == 1 else (numbers[0], numbers[1])
    if len(lines) - 1 != 2 * folds * each:
        raise EvaluationError(
            f"{pairs}: its header announces {2 * folds * each} pairs, {len(lines) - 1} follow"
        )
    kinds: tuple[list[Pair], list[Pair]] = ([], [])
    of_fold: tuple[list[int], list[int]] = ([], [])
    for index, (number, fields) in enumerate(lines[1:]):
        fold, place = divmod(index, 2 * each)
        which, wanted = (0, 3) if place < each else (1, 4)
        where = f"{pairs}: line {number}"
        if len(fields) != wanted:
            kind = ("a genuine", "an impostor")[which]
            raise EvaluationError(f"{where}: expected {kind} pair, {wanted} fields")
        kinds[which].append(_pair(images, fields, where))
        of_fold[which].append(fold)
    if folds == 1:
        return _split(pairs, *kinds)
    return Pairs(*kinds, *of_fold, folds=folds, official=True)


def _split(pairs: Path, genuine: list[Pair], impostor: list[Pair]) -> Pairs:
    """Return the pairs with folds of our own making."""
    fewer = min(len(genuine), len(impostor))
    if fewer < 2:
        raise EvaluationError(f"{pairs}: at least two pairs of each kind are needed")
    folds = min(DEFAULT_FOLDS, fewer)
    of_fold = [[at * folds // len(kind) for at in range(len(kind))] for kind in (genuine, impostor)]
    return Pairs(genuine, impostor, of_fold[0], of_fold[1], folds, official=False)


def _pair(images: Path, fields: Sequence[str], where: str) -> Pair:
    if len(fields) == 3:
        name, first, second = fields
        other = name
    elif len(fields) == 4:
        name, first, other, second = fields
    else:
        raise EvaluationError(f"{where}: expected 3 or 4 fields, found {len(fields)}")
    return _picture(images, name, first, where), _picture(images, other, second, where)


def _picture(images: Path, name: str, number: str, where: str) -> Path:
    if Path(name).name != name or name in (".", ".."):
        raise EvaluationError(f"{where}: {name!r} is not a name")
    stem = images / name / f"{name}_{_number(number, where):04d}"
    path = picture_beside(stem)
    if path is None:
        raise EvaluationError(f"{where}: {stem}.jpg is missing")
    return path


def _number(field: str, where: str) -> int:
    if not (field.isascii() and field.isdigit()) or int(field) < 1:
        raise EvaluationError(f"{where}: expected a number from 1 on, found {field!r}")
    return int(field)
