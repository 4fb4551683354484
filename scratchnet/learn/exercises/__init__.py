"""The exercises: a module for each topic, and the texts that learners begin with and may end with."""
