"""Week 1: a network of one neuron, four samples and three features."""
