"""What is seen live of a setup session: events appended in its transactions, followed by everyone who watches."""
