"""``reembed``: the gallery's vectors made anew, after another embedder was chosen."""

import argparse
import json
from pathlib import Path

from tqdm import tqdm

from face_service.cli.command import Commands, remark, say
from face_service.cli.loading import NOT_ALL, loaded_parts, new_private_file
from face_service.composition import Parts
from face_service.errors import StoreError
from face_service.people.reembedding import Reembedding, Remade


def add_parser(commands: Commands) -> None:
    """Add the command's parser."""
    reembed = commands.add_parser(
        "reembed", help="embed everybody anew from the kept pictures, for another embedder"
    )
    reembed.add_argument(
        "--set-aside",
        type=Path,
        metavar="FILE",
        help="write faces that cannot be embedded anew to FILE and take them out of the gallery",
    )
    reembed.set_defaults(run=_reembed)


def _reembed(options: argparse.Namespace) -> int:
    with loaded_parts() as parts:
        code = _embed_anew(parts, options.set_aside)
        parts.pictures.sweep()  # also those that a run cut short left
    return code


def _embed_anew(parts: Parts, set_aside: Path | None) -> int:
    remade = _remake(parts, [])
    while True:
        if not remade:
            remark("nothing to do: the gallery is of the chosen embedder already")
            return 0
        left = [one.face.id for one in remade if one.embedding is None]
        if left and set_aside is None:
            _explain(len(left), len(remade))
            return NOT_ALL
        faces = _apply(parts.reembedding, remade, set_aside if left else None)
        if faces is not None:
            break
        remade = _remake(parts, remade)
    # At once: a sweep passes over what was kept within the last hour.
    parts.pictures.forget(left)
    remark(f"{len(remade) - len(left)} embedded anew, {len(left)} set aside, {faces} in all")
    remark("restart servers that run with another embedder")
    return 0


def _remake(parts: Parts, known: list[Remade]) -> list[Remade]:
    """Return who is known and who is not yet, embedded now, but nobody deleted meanwhile.

    Faces of which nothing comes are told, a line of JSON each.
    """
    faces = max(0, parts.reembedding.pending() - len(known))
    most = min(parts.settings.max_in_work, parts.settings.queue_size)
    remade = list(known)
    with tqdm(total=faces, unit="face", desc="reembed", disable=None) as bar:
        for one in parts.reembedding.remake(known, most):
            remade.append(one)
            bar.update()
    remade = parts.reembedding.still_enrolled(remade)
    told = {one.face.id for one in known}
    for one in remade:
        if one.embedding is None and one.face.id not in told:
            line = {"face": one.face.id, "subject": one.face.subject, "reason": one.reason}
            say(json.dumps(line, ensure_ascii=False))
    return remade


def _apply(reembedding: Reembedding, remade: list[Remade], file: Path | None) -> int | None:
    """Write who is set aside, then replace the vectors; the file goes again if none were."""
    if file is None:
        return reembedding.apply(remade)
    try:
        with new_private_file(file) as out:
            out.writelines(reembedding.export(remade))
    except OSError as error:
        raise StoreError(f"{file}: {error.strerror or error}") from error
    try:
        faces = reembedding.apply(remade)
    except BaseException:
        # The vectors may have been replaced before it failed: then these are the only copies.
        remark(f"{file} was kept: it may hold faces that are no longer in the gallery")
        raise
    if faces is None:
        file.unlink(missing_ok=True)
    return faces


def _explain(left: int, faces: int) -> None:
    remark(
        f"{left} of {faces} faces cannot be embedded anew, so nothing was changed: delete them or "
        "enrol these people again with the embedder before and FACE_KEEP_PICTURES=true, or add "
        "--set-aside FILE, which takes them out of the gallery into an export"
    )
