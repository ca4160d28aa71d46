"""``python -m face_service``."""

import sys

from face_service.cli import main

if __name__ == "__main__":
    sys.exit(main())
