"""`python -m services.cli` is the `hub` command."""

from services.cli import main

if __name__ == "__main__":
    main()
