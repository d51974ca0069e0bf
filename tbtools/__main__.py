"""`python -m tbtools` is `tbtools`."""

from tbtools.cli.main import main

main()
