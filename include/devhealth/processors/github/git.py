"""Target `git`: pages of a git history, whichever host it was cloned from."""

READ_BY = "local_git"
