"""What people read: the feedback pages and the report on a class."""
