"""One path for every chat model that `transformers` runs natively; a family differs by its card and its image plan."""
