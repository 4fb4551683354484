"""The challenge: its runs, one by one, what they came to, and the same recipe in PyTorch."""
