"""From pinned packages to ``graphs/*.pb``. Never imported while serving."""
