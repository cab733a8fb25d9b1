"""Ingredients, what each contains, and what each diet leaves out: a table written by hand for the task food.

Only ingredients whose place is not in dispute are listed: no oats, no vanilla extract, no cheese of unclear rennet.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Diet:
    """A diet: the words of the question, and the groups that an ingredient may not belong to."""

    words: str
    forbids: frozenset[str]


DIETS: dict[str, Diet] = {
    "vegan": Diet("a vegan diet", frozenset({"milk", "egg", "fish", "shellfish", "meat", "honey"})),
    "vegetarian": Diet("a vegetarian diet", frozenset({"fish", "shellfish", "meat"})),
    "gluten": Diet("a gluten-free diet", frozenset({"gluten"})),
    "milk": Diet("a person with a milk allergy", frozenset({"milk"})),
    "egg": Diet("a person with an egg allergy", frozenset({"egg"})),
    "nuts": Diet("a person with an allergy to nuts and peanuts", frozenset({"nut"})),
    "soy": Diet("a person with a soy allergy", frozenset({"soy"})),
    "seafood": Diet("a person with an allergy to fish and shellfish", frozenset({"fish", "shellfish"})),
}

OBVIOUS: dict[str, tuple[str, ...]] = {
    "milk": ("whole milk", "butter", "cream", "skimmed milk powder", "yogurt"),
    "egg": ("whole egg", "egg yolk", "egg white powder"),
    "gluten": ("wheat flour", "wheat bran", "rye flour", "barley flakes"),
    "nut": ("almonds", "hazelnuts", "walnuts", "cashew nuts", "peanuts", "pistachio nuts"),
    "soy": ("soybeans", "soy protein", "soy milk"),
    "fish": ("tuna", "salmon", "cod fillet"),
    "shellfish": ("shrimps", "crab meat", "mussels"),
    "meat": ("chicken meat", "beef", "pork", "turkey meat", "bacon"),
    "honey": ("honey",),
}
"""Ingredients whose group anyone reads from the name."""

HIDDEN: dict[str, tuple[str, ...]] = {
    "milk": ("whey powder", "casein", "ghee", "lactose", "mascarpone"),
    "egg": ("albumen", "meringue", "mayonnaise"),
    "gluten": ("semolina", "couscous", "bulgur", "spelt", "barley malt", "seitan"),
    "nut": ("marzipan", "praline paste", "pecans", "macadamias", "frangipane"),
    "soy": ("tofu", "tempeh", "edamame", "miso paste"),
    "fish": ("anchovies", "sardines", "bonito flakes", "caviar"),
    "shellfish": ("krill powder", "prawns", "scallops", "langoustines"),
    "meat": ("lard", "beef tallow", "prosciutto", "chorizo", "pork gelatin", "pancetta"),
    "honey": ("honey powder", "honeycomb"),
}
"""Ingredients whose group takes knowledge."""

ALSO: dict[str, frozenset[str]] = {"frangipane": frozenset({"nut", "egg", "milk"})}
"""All groups of an ingredient that belongs to more than the one under which it is listed."""

MAYBE: dict[str, frozenset[str]] = {
    "miso paste": frozenset({"gluten"}),
    "tempeh": frozenset({"gluten"}),
    "frangipane": frozenset({"gluten"}),
    "marzipan": frozenset({"egg"}),
    "praline paste": frozenset({"milk"}),
    "mayonnaise": frozenset({"milk", "soy"}),
    "seitan": frozenset({"soy"}),
    "chorizo": frozenset({"milk", "soy", "gluten"}),
    "bacon": frozenset({"soy"}),
    "whey powder": frozenset({"meat"}),
    "bonito flakes": frozenset({"shellfish"}),
    "coconut milk": frozenset({"nut"}),
}
"""Groups that some recipes add: such an ingredient never stands on a label where that would matter."""

TRAPS: dict[str, tuple[str, ...]] = {
    "milk": ("coconut milk", "cocoa butter", "cream of tartar", "butter beans"),
    "egg": ("eggplant",),
    "gluten": ("buckwheat flour", "rice noodles", "corn grits", "potato starch"),
    "nut": ("nutmeg", "butternut squash", "water chestnuts"),
    "soy": ("kidney beans", "chickpea flour", "mung bean sprouts"),
    "fish": ("kelp", "capers"),
    "shellfish": ("oyster mushrooms",),
    "meat": ("beefsteak tomato", "jackfruit", "smoked paprika"),
    "honey": ("honeydew melon", "maple syrup"),
}
"""Plant ingredients that sound like the group and belong to none."""

PLAIN = (
    "water", "salt", "cane sugar", "sunflower oil", "olive oil", "rice flour", "corn starch", "tomatoes", "onions",
    "garlic", "carrots", "potatoes", "chickpeas", "red lentils", "black pepper", "turmeric", "lemon juice",
    "apple puree", "cocoa mass", "spinach", "raisins", "baking yeast", "citric acid", "pectin", "quinoa", "millet",
    "basil", "parsley", "cinnamon", "ginger", "bell peppers", "mushrooms", "rapeseed oil", "apple vinegar", "cumin",
    "celery", "zucchini", "sweet corn", "green peas", "cauliflower", "blueberries", "mango puree", "dates",
)  # fmt: skip
"""Plant ingredients of no group."""


def groups(ingredient: str) -> frozenset[str]:
    """The groups that an ingredient belongs to, for example {"milk"}."""
    if ingredient in ALSO:
        return ALSO[ingredient]
    return frozenset(group for table in (OBVIOUS, HIDDEN) for group, names in table.items() if ingredient in names)


def clear_of(ingredient: str, forbidden: frozenset[str]) -> bool:
    """Whether an ingredient certainly belongs to none of some groups."""
    return not (groups(ingredient) | MAYBE.get(ingredient, frozenset())) & forbidden


def suits(ingredients: list[str], diet: str) -> bool:
    """Whether a diet allows every one of some ingredients."""
    return not any(groups(name) & DIETS[diet].forbids for name in ingredients)
