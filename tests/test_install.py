"""The core is light: what importing and classifying load, and how long they take."""

from __future__ import annotations

import subprocess
import sys

import bilateral_nlp

_GUARD = """
import socket, sys, time
class Refused(socket.socket):
    def __init__(self, *a, **k): raise AssertionError("a socket was opened")
socket.socket = Refused
begin = time.perf_counter()
import bilateral_nlp
imported = time.perf_counter() - begin
"""


def _python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", _GUARD + code], capture_output=True, text=True, check=True).stdout


def test_import_is_quick_quiet_and_light() -> None:
    seconds = min(float(_python("print(imported)")) for _ in range(3))
    assert seconds < 0.5
    loaded = _python("print(' '.join(sys.modules))").split()
    assert not {"torch", "transformers", "onnxruntime", "numpy"} & set(loaded)


def test_classifying_needs_no_torch_and_no_network() -> None:
    text = "بحث وزير الطاقة التونسي مع نظيره الإيطالي في روما أمس الربط الكهربائي وتبادل الخبرات بين البلدين. " * 20
    assert 280 < len(text.split()) < 340
    out = _python(
        f"bilateral_nlp.classify({text!r}); print(time.perf_counter() - begin, 'torch' in sys.modules, 'transformers' in sys.modules)"
    )
    seconds, torch, transformers = out.split()
    assert float(seconds) < 3
    assert (torch, transformers) == ("False", "False")


def test_every_public_name_is_there() -> None:
    for name in bilateral_nlp.__all__:
        assert getattr(bilateral_nlp, name) is not None
    assert set(bilateral_nlp.__all__) <= set(dir(bilateral_nlp))
    try:
        bilateral_nlp.clasify  # type: ignore[attr-defined]  # noqa: B018
    except AttributeError as error:
        assert "classify" in str(error)
    else:
        raise AssertionError("an unknown name was found")
