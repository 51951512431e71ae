"""`python -m twokey` is `twokey`."""

from twokey.cli.main import run

run()
