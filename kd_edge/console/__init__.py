"""What a terminal shows while work goes on, and when it is done."""
