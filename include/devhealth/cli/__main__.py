"""`python -m devhealth.cli`."""

from devhealth.cli.root import main

main()
