"""One bound a file: statistics of a sample and a complexity in, an upper bound on the true risk out."""
