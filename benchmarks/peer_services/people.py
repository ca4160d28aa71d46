"""Which pictures are enrolled, asked for and logged in with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness.pictures import resized

LOGIN_SIZE = (640, 480)


@dataclass(frozen=True)
class People:
    """``gallery`` is each person's enrolled picture; ``probes`` are other pictures of them.

    ``others`` are pictures of people who are not in the gallery.
    """

    gallery: Mapping[str, Path]
    probes: Sequence[tuple[str, Path]]
    others: Sequence[Path]


def choose_people(folders: Mapping[str, Sequence[Path]], faces: int, probes: int) -> People:
    """Choose from the pictures of each person: those with several first, so that they can be asked.

    Raises:
        ValueError: there are not as many people, or nobody has two pictures.
    """
    several = {name: pictures for name, pictures in folders.items() if len(pictures) > 1}
    alone = {name: pictures for name, pictures in folders.items() if len(pictures) == 1}
    ordered = list((several | alone).items())
    if len(ordered) < faces or not several:
        raise ValueError(
            f"{len(ordered)} people, {len(several)} of them with several pictures: {faces} are "
            "needed, and some with several; see --faces"
        )
    enrolled = dict(ordered[:faces])
    asked = [(name, pictures[1]) for name, pictures in enrolled.items() if len(pictures) > 1]
    others = [picture for _, pictures in ordered[faces:] for picture in pictures]
    return People(
        gallery={name: pictures[0] for name, pictures in enrolled.items()},
        probes=asked[:probes],
        # Where everybody is enrolled, somebody who is must do.
        others=others or [pictures[-1] for pictures in enrolled.values()],
    )


def read_folders(images: Path) -> dict[str, list[Path]]:
    """Return the pictures of each person in ``images/<Name>/*.jpg``, sorted."""
    folders = sorted(folder for folder in images.iterdir() if folder.is_dir())
    pictures = {folder.name: sorted(folder.glob("*.jpg")) for folder in folders}
    return {name: found for name, found in pictures.items() if found}


def choose_login(others: Sequence[Path], is_right: Callable[[bytes], bool]) -> bytes:
    """Return the first picture, made 640 × 480, that every side can log in with.

    Raises:
        ValueError: there is none.
    """
    for path in others:
        picture = resized(path, LOGIN_SIZE)
        if is_right(picture):
            return picture
    raise ValueError("no picture has one face that every side finds")
