"""Trains the embedded generator from nothing but the phantom's train subset: `python -m` this package.

Stages, each resumable: phantoms (render), tokenizer, autoencoder, latents, text (warm-up of the text encoder),
diffusion, polish (the decoder alone), export. Every random draw of step k comes from a generator keyed by (seed, stage,
k), so a run that was killed and started again ends in the same weights as one that was not.
"""
