"""What the graphs are and how pictures are prepared for them."""

from dataclasses import dataclass
from pathlib import Path

from face_service.models.graph_files import ProfileChoice
from face_service.models.roles import ROLE_SPECS
from face_service.settings.field import setting
from face_service.settings.project import PROJECT
from face_service.settings.types import file_name, flag, folder, number, one_of, size, whole


@dataclass(frozen=True)
class GraphSettings:
    """What the graphs are and how pictures are prepared for them."""

    graphs_dir: Path = setting(PROJECT / "graphs", folder, "Folder of the graphs and their cards.")
    auto_build: bool = setting(True, flag, "Build missing graphs when the server starts.")
    detector: str = setting(
        ROLE_SPECS["detector"].default_model,
        one_of(*ROLE_SPECS["detector"].models),
        "The detector that is looked for and built; mtcnn is slower but better at small faces.",
    )
    embedder: str = setting(
        ROLE_SPECS["embedder"].default_model,
        one_of(*ROLE_SPECS["embedder"].models),
        "The embedder that is looked for and built; another one's faces do not compare.",
    )
    landmarker: str = setting(
        ROLE_SPECS["landmarker"].default_model,
        one_of(*ROLE_SPECS["landmarker"].models),
        "The landmark net that is looked for and built.",
    )
    detector_graph: str = setting(
        "",
        file_name,
        "File name of the detector in the graphs folder, whatever its model; empty looks for one.",
    )
    embedder_graph: str = setting("", file_name, "File name of the embedder; empty looks for one.")
    landmarker_graph: str = setting(
        "", file_name, "File name of the landmark net; empty looks for one."
    )
    profile: ProfileChoice = setting(
        "auto",
        one_of("auto", "reference", "legacy"),
        "Preprocessing: auto takes each graph's card, legacy for one without; "
        "reference or legacy replaces all.",
    )
    image_size: tuple[int, int] = setting(
        (256, 256),
        size,
        "IMAGE_SIZE of the demos, WIDTHxHEIGHT in pixels: the unit of /face_detect's answer, "
        "and what the legacy profile shows to the detector.",
    )
    score_floor: float | None = setting(
        None, number(0, 1), "Detections must score above this, 0..1; empty takes the card's."
    )
    threshold: float | None = setting(
        None,
        number(0, 4),
        "Two faces match below this unsquared L2 distance; empty takes the card's.",
    )
    crop_margin: float | None = setting(
        None,
        number(-0.5, 2),
        "Share by which the embedder's crop is widened; empty takes the card's.",
    )
    mirror: bool | None = setting(
        None,
        flag,
        "Embed each face's mirror image too and take the mean: twice the embedder's time; "
        "empty takes the card's.",
    )
    landmark_values: int = setting(
        136,
        lambda v: int(one_of("136", "272")(v)),
        "Values of /face_landmark: 136, or 272 as the dlib-based copies answer.",
    )
    max_batch: int = setting(8, whole(1, 32), "Faces that one graph run may take.")
    fill_seconds: float = setting(
        0.05,
        number(0, 1),
        "Under load, time that faces may wait for a batch to fill; 0 never waits.",
    )
