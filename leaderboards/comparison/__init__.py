"""Models against models on the same cases: paired differences, corrected tests, ties, rank intervals, Pareto fronts."""
