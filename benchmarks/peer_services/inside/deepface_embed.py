"""Writes what DeepFace's own FaceNet makes of one prepared crop.

    python deepface_embed.py CROP.npy EMBEDDING.npy

CROP is float32 [160, 160, 3], given to the net as it is; EMBEDDING float32 [128]. The engine and
the folder of the weights are DeepFace's own environment variables.
"""

import sys

import numpy as np
from deepface import DeepFace


def main() -> None:
    """Embed the crop."""
    crop, embedding = sys.argv[1:]
    client = DeepFace.build_model(task="facial_recognition", model_name="Facenet")
    np.save(embedding, np.asarray(client.forward(np.load(crop)[None]), dtype=np.float32).ravel())


if __name__ == "__main__":
    main()
