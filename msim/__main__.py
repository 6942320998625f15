"""The msim command, and python -m msim."""

import sys


def main() -> None:
    """Run the command line."""
    # Every process that a run starts imports this module again, and has no use for the command line.
    from msim.cli import main as command

    command()


def _trust_no_folder() -> None:
    """Look into the working folder last, which python -m puts first: a random.py there is not Python's."""
    if not sys.flags.safe_path:
        sys.path.append(sys.path.pop(0))


if __name__ == "__main__":
    _trust_no_folder()
    main()
