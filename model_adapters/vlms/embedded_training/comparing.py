"""Stage "comparing": analogies and jigsaws from thumbnails.

Analogy: the factors of each image, the same steps or not, and the answer; the comparison also sees the generator's
evidence without images, as distributions with errors, of which there is no end. Jigsaw: which patch lies at which
place, what each option says (options are drawn anew, so texts have no end either), and the answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional

from model_adapters.generators.embedded_training.loop import Shard
from model_adapters.vlms.embedded_analogy import ANSWERS, FACTORS, SIZES, STEPS, Analogy
from model_adapters.vlms.embedded_jigsaw import OPTIONS, PATCHES, PLACES, Jigsaw, judged
from model_adapters.vlms.embedded_pixels import Pixels, scaled
from model_adapters.vlms.embedded_training.batches import Batches
from model_adapters.vlms.embedded_training.items import Item
from model_adapters.vlms.embedded_training.mixing import Mixer

SYMBOLIC = 8
"""Analogies without images per analogy with images."""
_OPTION = re.compile(r"^([A-D])\. \[(\d), (\d), (\d), (\d)\]$", re.MULTILINE)
Figures = dict[str, float]


class Comparisons:
    """Draws batches and computes their losses.

    Args:
        batches: over chunks that hold thumbnails and chunks of analogies that hold evidence alone.
    """

    def __init__(self, pixels: Pixels, batches: Batches) -> None:
        self.pixels, self.batches = pixels, batches
        self.mixer = Mixer([], 0.0)  # turns pairs round, and tells the steps
        items = batches.data.items
        seen = [batches.data.has_thumbnails(each.images[0]) for each in items]
        self.shown = [each for each, known in zip(items, seen, strict=True) if known and each.task == "analogy"]
        self.told = [each for each, known in zip(items, seen, strict=True) if not known]
        self.jigsaws = [each for each, known in zip(items, seen, strict=True) if known and each.task != "analogy"]

    def shards(self, analogies: int, jigsaws: int, parts: int, rng: torch.Generator) -> list[Shard]:
        """A batch in equal parts; every part draws its noise from a generator of its own."""
        found: list[Shard] = []
        for _ in range(parts):
            shown = [self.mixer(each, rng) for each in _some(self.shown, analogies // parts, rng)]
            told = [self.mixer(each, rng) for each in _some(self.told, SYMBOLIC * analogies // parts, rng)]
            puzzles = _some(self.jigsaws, jigsaws // parts, rng)
            seed = int(torch.randint(2**62, (1,), generator=rng))
            found.append(partial(self.loss, shown, told, puzzles, seed))
        return found

    def loss(
        self, shown: Sequence[Item], told: Sequence[Item], puzzles: Sequence[Item], seed: int
    ) -> tuple[Tensor, Figures]:
        """The sum of both losses."""
        rng = torch.Generator().manual_seed(seed)
        one, figures = analogy_loss(self.pixels.analogy, self.batches, shown, told, rng)
        two, more = jigsaw_loss(self.pixels.jigsaw, self.batches, puzzles, rng)
        return one + two, figures | more


def _some(items: Sequence[Item], count: int, rng: torch.Generator) -> list[Item]:
    return [items[i] for i in torch.randint(len(items), (count,), generator=rng).tolist()]


def analogy_loss(
    analogy: Analogy, batches: Batches, items: Sequence[Item], told: Sequence[Item], rng: torch.Generator
) -> tuple[Tensor, Figures]:
    """Mean cross-entropies of factors, of steps, and of answers.

    Args:
        items: with thumbnails. told: without, for the comparison alone.
        rng: draws the errors of what is told.
    """
    pixels = scaled(batches.data.thumbnails([image for each in items for image in each.images]))
    read = analogy.read(pixels)
    values = values_of(items)
    heads = torch.stack(
        [
            functional.cross_entropy(logits, values[..., factor].flatten())
            for factor, logits in enumerate(read.split(SIZES, -1))
        ]
    ).mean()
    reads = read.view(len(items), 4, -1)
    every = [*items, *told]
    shown = torch.cat([reads, uncertain(values_of(told), rng)])
    pairs = analogy.steps(shown[:, :2]), analogy.steps(shown[:, 2:])
    changes = [
        functional.cross_entropy(logits, steps_said(every, image, name))
        for image, pair in zip((1, 3), pairs, strict=True)
        for name, logits in zip(FACTORS, pair, strict=True)
    ]
    steps = torch.stack(changes).mean()
    verdict, gold = analogy.compare(*pairs), torch.tensor([ANSWERS.index(each.answer) for each in every])
    # those with images weigh as much as the many that are told
    each = functional.cross_entropy(verdict, gold, reduction="none").split([len(items), len(told)])
    answer = sum(part.mean() for part in each) / 2
    found = float((verdict.argmax(-1) == gold)[: len(items)].float().mean())
    figures = {"factors": float(heads.detach()), "steps": float(steps.detach()), "analogy": float(answer.detach())}
    return 2 * heads + steps + answer, figures | {"analogy_right": found}


def steps_said(items: Sequence[Item], image: int, factor: str) -> Tensor:
    """int64 [questions]: the place in the list of the factor's steps of what the evidence says."""
    return torch.tensor([STEPS[factor].index(each.targets[image][f"analogy/{factor}.step"]) for each in items])


