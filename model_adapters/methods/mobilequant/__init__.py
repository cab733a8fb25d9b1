"""MobileQuant: post-training quantisation of Llama-class models to integers that a phone can run.

Low-bit weights, static per-tensor activations, equivalent transforms, clipping and ranges learnt together end to end
(EMNLP 2024 Findings 570, arXiv 2408.13933). `sites.py` says which tensor has how many bits.
"""
