"""Who and what is alike: the nearest neighbours of every customer and every product."""
