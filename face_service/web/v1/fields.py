"""What requests may hold: the samples and the options of each operation.

The classes check requests and describe them in OpenAPI. Names of options are the same in JSON, in
form fields and in the query.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, FailFast, Field

Threshold = Annotated[
    float | None,
    Field(
        default=None,
        ge=0,
        le=2,
        description="Unsquared L2 distance below which faces match; default: the one in force.",
    ),
]
MinScore = Annotated[
    float | None,
    Field(
        default=None,
        ge=0,
        le=1,
        description="Faces must score above this; default: the detector's floor.",
    ),
]
MaxFaces = Annotated[
    int, Field(default=20, ge=1, le=100, description="At most so many faces, the best first.")
]


class Fields(BaseModel):
    """Base of all requests: unknown fields are errors, and so are NaN and infinity."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class EmbeddingField(Fields):
    """An embedding with the fingerprint of the model card that made it."""

    fingerprint: str = Field(max_length=64)
    values: Annotated[list[float], FailFast()] = Field(
        max_length=4096, description="Of unit length."
    )


class PictureFields(Fields):
    """A picture in JSON."""

    image: str | None = Field(
        default=None, description="A picture file in base64; a data: URL will do."
    )
    url: str | None = Field(
        default=None,
        max_length=2000,
        description="Where the picture lies; only hosts listed in FACE_URL_HOSTS.",
    )


class SampleFields(PictureFields):
    """Pictures and embeddings in JSON; their order is images, urls, embeddings."""

    images: Annotated[list[str], FailFast()] = Field(
        default=[], description="Several picture files in base64."
    )
    urls: Annotated[list[Annotated[str, Field(max_length=2000)]], FailFast()] = Field(default=[])
    embedding: EmbeddingField | None = None
    embeddings: Annotated[list[EmbeddingField], FailFast()] = Field(default=[])


class NoOptions(Fields):
    """An operation without options."""


class DetectOptions(Fields):
    """What to look for, and what to tell of it."""

    min_score: MinScore
    max_faces: MaxFaces
    landmarks: bool = Field(default=True, description="Also landmarks, pose and quality.")
    embedding: bool = Field(default=False, description="Also each face's embedding.")
    gate: bool = Field(
        default=False, description="Also why the enrolment gate would refuse the picture."
    )


class VerifyOptions(Fields):
    """Whom to compare with."""

    subject: str | None = Field(
        default=None, description="Compare the one sample with this subject's faces."
    )
    threshold: Threshold


class IdentifyOptions(Fields):
    """How to search."""

    top_k: int = Field(default=5, ge=1, le=100, description="Nearest subjects for each face.")
    threshold: Threshold
    min_score: MinScore
    max_faces: MaxFaces


class AddFacesOptions(Fields):
    """How to enrol."""

    force: bool = Field(
        default=False,
        description="Override the enrolment gate, but for NO_FACE and NOT_LIVE; recorded.",
    )


class EnrolOptions(AddFacesOptions):
    """Whom to enrol, and how."""

    subject: str = Field(description="The subject's name, 1 to 128 characters; no slashes.")
    replace: bool = Field(default=False, description="Drop the faces the subject had before.")


class BulkOptions(AddFacesOptions):
    """Whom to enrol when the files name no folder."""

    subject: str | None = Field(
        default=None, description="The subject of all files; else each file's folder names it."
    )


class ListOptions(Fields):
    """Which page of the subjects."""

    limit: int = Field(default=100, ge=1, description="Subjects in the page.")
    after: str = Field(default="", max_length=200, description="The `next` of the page before.")
    q: str = Field(default="", max_length=200, description="Part of the name, caseless.")


class RenameOptions(Fields):
    """The new name."""

    subject: str = Field(description="The new name.")
    merge: bool = Field(
        default=False, description="If the name is another subject's, put the faces together."
    )


class FaceOptions(Fields):
    """What to tell of enrolled faces."""

    embedding: bool = Field(default=False, description="Also the embedding.")


class ShowPictureOptions(Fields):
    """How large."""

    size: int | None = Field(
        default=None,
        ge=16,
        le=1024,
        description="Longer side in pixels, as a JPEG; default: the file as it was sent.",
    )


class ImportOptions(Fields):
    """Whom a feature.txt shows."""

    subject: str | None = Field(
        default=None, description="For the demo's feature.txt: whom it shows."
    )


class CalibrateOptions(Fields):
    """What is wanted, and whether to use what is found."""

    far: float = Field(default=0.001, gt=0, lt=1, description="Wanted FAR of verification.")
    fpir: float = Field(default=0.01, gt=0, lt=1, description="Wanted FPIR of identification.")
    threshold: float | None = Field(
        default=None, gt=0, lt=2, description="Take this one of verification, whatever its FAR."
    )
    identify_threshold: float | None = Field(
        default=None, gt=0, lt=2, description="Take this one of identification, whatever its FPIR."
    )
    apply: bool = Field(
        default=False, description="Use the chosen thresholds from now on, in all processes."
    )
    only: Literal["verification", "identification"] | None = Field(
        default=None, description="Which of the two to use; the other stays what it is."
    )
