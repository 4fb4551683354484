"""The same two networks, training loop and measurements in each framework, as its users write them."""
