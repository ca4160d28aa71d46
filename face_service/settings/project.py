"""Where the project lies on disk."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
