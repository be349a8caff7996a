"""The pages that target `git` of GitHub has beside those of `devhealth.models.git_pages`.

950-accounts-<n>    whose the e-mails of the unit's commits are, a hundred at a time; `about` has the host
"""

ACCOUNTS = "950-accounts-"

AUTHORS = "graphql:commit_authors"
"""`data.repository` has a commit under n0, n1, ...: its author with e-mail and user. Null for one GitHub has not."""
