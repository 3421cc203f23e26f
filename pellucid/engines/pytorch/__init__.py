"""The PyTorch engine: the same graphs and formulas in torch. Import it from `engine`, the module that needs torch."""
