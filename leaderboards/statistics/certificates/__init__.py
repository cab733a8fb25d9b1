"""Risk certificates: upper bounds on the error of a predictor that hold with a stated probability. No torch."""
