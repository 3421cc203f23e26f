"""What found points are worth: lengths, errors, shares of right points, OKS; plain functions on arrays."""
