"""python -m msim"""

from msim.cli import main

if __name__ == "__main__":
    main()
