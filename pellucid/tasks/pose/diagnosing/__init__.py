"""What is wrong with a model of poses and what to do next."""
