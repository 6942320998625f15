"""The msim command, and python -m msim."""


def main() -> None:
    """Run the command line."""
    # Every process that a run starts imports this module again, and has no use for the command line.
    from msim.cli import main as command

    command()


if __name__ == "__main__":
    main()
