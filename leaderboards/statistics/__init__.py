"""Estimators: statistics in, value and interval out. Pure numpy and scipy, so that a board can recompute a score."""
