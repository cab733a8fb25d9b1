"""FedP2EFT (arXiv 2502.04387): clients learn together which ranks of which adapters a client should be given."""
