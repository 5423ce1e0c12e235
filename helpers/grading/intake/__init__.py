"""What is handed in: read from a folder or a zip, and sorted by student and notebook."""