def values_of(items: Sequence[Item]) -> Tensor:
    """int64 [questions, 4, 5]: the place of each image's value in the list of its factor."""
    rows = [
        [[FACTORS[name].index(target[f"analogy/{name}"]) for name in FACTORS] for target in each.targets]
        for each in items
    ]
    return torch.tensor(rows)


def uncertain(values: Tensor, rng: torch.Generator) -> Tensor:
    """Logits float [questions, 4, 15] of values as a reader that is sometimes unsure or wrong might give them."""
    parts = []
    for factor, size in enumerate(SIZES):
        value = values[..., factor]
        wrong = torch.rand(value.shape, generator=rng) < 0.02
        other = torch.randint(size, value.shape, generator=rng)
        sure = 3 + 6 * torch.rand(value.shape, generator=rng)
        noise = torch.randn(*value.shape, size, generator=rng)
        parts.append(functional.one_hot(torch.where(wrong, other, value), size) * sure[..., None] + noise)
    return torch.cat(parts, -1)


def jigsaw_loss(
    jigsaw: Jigsaw, batches: Batches, items: Sequence[Item], rng: torch.Generator
) -> tuple[Tensor, Figures]:
    """Mean cross-entropies of patches at places and of answers, and of what the options' tokens say."""
    pixels = scaled(batches.data.thumbnails([image for each in items for image in each.images]))
    fit = jigsaw.matcher(pixels.view(len(items), 1 + PATCHES, *pixels.shape[1:]))
    right = torch.tensor([order_of(each) for each in items])
    match = functional.cross_entropy(fit.flatten(0, 1), right.flatten())
    texts, golds = zip(*(redrawn(each, rng) for each in items), strict=True)
    words = [batches.words(text) for text in texts]
    says = torch.stack(
        [
            tokens_loss(jigsaw.reader.tokens(row), marks(batches.pieces(text)))
            for row, text in zip(words, texts, strict=True)
        ]
    ).mean()
    read = torch.stack([jigsaw.reader(row) for row in words])
    verdict, gold = judged(fit, read), torch.tensor(golds)
    answer = functional.cross_entropy(verdict, gold)
    found = float((verdict.argmax(-1) == gold).float().mean())
    figures = {"match": float(match.detach()), "options": float(says.detach()), "jigsaw_right": found}
    return match + says + answer, figures


def order_of(item: Item) -> list[int]:
    """Patch at each place, from what the evidence says of the patches."""
    places = [int(target["image_jigsaw/place"]) for target in item.targets[1:]]
    return [places.index(place) for place in range(PLACES)]


def marks(pieces: Sequence[str]) -> list[tuple[int, int, int]]:
    """Of every token of a question's text: option (4: none), place and patch (-100: the token names none)."""
    option, place, found = len(OPTIONS), 0, []
    for number, piece in enumerate(pieces):
        if piece in OPTIONS and pieces[number + 1 : number + 2] == ["."]:
            option, place = OPTIONS.index(piece), 0
        if option < len(OPTIONS) and place < PLACES and piece.strip().isdigit():
            found.append((option, place, int(piece)))
            place += 1
        else:
            found.append((len(OPTIONS), -100, -100))
    return found


def tokens_loss(logits: Sequence[Tensor], said: Sequence[tuple[int, int, int]]) -> Tensor:
    """Sum of the mean cross-entropies of option, place and patch."""
    golds = torch.tensor(said).T
    return torch.stack([functional.cross_entropy(x, gold) for x, gold in zip(logits, golds, strict=True)]).sum()


def redrawn(item: Item, rng: torch.Generator) -> tuple[str, int]:
    """The question's text and which option is right; every second time with options drawn anew."""
    text, right = item.texts[-1], order_of(item)
    found = list(_OPTION.finditer(text))
    if [each[1] for each in found] != list(OPTIONS):
        raise ValueError(f"not four options of a jigsaw: {text}")
    if float(torch.rand(1, generator=rng)) < 0.5:
        return text, OPTIONS.index(item.answer)
    gold = int(torch.randint(len(OPTIONS), (1,), generator=rng))
    orders = [right]
    while len(orders) < len(OPTIONS):
        order = torch.randperm(PATCHES, generator=rng).tolist()
        if order not in orders:
            orders.append(order)
    orders = orders[1:]
    orders.insert(gold, right)
    for each, order in zip(reversed(found), reversed(orders), strict=True):
        text = f"{text[: each.start()]}{each[1]}. {order}{text[each.end() :]}"
    return text, gold
