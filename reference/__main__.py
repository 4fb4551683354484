"""``python -m reference``: compare everything with Keras and say where the two differ."""

from reference.cli import main

if __name__ == "__main__":
    main()
