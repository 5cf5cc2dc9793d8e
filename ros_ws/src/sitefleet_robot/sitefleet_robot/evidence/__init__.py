"""The robot's memory of what happened: events until the site has them, and recordings around each of them."""
