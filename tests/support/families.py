"""Tiny random teachers of the families of encoders that a student can be cut out of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

from kd_edge.data.responses import Scale
from kd_edge.students.base import TextSources
from kd_edge.students.student import Student
from kd_edge.teacher import classifier
from kd_edge_runtime.bundle.manifest import MOST_PROBABLE
from tiny import untrained_teacher

CLASSES = ("0", "1", "2")
LAYERS, WIDTH, LONGEST = 4, 16, 24
# The order of special tokens of BERT, of RoBERTa and of ModernBERT.
_BERT = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_ROBERTA = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")


def _wordpiece(texts: Sequence[str]) -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(
        texts, trainers.WordPieceTrainer(vocab_size=400, special_tokens=[*_BERT])
    )
    return _around(tokenizer, "[CLS]", "[SEP]")


def _byte_pair(texts: Sequence[str], special: Sequence[str], first: str, last: str) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=500,
            special_tokens=[*special],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        ),
    )
    if first == "<s>":
        ids = [(token, tokenizer.token_to_id(token)) for token in (last, first)]
        tokenizer.post_processor = processors.RobertaProcessing(*ids)
        return tokenizer
    return _around(tokenizer, first, last)


def _unigram(texts: Sequence[str], special: Sequence[str], first: str, last: str) -> Tokenizer:
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    unknown = next(token for token in special if "unk" in token.lower())
    tokenizer.train_from_iterator(
        texts,
        trainers.UnigramTrainer(vocab_size=200, special_tokens=[*special], unk_token=unknown),
    )
    return _around(tokenizer, first, last)


def _around(tokenizer: Tokenizer, first: str, last: str) -> Tokenizer:
    ids = [(token, tokenizer.token_to_id(token)) for token in (first, last)]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{first} $A {last}", special_tokens=ids
    )
    return tokenizer


_SIZES: dict[str, Any] = {
    "hidden_size": WIDTH,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "max_position_embeddings": 40,
}
_Family = tuple[Callable[[Sequence[str]], Tokenizer], str, dict[str, Any]]


def _roberta(texts: Sequence[str]) -> Tokenizer:
    return _byte_pair(texts, _ROBERTA, "<s>", "</s>")


FAMILIES: dict[str, _Family] = {
    "bert": (_wordpiece, "bert", _SIZES),
    "electra": (_wordpiece, "electra", {**_SIZES, "embedding_size": 8}),
    "distilbert": (
        _wordpiece,
        "distilbert",
        {
            "dim": WIDTH,
            "n_layers": LAYERS,
            "n_heads": 2,
            "hidden_dim": 24,
            "max_position_embeddings": 40,
        },
    ),
    "roberta": (_roberta, "roberta", {**_SIZES, "pad_token_id": 1}),
    "mpnet": (_roberta, "mpnet", {**_SIZES, "pad_token_id": 1}),
    "xlm-roberta": (
        lambda texts: _unigram(texts, _ROBERTA, "<s>", "</s>"),
        "xlm-roberta",
        {**_SIZES, "pad_token_id": 1},
    ),
    "deberta": (
        _roberta,
        "deberta",
        {
            **_SIZES,
            "pad_token_id": 1,
            "relative_attention": True,
            "pos_att_type": ["c2p", "p2c"],
            "max_relative_positions": -1,
            "position_biased_input": False,
        },
    ),
    "deberta-v2": (
        lambda texts: _unigram(
            texts, ("[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"), "[CLS]", "[SEP]"
        ),
        "deberta-v2",
        {
            **_SIZES,
            "relative_attention": True,
            "pos_att_type": ["p2c", "c2p"],
            "position_buckets": 8,
            "norm_rel_ebd": "layer_norm",
            "share_att_key": True,
            "position_biased_input": False,
        },
    ),
    "modernbert": (
        lambda texts: _byte_pair(texts, _BERT, "[CLS]", "[SEP]"),
        "modernbert",
        {**_SIZES, "local_attention": 8, "global_attn_every_n_layers": 3},
    ),
}
"""Tokenizer, model type and configuration by the name of a family."""


def family_teacher(
    folder: Path,
    name: str,
    texts: Sequence[str],
    *,
    classify: bool = False,
    pairs: bool = False,
) -> Path:
    """Make a teacher with random weights, in a folder as of a fine-tuned one; it is returned.

    Args:
        folder: to be made, and another one beside it for the language model.
        name: one of `FAMILIES`.
        texts: what its tokenizer is trained on.
        classify: whether it is a sequence classifier, with a head of its own.
        pairs: see `untrained_teacher`.
    """
    tokenizer_of, model_type, sizes = FAMILIES[name]
    tokenizer = tokenizer_of(texts)
    ids = tokenizer.get_vocab()
    special = _special(ids)
    numbers = {f"{role}_id": ids[token] for role, token in special.items()}
    for role in ("unk_token_id", "mask_token_id"):
        numbers.pop(role, None)
    if model_type == "modernbert":
        numbers |= {"bos_token_id": ids["[CLS]"], "eos_token_id": ids["[SEP]"]}
    config = transformers.AutoConfig.for_model(
        model_type, **{"vocab_size": len(ids), **numbers, **sizes}
    )
    model = folder.with_name(f"{folder.name}-model")
    with torch.random.fork_rng(), classifier.quiet():
        torch.manual_seed(0)
        if classify:
            config.num_labels = len(CLASSES)
            network = transformers.AutoModelForSequenceClassification.from_config(config)
        else:
            network = transformers.AutoModel.from_config(config)
        for parameter in network.parameters():
            parameter.data.add_(torch.randn(parameter.shape) * 0.2)
        network.float().save_pretrained(model)
        transformers.PreTrainedTokenizerFast(
            tokenizer_object=tokenizer, model_max_length=LONGEST, **special
        ).save_pretrained(model)
    return untrained_teacher(folder, model, CLASSES, pairs=pairs)


def unlisted_layers() -> _Family:
    """ALBERT, whose layers share weights: nothing can be cut out of it."""
    sizes = {name: _SIZES[name] for name in _SIZES if name != "max_position_embeddings"}
    return _wordpiece, "albert", {**sizes, "embedding_size": 8}


def cut_student(kind: Any, sources: TextSources, values: Mapping[str, Any]) -> Student:
    """A student of an item "spoon" as it is cut out of its teacher, before it learns.

    Args:
        kind: the kind of student.
        sources: with the teacher's folder.
        values: options of the kind.
    """
    text = kind.learn_text(sources, kind.options(values))
    options = kind.fit_options(values, text)
    return Student(
        kind=kind.name,
        item_id="spoon",
        scale=Scale.from_classes(CLASSES),
        decision=MOST_PROBABLE,
        options=options,
        text=text,
        network=kind.build(text, len(CLASSES), options).eval(),
        provenance={},
    )


def _special(ids: dict[str, int]) -> dict[str, str]:
    """The special tokens of a vocabulary by what they are for."""
    names = {
        "pad_token": ("[PAD]", "<pad>"),
        "unk_token": ("[UNK]", "<unk>"),
        "cls_token": ("[CLS]", "<s>"),
        "sep_token": ("[SEP]", "</s>"),
        "mask_token": ("[MASK]", "<mask>"),
    }
    return {role: next(token for token in tokens if token in ids) for role, tokens in names.items()}
