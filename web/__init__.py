"""The built browser editor, as files that the server hands out."""

from pathlib import Path
from typing import Final

DIST: Final = Path(__file__).parent / "dist"
"""The folder that holds the built editor: `index.html` and its assets."""
