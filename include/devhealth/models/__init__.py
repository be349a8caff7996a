"""Records: what is stored, with keys, versions and column types. Imports nothing but settings and errors."""
