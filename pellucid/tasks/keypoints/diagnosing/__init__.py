"""What is wrong with a model of points and what to do next."""
