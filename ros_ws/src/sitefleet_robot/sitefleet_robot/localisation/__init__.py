"""Where the robot is: odometry and absolute fixes fused into a pose of the map, with its uncertainty."""
