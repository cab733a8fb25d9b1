"""BADS, Bayesian data point selection: which training examples deserve trust, learnt beside the network.

Xu et al., NeurIPS 2024, arXiv 2411.03768. No code was released and the text of the paper could not be had; the model is
the paper's, the update rule is our reconstruction from it (`bads_rule.py` says which parts).
"""
