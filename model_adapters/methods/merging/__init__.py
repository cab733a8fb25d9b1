"""Model merging: one model from a pool of fine-tuned ones. One file a method; `table.py` names them.

Weights are read tensor by tensor (`pool.py`), so memory does not grow with the number of models.
"""
