"""What to offer a customer next: to buy again and to discover, each from the strategy that is measurably best."""
