"""GitHub: github.com and GitHub Enterprise Server, through their REST and GraphQL interfaces."""
