"""The PyTorch engine: the same graphs and formulas in torch, for real size. Import it from `engine`, which needs torch."""
