"""What learners begin with: each file is copied, and is complete in itself."""
