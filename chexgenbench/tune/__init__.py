"""`chexgenbench tune`: searches over what a training method asks for; the benchmark's own metrics are the objective."""
