"""SATM: a split condensed to a few images a class, by matching trajectories with a sharpness-aware ascent.

The method's paper (arXiv 2502.01865) has no public code and its algorithm could not be read: what is here is put
together from its abstract, its reviews and the methods it builds on, and called a reconstruction on card and page.
"""
