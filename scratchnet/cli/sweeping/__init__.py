"""What ``scratchnet sweep`` is made of: the plan, its trials, who runs them, and what came out."""
