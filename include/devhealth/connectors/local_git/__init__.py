"""Local git repositories: paths, bare repositories and clone URLs."""
