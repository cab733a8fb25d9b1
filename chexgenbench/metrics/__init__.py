"""The metrics of CheXGenBench: a folder a family, a file a metric."""
