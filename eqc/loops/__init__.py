"""What runs in which loop: from a program to a plan of loops, their storage and how threads share them."""
