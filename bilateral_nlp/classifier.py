"""Text in, `Article` out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Literal, overload

from tokenizers import Tokenizer

from bilateral_nlp import decoding
from bilateral_nlp.backends import Backend
from bilateral_nlp.decoding import WindowOutput
from bilateral_nlp.encoding import ArticleEncoder, EncodedArticle
from bilateral_nlp.results import Article, Entity, Sector, Sentence, Span
from bilateral_nlp.settings import ModelFolderError, ModelSettings, require_file

ONNX_FILE = "model.int8.onnx"
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")


class Classifier:
    """A loaded model. Build one with `Classifier.from_pretrained`; it can be shared between threads."""

    def __init__(self, encoder: ArticleEncoder, backend: Backend) -> None:
        self._encoder = encoder
        self._backend = backend

    @property
    def settings(self) -> ModelSettings:
        """Labels, windows, thresholds of the model."""
        return self._encoder.settings

    @classmethod
    def from_pretrained(
        cls,
        path_or_hub_id: str | Path | None = None,
        backend: Literal["onnx", "torch"] = "onnx",
        device: str = "cpu",
        dtype: str = "float32",
        threads: int = 0,
    ) -> Classifier:
        """Load a model folder, a Hub repository, or (by default) the shipped model.

        ``backend="onnx"`` runs the int8 export on the CPU with ``threads`` threads (0: every core).
        ``backend="torch"`` runs the weights on ``device`` ("cpu", "cuda", "cuda:1") in ``dtype`` ("float32", "bfloat16",
        "float16") and needs ``pip install "bilateral_nlp[train]"``. Only a Hub id that is not a local path uses the network.

        Raises ModelFolderError (an OSError) naming the file that is missing or broken and the cure.
        """
        folder = embedded_folder() if path_or_hub_id is None else _resolve(path_or_hub_id)
        settings = ModelSettings.from_folder(folder)
        path = require_file(folder, "tokenizer.json")
        try:
            tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # tokenizers raises bare Exception
            raise ModelFolderError(
                f"{path}: not a tokenizer file ({error}); save the model again into {folder}"
            ) from None
        if backend == "onnx":
            from bilateral_nlp.backends.onnx import OnnxBackend

            if not (folder / ONNX_FILE).is_file():
                raise ModelFolderError(
                    f"{folder / ONNX_FILE}: missing; export it (python scripts/export_onnx.py {folder}) "
                    "or load the weights with backend='torch'"
                )
            return cls(ArticleEncoder(tokenizer, settings), OnnxBackend(folder / ONNX_FILE, settings.pad_id, threads))
        if backend == "torch":
            try:
                from bilateral_nlp.backends.torch import load
            except ImportError as error:
                raise ImportError(f"backend='torch' needs {error.name}: pip install \"bilateral_nlp[train]\"") from None
            return cls(ArticleEncoder(tokenizer, settings), load(folder, device, dtype))
        raise ValueError(f"backend got {backend!r}; expected backend='onnx' or backend='torch'")

    @overload
    def classify(self, texts: str, all_scores: bool = False) -> Article: ...  # type: ignore[overload-overlap]

    @overload
    def classify(self, texts: Sequence[str], all_scores: bool = False) -> list[Article]: ...

    def classify(self, texts: str | Sequence[str], all_scores: bool = False) -> Article | list[Article]:
        """Read one text, or a list of texts, and return one Article for each, in order.

        ``all_scores`` keeps every sector's probability in ``sentence.scores``. Texts of any length are read whole.
        Raises TypeError for anything but str or a list of str, before any of the list is read.
        """
        if isinstance(texts, str):
            return self._classify([texts], all_scores)[0]
        if isinstance(texts, (bytes, bytearray)):
            raise TypeError(
                f"classify() takes a str or a list of str, got {type(texts).__name__}; "
                "decode it first: classify(data.decode('utf-8'))"
            )
        if isinstance(texts, dict) or not hasattr(texts, "__iter__"):
            raise TypeError(
                f"classify() takes a str or a list of str, got {type(texts).__name__}; "
                "call it as classify('نص الخبر') or classify([first, second])"
            )
        batch = list(texts)
        for index, text in enumerate(batch):
            if not isinstance(text, str):
                raise TypeError(
                    f"classify() takes a str or a list of str, got {type(text).__name__} at index {index}; "
                    "leave such items out: classify([t for t in texts if isinstance(t, str)])"
                )
        return self._classify(batch, all_scores)

    def _classify(self, texts: Sequence[str], all_scores: bool) -> list[Article]:
        encoded = [self._encoder.encode(text) for text in texts]
        outputs = self._backend.run([window for article in encoded for window in article.windows])
        articles = []
        position = 0
        for article in encoded:
            own = outputs[position : position + len(article.windows)]
            position += len(article.windows)
            articles.append(self._decode(article, own, all_scores))
        return articles

    def _decode(self, encoded: EncodedArticle, outputs: list[WindowOutput], all_scores: bool) -> Article:
        settings, text = self.settings, encoded.text
        labels = settings.sectors
        scores = decoding.probabilities(decoding.sector_logits(encoded, outputs, len(labels)), settings)
        sentences = []
        for index, (start, end) in enumerate(encoded.sentences):
            row = scores[index]
            chosen = [k for k in row.argsort()[::-1].tolist() if row[k] >= settings.thresholds[k]]
            sectors = tuple(
                Sector(labels[k], float(row[k]), tuple(Span(*s) for s in decoding.evidence(encoded, outputs, index, k)))
                for k in chosen
            )
            everything = dict(zip(labels, row.tolist(), strict=True)) if all_scores else None
            sentences.append(Sentence(start, end, text[start:end], sectors, everything))
        entities = tuple(
            Entity(e.start, e.end, text[e.start : e.end], e.label, e.score)
            for e in decoding.entities(encoded, outputs, settings)
        )
        return Article(text, tuple(sentences), entities)


def embedded_folder() -> Path:
    """Where the shipped model lies: inside an installed package, or in ``models/`` of a source checkout."""
    package = Path(__file__).resolve().parent
    for folder in (package / "models" / "embedded", package.parent / "models" / "embedded"):
        if folder.is_dir():
            return folder
    raise ModelFolderError(
        f"{package / 'models' / 'embedded'}: the shipped model is missing from this installation; "
        "reinstall bilateral_nlp, or name a model: Classifier.from_pretrained('folder')"
    )


def _resolve(path_or_hub_id: str | Path) -> Path:
    folder = Path(path_or_hub_id)
    if (
        folder.is_dir()
        or folder.parent.is_dir()
        or isinstance(path_or_hub_id, Path)
        or not _HUB_ID.fullmatch(path_or_hub_id)
    ):
        return folder
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(path_or_hub_id, allow_patterns=["*.json", "*.safetensors", "*.onnx"]))
    except Exception as error:  # network, authentication and absence all end here
        raise ModelFolderError(
            f"{path_or_hub_id}: neither a folder here nor to be had from the Hub "
            f"({type(error).__name__}); check the name, or the connection"
        ) from None


@cache
def _shipped() -> Classifier:
    return Classifier.from_pretrained()


@overload
def classify(texts: str, all_scores: bool = False) -> Article: ...  # type: ignore[overload-overlap]


@overload
def classify(texts: Sequence[str], all_scores: bool = False) -> list[Article]: ...


def classify(texts: str | Sequence[str], all_scores: bool = False) -> Article | list[Article]:
    """Read texts with the shipped model, loaded on the first call; see `Classifier.classify`.

    >>> from bilateral_nlp import classify
    >>> article = classify("بحث وزير الطاقة التونسي مع نظيره الإيطالي في روما الربط الكهربائي.")
    >>> [sector.label for sector in article.sentences[0].sectors]
    ['energy']
    """
    return _shipped().classify(texts, all_scores)
