"""What a user supplies: headings, repairs, doubts and decisions. Pure: it opens no file."""
