"""The PyTorch engine: the same graphs and formulas on torch, for real size. `engine` holds it, and only it needs torch."""
