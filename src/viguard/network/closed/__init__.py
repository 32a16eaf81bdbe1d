"""What has to pass in an estate; everything else is to be denied."""
