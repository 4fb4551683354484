"""Files that nobody's program wrote: changed at random, for as long as you like, to see what reading them does.

One file per target; ``python -m tests.fuzz`` lists them, ``python -m tests.fuzz TARGET --minutes N`` tries one, and
``test_targets.py`` tries each of them for a moment in the suite. A target defines

- ``seeds()``: what to begin from, a list of bytes that are read without complaint;
- ``check(data)``: reads ``data``, and returns a word for what came of it ("refused", "read"). Whatever it raises is
  found: a foreign exception, an assertion of its own, too much time or memory;
- ``mutated(data, random)``, if changing bytes would not get far: returns ``data`` changed in a way that knows the
  format. ``random`` is a ``random.Random``, and nothing else may be random;
- ``SECONDS`` and ``MEGABYTES``, if one input may take more than ``limits.py`` says.

``corpus/TARGET/`` keeps what was found, one small file each, named after the fault, and all are tried in the suite.
"""
