"""Calls that are refused, each with what it must say; ``test_bad_calls.py`` tries them all."""
