"""Trains the embedded VLM: `python -m` this package.

Stages, each resumable: items (questions of the generator, with seeds no evaluation uses, and Lite0's features or
thumbnails of their images), perception (the projector, with linear heads in the place of the language model), comparing
(analogies and jigsaws from thumbnails), language (LoRA through SmolLM2), then `evaluate` and `release`. Every random
draw of step k comes from a generator keyed by (seed, stage, k), so a run that was killed and started again ends in the
same weights as one that was not.
"""
