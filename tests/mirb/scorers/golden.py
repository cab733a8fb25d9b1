"""Golden scoring vectors: what the official and the lmms-eval functions said when they were executed.

Source: the project's reference notes on MIRB, section 1.5. (task, answer, gold, official, lmms-eval); 1 is correct.
"""

TITLE = "Attention is All you Need"
DOTTED = "Yolo9000. Better, faster, stronger"

GOLDEN = (
    ("food", "B", "B", 1, 1),
    ("food", "B.", "B", 1, 1),
    ("food", "B. Food 2", "B", 1, 1),
    ("food", "(B)", "B", 0, 0),
    ("food", "B) Food 2", "B", 0, 0),
    ("food", "B: Food 2", "B", 0, 0),
    ("food", "**B**", "B", 0, 0),
    ("food", "The answer is B", "B", 0, 0),
    ("food", "b", "B", 1, 0),
    ("food", "B\n", "B", 1, 0),
    ("count", "three", "3", 1, 0),
    ("count", "Three cats", "3", 0, 0),
    ("count", "2 in the first and 1 in the second, total 3", "3", 0, 1),
    ("count", "1 + 2 = 3", "3", 0, 1),
    ("count", "-3", "3", 1, 0),
    ("visual_chain", "c = 21 + 8 = 29", "29", 0, 1),
    ("visual_chain", "The value of c is 29.", "29", 1, 1),
    ("visual_chain", "29.0", "29", 1, 1),
    ("visual_chain", "-5", "-5", 0, 1),
    ("analogy", "", "No", 1, 0),
    ("analogy", "I cannot tell", "No", 1, 1),
    ("analogy", "Cannot know", "No", 1, 1),
    ("analogy", "Not sure, maybe yes", "No", 0, 1),
    ("analogy", "The eyes match", "Yes", 1, 1),
    ("sightseeing", "Not Paris but Rome", "Paris", 1, 0),
    ("sightseeing", "St. Petersburg", "St. Petersburg", 0, 1),
    ("arxiv", "Deep Residual Learning", "Deep Residual Learning", 1, 1),
    ("arxiv", '"Deep Residual Learning"', "Deep Residual Learning", 0, 1),
    ("arxiv", "Attention is all you need", TITLE, 1, 0),
    ("arxiv", DOTTED, DOTTED, 0, 1),
    ("plot_code", "The first", "First", 0, 1),
    ("plot_code", "A", "First", 0, 0),
    ("3d_scene", "seven", "7", 1, 0),
    ("3d_scene", "View 1 shows 4, total 7", "7", 0, 1),
)
