"""FW-Merging (Chen et al., ICCV 2025, arXiv 2503.12649): Frank-Wolfe over the convex hull of a pool.

    minimise l(theta) over the hull of {theta_0, theta_1, ..., theta_K}

where l is the mean loss of the target tasks on a few proxy examples. A linear function is least at a vertex, so each
iteration asks for one gradient of the network and K + 1 inner products: one pass over the pool, whatever its size.
`hard.py` and `soft.py` follow the method's definition; `hard_authors.py` and `soft_authors.py` the released code.
"""
