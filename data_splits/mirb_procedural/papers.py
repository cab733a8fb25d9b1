"""Made-up papers for the task arxiv: titles, authors, prose. No sentence means anything."""

from __future__ import annotations

from data_splits.mirb_procedural.item import sample
from data_splits.phantom.draws import Draws

ADJECTIVES = (
    "Sparse", "Robust", "Adaptive", "Deep", "Hierarchical", "Causal", "Federated", "Neural", "Latent", "Modular",
    "Recursive", "Bayesian", "Contrastive", "Discrete", "Implicit", "Temporal", "Spectral", "Elastic", "Local",
    "Symbolic", "Stochastic", "Tensor", "Gated", "Invariant",
)  # fmt: skip
NOUNS = (
    "Kernels", "Graphs", "Attention", "Flows", "Memories", "Priors", "Codes", "Fields", "Policies", "Prompts",
    "Encoders", "Samplers", "Ensembles", "Routing", "Distillation", "Alignment", "Quantisation", "Masks", "Trees",
    "Adapters", "Gradients", "Lattices", "Tokens", "Mixtures",
)  # fmt: skip
SUBJECTS = (
    "Speech", "Protein Design", "Weather Maps", "Robot Grasping", "Code Search", "Satellite Images", "Music",
    "Table Reading", "Chart Reading", "Traffic", "Sign Language", "Crop Yield", "Chess", "Old Manuscripts",
    "Sea Ice", "Power Grids", "Maze Solving", "Sleep Stages", "Bird Songs", "Knot Theory",
)  # fmt: skip
SHAPES = ("{a} {n} for {s}", "Learning {a} {n} for {s}", "{a} {n} and {m} in {s}", "On {a} {n} with {m}",
          "Towards {a} {n} for {s}", "{a} {n} without {m}")  # fmt: skip
SURNAMES = (
    "Morin", "Tallis", "Okafor", "Lindqvist", "Haruno", "Petrov", "Abara", "Castell", "Novak", "Whitlow", "Serrano",
    "Dubois", "Ilves", "Kapoor", "Brandt", "Yamada", "Ostrom", "Farrow", "Quill", "Zeman",
)  # fmt: skip
TOPICS = ("data set", "loss function", "baseline", "optimiser", "tokeniser", "test protocol", "network", "scoring code")
SECTIONS = ("Introduction", "Related Work", "Method", "Training", "Experiments", "Ablations", "Limits", "Conclusion")

OPENINGS = ("In this setting", "As before", "For this reason", "In practice", "To keep things simple", "In our view",
            "On the whole", "In most runs")  # fmt: skip
ACTORS = ("the model", "the encoder", "each layer", "the sampler", "the outer loop", "every worker", "the cache",
          "the second stage")  # fmt: skip
ACTIONS = ("keeps", "drops", "averages", "reorders", "repeats", "ignores", "stores", "rescales")
OBJECTS = ("long inputs", "the weakest paths", "early batches", "the same weights", "rare events", "noisy targets",
           "half of the units", "all past states")  # fmt: skip
ENDINGS = ("at low cost", "without tuning", "in a single pass", "after a short warm-up", "on every machine",
           "as one would hope", "with little loss", "for most seeds")  # fmt: skip


def titles(draws: Draws, count: int) -> list[str]:
    """Different titles. Two titles never hold the same words in another order only."""
    found: dict[frozenset[str], str] = {}
    while len(found) < count:
        noun, other = sample(draws, NOUNS, 2)
        title = draws.choice(SHAPES).format(a=draws.choice(ADJECTIVES), n=noun, m=other, s=draws.choice(SUBJECTS))
        found.setdefault(frozenset(title.split()), title)
    return list(found.values())


def authors(draws: Draws) -> str:
    """One to three authors."""
    names = sample(draws, SURNAMES, draws.integer(1, 3))
    full = [f"{draws.choice('ABCDEFGHJKLMNPRSTW')}. {name}" for name in names]
    return full[0] if len(full) == 1 else f"{', '.join(full[:-1])} and {full[-1]}"


def filler(draws: Draws) -> str:
    """A sentence that cites nothing."""
    first = draws.choice(OPENINGS)
    return f"{first}, {draws.choice(ACTORS)} {draws.choice(ACTIONS)} {draws.choice(OBJECTS)} {draws.choice(ENDINGS)}."
