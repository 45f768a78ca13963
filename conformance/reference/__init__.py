"""The definitions of README.md in Python, which make the vectors: one module for each topic."""
