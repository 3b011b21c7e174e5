"""What people see, in a browser and without one."""
