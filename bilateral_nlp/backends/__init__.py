"""What runs the model: `onnx` (the default, CPU) or `torch` (GPU, and models without an export)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bilateral_nlp.decoding import WindowOutput
from bilateral_nlp.encoding import Window


class Backend(Protocol):
    """Runs windows through one loaded model."""

    def run(self, windows: Sequence[Window]) -> list[WindowOutput]:
        """One output per window, in order."""
        ...
