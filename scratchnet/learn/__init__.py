"""Learning by doing: the catalogue of mistakes, and what tells which of them a piece of code makes."""
