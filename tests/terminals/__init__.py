"""A program in a terminal of a chosen width, and what stands on its screen afterwards."""
