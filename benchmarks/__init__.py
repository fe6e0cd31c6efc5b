"""How fast the library is, next to a program written by hand that writes the same rows with the same checks."""
