"""``reembed``: the gallery's vectors made anew, after another embedder was chosen."""

import argparse
import json
import sys
from pathlib import Path

from tqdm import tqdm

from face_service.cli.command import Commands, remark
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
        remade = _remake(parts, [])
        while True:
            if not remade:
                remark("nothing to do: the gallery is of the chosen embedder already")
                return 0
            left = [one for one in remade if one.embedding is None]
            if left and options.set_aside is None:
                _explain(len(left), len(remade))
                return NOT_ALL
            faces = _apply(parts.reembedding, remade, options.set_aside if left else None)
            if faces is not None:
                break
            remade += _remake(parts, remade)
    remark(f"{len(remade) - len(left)} embedded anew, {len(left)} set aside, {faces} in all")
    remark("restart servers that run with another embedder")
    return 0


def _remake(parts: Parts, known: list[Remade]) -> list[Remade]:
    """Embed who is not known yet; faces of which nothing comes are told, a line of JSON each."""
    faces = max(0, parts.reembedding.pending() - len(known))
    remade = []
    with tqdm(total=faces, unit="face", desc="reembed", disable=None) as bar:
        for one in parts.reembedding.remake(known):
            remade.append(one)
            bar.update()
            if one.embedding is None:
                line = {"face": one.face.id, "subject": one.face.subject, "reason": one.reason}
                bar.write(json.dumps(line, ensure_ascii=False), file=sys.stdout)
    return remade


def _apply(reembedding: Reembedding, remade: list[Remade], file: Path | None) -> int | None:
    """Write who is set aside, then replace the vectors; the file goes again if they are not."""
    if file is None:
        return reembedding.apply(remade)
    try:
        with new_private_file(file) as out:
            out.writelines(reembedding.export(remade))
    except OSError as error:
        raise StoreError(f"{file}: {error.strerror or error}") from error
    faces = None
    try:
        faces = reembedding.apply(remade)
    finally:
        if faces is None:
            file.unlink(missing_ok=True)
    return faces


def _explain(left: int, faces: int) -> None:
    remark(
        f"{left} of {faces} faces cannot be embedded anew, so nothing was changed: delete them or "
        "enrol these people again with the embedder before and FACE_KEEP_PICTURES=true, or add "
        "--set-aside FILE, which takes them out of the gallery into an export"
    )
