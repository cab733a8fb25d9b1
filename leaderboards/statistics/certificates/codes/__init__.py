"""One prior over hypotheses a file, as description lengths in nats: ln(1/P(h)), with sum P(h) <= 1 (Kraft)."""
