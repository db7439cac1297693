"""Small models and labelled articles, built offline and seeded."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast, set_seed

from bilateral_nlp import corpus
from bilateral_nlp.corpus import LabelledArticle

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def articles() -> list[LabelledArticle]:
    """The whole authored corpus."""
    return corpus.read(ROOT / "data" / "corpus")


@pytest.fixture(scope="session")
def few(articles: list[LabelledArticle]) -> list[LabelledArticle]:
    """A handful of short training articles."""
    return sorted((a for a in articles if a.split == "train"), key=lambda a: (len(a.text), a.id))[:8]


def build_encoder(
    folder: Path, texts: list[str], layers: int, width: int, heads: int, vocabulary: int, pad_to: int | None = None
) -> Path:
    """A BERT folder with random weights and a WordPiece tokenizer trained on ``texts``."""
    set_seed(7)
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer.train_from_iterator(
        texts, trainers.WordPieceTrainer(vocab_size=vocabulary, special_tokens=special, show_progress=False)
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    config = BertConfig(
        vocab_size=pad_to or tokenizer.get_vocab_size(),
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=4 * width,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        cls_token="[CLS]",
        sep_token="[SEP]",
        pad_token="[PAD]",
        unk_token="[UNK]",
        mask_token="[MASK]",
    ).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory, articles: list[LabelledArticle]) -> Path:
    """Two layers of width 64."""
    return build_encoder(tmp_path_factory.mktemp("tiny"), [a.text for a in articles[:100]], 2, 64, 4, 3000)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    """Small models run faster, and bit for bit the same, on one thread."""
    torch.set_num_threads(1)
