"""How an instance is chosen: the definitions of `conformance/README.md`, pure: time and randomness are handed in."""
