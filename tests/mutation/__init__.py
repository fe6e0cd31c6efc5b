"""Mutation testing: a sample of all changes that mutmut can make, and the share that the tests notice."""
