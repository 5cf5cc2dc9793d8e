"""Motion of a differential drive: following released routes and standing exactly where work is to be done."""
