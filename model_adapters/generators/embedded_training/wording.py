"""Prompts: the word-level tokenizer, and short rewordings so that prompts of other data sets find known words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from data_splits.case import CHEXPERT_LABELS

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

BOS, EOS, PAD, UNKNOWN = "<start>", "<end>", "<pad>", "<unknown>"

TERMS: dict[str, tuple[str, ...]] = {
    "Atelectasis": ("atelectasis", "basilar atelectasis"),
    "Cardiomegaly": ("cardiomegaly", "an enlarged heart", "enlarged cardiac silhouette"),
    "Consolidation": ("consolidation", "airspace consolidation", "focal consolidation"),
    "Edema": ("pulmonary edema", "edema", "vascular congestion"),
    "Enlarged Cardiomediastinum": ("a widened mediastinum", "enlarged cardiomediastinum"),
    "Fracture": ("a rib fracture", "fracture"),
    "Lung Lesion": ("a lung nodule", "lung lesion", "a lung mass"),
    "Lung Opacity": ("lung opacity", "lung infiltrates", "opacities", "infiltrate"),
    "Pleural Effusion": ("pleural effusion", "effusion", "pleural effusions"),
    "Pleural Other": ("pleural thickening",),
    "Pneumonia": ("pneumonia",),
    "Pneumothorax": ("pneumothorax", "a pneumothorax"),
    "Support Devices": ("support devices", "lines and tubes"),
}
NOTHING = (
    "no finding",
    "no findings",
    "normal",
    "no acute findings",
    "no abnormality",
    "clear lungs",
    "no acute disease",
)
FILMS = ("chest radiograph", "chest x-ray", "chest film", "radiograph of the chest", "chest radiography", "x-ray")
JOINS = (" with ", " showing ", ". ", ": ", " shows ", ". findings: ", ", ")
PEOPLE = {"M": ("man", "male", "male patient"), "F": ("woman", "female", "female patient")}


def terse_prompt(rng: np.random.Generator, labels: NDArray[np.uint8], view: str, sex: str, age: int) -> str:
    """A short prompt from labels alone; each of view, sex and age is left out now and then.

    Args:
        rng: decides the wording.
        labels: uint8 [14], CheXpert order.
    """

    def pick(options: Sequence[str]) -> str:
        return options[int(rng.integers(len(options)))]

    found = [pick(TERMS[name]) for name, on in zip(CHEXPERT_LABELS, labels, strict=True) if on and name in TERMS]
    if len(found) > 1 and rng.random() < 0.8:  # "lung opacity" beside its cause says nothing; mostly leave it out
        found = [term for term in found if term not in TERMS["Lung Opacity"]] or found
    order = rng.permutation(len(found))
    found = [found[i] for i in order]
    text = " and ".join([", ".join(found[:-1]), found[-1]] if len(found) > 1 else found) if found else pick(NOTHING)
    film = pick(FILMS)
    subject = f"{view} {film}" if rng.random() < 0.8 else film
    if rng.random() < 0.75:
        who = pick(PEOPLE[sex])
        aged = rng.random()
        subject += f" of a {age}-year-old {who}" if aged < 0.4 else f" of a {who}" if aged < 0.8 else f", {who}, {age}"
    elif rng.random() < 0.3:
        return text
    return subject + pick(JOINS) + text


def new_tokenizer(prompts: Sequence[str], length: int) -> PreTrainedTokenizerFast:
    """A word-level tokenizer: lower case, ages digit by digit, other marks than the full stop dropped.

    Args:
        prompts: every word of these, and of the short wordings, gets a token.
        length: tokens of a prompt, padded and cut to it.
    """
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    normalizer = normalizers.Sequence(
        [normalizers.Lowercase(), normalizers.Replace(Regex(r"[^a-z0-9.]+"), " "), normalizers.Strip()]
    )
    splitter = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation(), pre_tokenizers.Digits(individual_digits=True)]
    )
    rewordings = [t for terms in TERMS.values() for t in terms]
    rewordings += [*NOTHING, *FILMS, *JOINS, *PEOPLE["M"], *PEOPLE["F"], "pa ap view projection frontal lateral"]
    words = {
        word
        for text in [*prompts, *rewordings, "0123456789"]
        for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(text))
    }
    vocabulary = {word: i for i, word in enumerate([PAD, BOS, EOS, UNKNOWN, *sorted(words)])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=UNKNOWN))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = splitter
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A {EOS}", special_tokens=[(BOS, vocabulary[BOS]), (EOS, vocabulary[EOS])]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=length,
        bos_token=BOS,
        eos_token=EOS,
        pad_token=PAD,
        unk_token=UNKNOWN,
        padding_side="right",
    )
