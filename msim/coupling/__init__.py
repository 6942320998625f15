"""How mechanisms of different scales feed each other, and when each of them moves."""
