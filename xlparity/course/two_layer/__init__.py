"""Week 1: a network of two layers, on the regressor's data."""
